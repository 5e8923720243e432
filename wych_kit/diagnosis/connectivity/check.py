"""Runs the checks in order, each in a thread of its own, so that a hanging one cannot block you."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from wych_kit.client.journal.recorder import Journal
from wych_kit.diagnosis.connectivity import http_checks, network_checks
from wych_kit.diagnosis.connectivity.bounded_client import BoundedClient
from wych_kit.diagnosis.connectivity.report import CHECK_TITLES, CheckResult, Report
from wych_kit.diagnosis.connectivity.state import CheckFailed, CheckState, Finding
from wych_kit.diagnosis.diagnose import diagnose, explain_reference
from wych_kit.errors import WychError

if TYPE_CHECKING:
    from collections.abc import Callable

    from wych_kit.diagnosis.diagnose import Diagnosis
    from wych_kit.errors import Stage
    from wych_kit.settings.loading import Settings

CHECK_SECONDS = 5.0
TOTAL_SECONDS = 20.0
# On Windows a longer wait for a thread does not react to Ctrl-C.
_POLL_SECONDS = 0.2

_CHECKS: dict[str, Callable[[CheckState], Finding]] = {
    "settings": network_checks.check_settings,
    "name": network_checks.check_names,
    "connection": network_checks.check_connection,
    "tls": network_checks.check_tls,
    "proxy": network_checks.check_proxy,
    "discovery": http_checks.check_discovery,
    "issuer": http_checks.check_issuer,
    "clock": http_checks.check_clock,
    "token-endpoint": http_checks.check_token_endpoint,
    "client": http_checks.check_client,
    "token": http_checks.check_token,
    "api-key": http_checks.check_api_key,
    "permission": http_checks.check_permission,
    "data": http_checks.check_data,
}
_STAGES: dict[str, Stage] = {
    "client": "token",
    "token": "token",
    "api-key": "call",
    "permission": "call",
    "data": "call",
}


def check_connectivity(
    settings: Settings,
    *,
    say: Callable[[str], None] = lambda _: None,
    journal: Journal | None = None,
) -> Report:
    """Run the checks in order, stop at the first that fails, and return the report.

    `say` gets the title of each check as it begins; `journal` records the requests. A check takes
    at most 5 seconds, and all together take 20. Nothing is sent twice, only the token request is a
    POST, and no request changes data. Ctrl-C ends the check and is raised.
    """
    journal = journal or Journal()
    earlier = {id(exchange) for exchange in journal.exchanges}
    client = BoundedClient(settings, journal, time.monotonic() + TOTAL_SECONDS)
    state = CheckState(settings, client)
    results: list[CheckResult] = []
    diagnosis: Diagnosis | None = None
    try:
        for name, title in CHECK_TITLES.items():
            if diagnosis is not None:
                results.append(CheckResult(name, title, "not reached", observed="", seconds=0.0))
                continue
            say(title)
            began = time.monotonic()
            outcome = _run_check(name, state)
            seconds = round(time.monotonic() - began, 6)
            if isinstance(outcome, Finding):
                result = CheckResult(name, title, outcome.state, outcome.observed, seconds=seconds)
            else:
                diagnosis = outcome
                evidence = " ".join(outcome.evidence)
                result = CheckResult(name, title, "broken", evidence, seconds=seconds)
            results.append(result)
    finally:
        client.close()
    exchanges = [exchange for exchange in journal.exchanges if id(exchange) not in earlier]
    return Report(tuple(results), diagnosis, tuple(exchanges))


def _run_check(name: str, state: CheckState) -> Finding | Diagnosis:
    """Return what the check found, or a diagnosis if it failed or did not end in time."""
    outcome: list[Finding | Diagnosis | Exception] = []
    done = threading.Event()

    def work() -> None:
        try:
            outcome.append(_find_or_diagnose(name, state))
        except Exception as error:  # noqa: BLE001 - a bug of the kit: raised below, in the caller's thread
            outcome.append(error)
        finally:
            done.set()

    ends = min(time.monotonic() + CHECK_SECONDS, state.client.ends)
    state.client.check_ends = ends
    # A daemon: a look-up that never returns must not keep the program alive.
    threading.Thread(target=work, name=f"wych-kit-check-{name}", daemon=True).start()
    while not done.wait(min(_POLL_SECONDS, max(0.0, ends - time.monotonic()))):
        if time.monotonic() >= ends:
            return _explain_timeout(name, state)
    if isinstance(outcome[0], Exception):
        raise outcome[0]
    return outcome[0]


def _find_or_diagnose(name: str, state: CheckState) -> Finding | Diagnosis:
    try:
        return _CHECKS[name](state)
    except CheckFailed as failure:
        return failure.diagnosis
    except WychError as error:
        return diagnose(error, state.settings)


def _explain_timeout(name: str, state: CheckState) -> Diagnosis:
    if name == "name":
        reference, runner_up = "name-not-found", "timeout"
        evidence = "The name service did not answer in time."
    else:
        reference, runner_up = "timeout", "unreachable"
        evidence = f"{CHECK_TITLES[name]}: there was no complete answer in time."
    stage = _STAGES.get(name, "discovery")
    return explain_reference(reference, stage, (evidence,), state.settings, runner_up=runner_up)
