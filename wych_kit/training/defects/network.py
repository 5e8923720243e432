"""Break names, ports and proxies, as far as that needs no privileges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wych_kit.training.defects.defect import Defect
from wych_kit.training.defects.refusing_proxy import run_refusing_proxy
from wych_kit.training.exercise_setup import PRIVATE_CA

if TYPE_CHECKING:
    from wych_kit.training.exercise_setup import ExerciseSetup

# A request over plain http to this machine uses no proxy, so these defects need TLS.
_OVER_TLS = {"tls": PRIVATE_CA}


def _no_such_name(setup: ExerciseSetup) -> None:
    setup.write(issuer_url="https://login.wych.invalid/realms/partner")


def _nobody_listens(setup: ExerciseSetup) -> None:
    setup.write(api_url=f"http://127.0.0.1:{setup.closed_port()}/v3")


def _no_way(setup: ExerciseSetup) -> None:
    setup.write(
        issuer_url="https://255.255.255.255/realms/partner"
    )  # to connect to all of a network is no connection at all


def _plain_port(setup: ExerciseSetup) -> None:
    setup.write(issuer_url=setup.wych.issuer_url.replace("http:", "https:"))


def _proxy(setup: ExerciseSetup, address: str) -> None:
    setup.shell["HTTPS_PROXY"] = address


def _localhost(setup: ExerciseSetup) -> None:
    setup.write(api_url=setup.wych.api_url.replace("127.0.0.1", "localhost"))


NETWORK_DEFECTS = (
    Defect("name-not-found", "check", _no_such_name),
    Defect("connection-refused", "check", _nobody_listens),
    Defect(
        "ipv6-localhost",
        "check",
        _localhost,
        impossible_because="localhost must resolve to ::1 only, which this machine decides",
    ),
    Defect("unreachable", "check", _no_way),
    Defect("tls-broken", "check", _plain_port),
    Defect(
        "proxy-refused",
        "check",
        lambda setup: _proxy(setup, setup.keep(run_refusing_proxy("403 Forbidden"))),
        _OVER_TLS,
    ),
    Defect(
        "proxy-password",
        "check",
        lambda setup: _proxy(
            setup, setup.keep(run_refusing_proxy("407 Proxy Authentication Required"))
        ),
        _OVER_TLS,
    ),
    Defect(
        "proxy-unreachable",
        "check",
        lambda setup: _proxy(setup, f"http://127.0.0.1:{setup.closed_port()}"),
        _OVER_TLS,
    ),
)
