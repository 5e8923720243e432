"""Names, ports and proxies that lead nowhere, as far as anybody can make them without privileges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wych_kit.training.defects.defect import Break
from wych_kit.training.defects.refusing_proxy import refusing
from wych_kit.training.exercise_setup import GOOD_TLS

if TYPE_CHECKING:
    from wych_kit.training.exercise_setup import SetUp

# Plain http on this machine goes past every proxy.
_OVER_TLS = {"tls": GOOD_TLS}


def _no_such_name(set_up: SetUp) -> None:
    set_up.write(issuer_url="https://login.wych.invalid/realms/partner")


def _nobody_listens(set_up: SetUp) -> None:
    set_up.write(api_url=f"http://127.0.0.1:{set_up.closed_port()}/v3")


def _no_way(set_up: SetUp) -> None:
    set_up.write(
        issuer_url="https://255.255.255.255/realms/partner"
    )  # to connect to all of a network is no connection at all


def _plain_port(set_up: SetUp) -> None:
    set_up.write(issuer_url=set_up.wych.issuer_url.replace("http:", "https:"))


def _proxy(set_up: SetUp, address: str) -> None:
    set_up.shell["HTTPS_PROXY"] = address


def _localhost(set_up: SetUp) -> None:
    set_up.write(api_url=set_up.wych.api_url.replace("127.0.0.1", "localhost"))


NETWORK = (
    Break("name-not-found", "check", _no_such_name),
    Break("connection-refused", "check", _nobody_listens),
    Break(
        "ipv6-localhost",
        "check",
        _localhost,
        why_not="localhost has to be ::1 alone, which is this machine's to say",
    ),
    Break("unreachable", "check", _no_way),
    Break("tls-broken", "check", _plain_port),
    Break(
        "proxy-refused",
        "check",
        lambda set_up: _proxy(set_up, set_up.keep(refusing("403 Forbidden"))),
        _OVER_TLS,
    ),
    Break(
        "proxy-password",
        "check",
        lambda set_up: _proxy(set_up, set_up.keep(refusing("407 Proxy Authentication Required"))),
        _OVER_TLS,
    ),
    Break(
        "proxy-unreachable",
        "check",
        lambda set_up: _proxy(set_up, f"http://127.0.0.1:{set_up.closed_port()}"),
        _OVER_TLS,
    ),
)
