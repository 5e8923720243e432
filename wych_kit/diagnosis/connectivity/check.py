"""The climb: one rung after the other, each in a thread of its own, so that nothing that hangs can hold whoever waits."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from wych_kit.client.journal.recorder import Journal
from wych_kit.diagnosis.connectivity import http_checks, network_checks
from wych_kit.diagnosis.connectivity.bounded_client import BoundedClient
from wych_kit.diagnosis.connectivity.report import CHECK_TITLES, CheckResult, Report
from wych_kit.diagnosis.connectivity.state import Broken, Finding, State
from wych_kit.diagnosis.diagnose import diagnose, explain_reference
from wych_kit.errors import WychError

if TYPE_CHECKING:
    from collections.abc import Callable

    from wych_kit.diagnosis.diagnose import Diagnosis
    from wych_kit.settings.loading import Settings

CHECK_SECONDS = 5.0
TOTAL_SECONDS = 20.0
# Seconds between two looks whether a rung is done: Windows tells nobody of Ctrl-C during a longer
# wait.
_LOOK = 0.2

_STEPS: dict[str, Callable[[State], Finding]] = {
    "settings": network_checks.settings,
    "name": network_checks.name,
    "connection": network_checks.connection,
    "tls": network_checks.tls,
    "proxy": network_checks.proxy,
    "discovery": http_checks.discovery,
    "issuer": http_checks.issuer,
    "clock": http_checks.clock,
    "token-endpoint": http_checks.token_endpoint,
    "client": http_checks.client,
    "token": http_checks.token,
    "api-key": http_checks.api_key,
    "permission": http_checks.permission,
    "data": http_checks.data,
}


def check_connectivity(
    settings: Settings,
    *,
    say: Callable[[str], None] = lambda _: None,
    journal: Journal | None = None,
) -> Report:
    """Try every rung from the ground up, and stop at the first that is broken.

    `say` is told the title of the rung under way; `journal` gets what goes over the wire. Nothing is retried, nothing but the token
    request is posted, nothing changes data. Each rung takes 5 seconds at most and all together 20. Ctrl-C ends it and is raised.
    """
    notes = journal or Journal()
    before = {id(exchange) for exchange in notes.exchanges}
    asking = BoundedClient(settings, notes, time.monotonic() + TOTAL_SECONDS)
    state = State(settings, asking)
    checks: list[CheckResult] = []
    diagnosis: Diagnosis | None = None
    try:
        for name, title in CHECK_TITLES.items():
            if diagnosis is not None:
                checks.append(CheckResult(name, title, "not reached", "", 0.0))
                continue
            say(title)
            began = time.monotonic()
            found = _tried(name, state)
            seconds = round(time.monotonic() - began, 6)
            if isinstance(found, Finding):
                checks.append(CheckResult(name, title, found.state, found.observed, seconds))
            else:
                diagnosis = found
                checks.append(CheckResult(name, title, "broken", " ".join(found.evidence), seconds))
    finally:
        asking.close()
    return Report(
        tuple(checks), diagnosis, tuple(each for each in notes.exchanges if id(each) not in before)
    )


def _tried(name: str, state: State) -> Finding | Diagnosis:
    """What came of a rung within its time."""
    outcome: list[Finding | Diagnosis | Exception] = []
    done = threading.Event()

    def work() -> None:
        try:
            outcome.append(_judged(name, state))
        except Exception as error:  # noqa: BLE001 - a bug of ours: raised below, in the caller's thread
            outcome.append(error)
        finally:
            done.set()

    ends = min(time.monotonic() + CHECK_SECONDS, state.asking.ends)
    state.asking.rung_ends = ends
    threading.Thread(target=work, name=f"wych-kit-check-{name}", daemon=True).start()
    while not done.wait(min(_LOOK, max(0.0, ends - time.monotonic()))):
        if time.monotonic() >= ends:
            return _late(name, state)
    if isinstance(outcome[0], Exception):
        raise outcome[0]
    return outcome[0]


def _judged(name: str, state: State) -> Finding | Diagnosis:
    try:
        return _STEPS[name](state)
    except Broken as broken:
        return broken.diagnosis
    except WychError as error:
        return diagnose(error, state.settings)


def _late(name: str, state: State) -> Diagnosis:
    if name == "name":
        words = "the name service did not answer in time"
        return explain_reference(
            "name-not-found", "discovery", (words,), state.settings, runner_up="timeout"
        )
    stage = {
        "client": "token",
        "token": "token",
        "api-key": "call",
        "permission": "call",
        "data": "call",
    }.get(name, "discovery")
    words = f"{CHECK_TITLES[name]}: no complete answer in time"
    return explain_reference("timeout", stage, (words,), state.settings, runner_up="unreachable")  # type: ignore[arg-type]  # a dict's values are wider
