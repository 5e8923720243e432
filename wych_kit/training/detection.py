"""What each way of looking at a set-up says is wrong with it, first. Nothing here knows what was broken."""

from __future__ import annotations

import time
from string import Template
from typing import TYPE_CHECKING, NamedTuple

import httpx

from wych_kit.client.api import WychClient
from wych_kit.client.transport import TIMEOUT, new_client
from wych_kit.diagnosis import exchange_evidence
from wych_kit.diagnosis.connectivity import climb
from wych_kit.diagnosis.diagnose import diagnose
from wych_kit.diagnosis.lint import curl_request, lint_env, lint_text
from wych_kit.journey.onboarding import STEPS
from wych_kit.journey.session import Session
from wych_kit.journey.step import Failed, run
from wych_kit.secret import Secret

if TYPE_CHECKING:
    from wych_kit.diagnosis.diagnose import Confidence, Diagnosis
    from wych_kit.training.exercise_setup import SetUp

_TOKEN = "WYCH_ACCESS_TOKEN"


class Named(NamedTuple):
    """What was named: a scenario's reference, how sure that is, and the scenario that it may be as well."""

    reference: str | None
    confidence: Confidence
    runner_up: str | None = None


def by_check(set_up: SetUp) -> Named | None:
    """The cause at the broken rung; `None` when every rung holds."""
    with set_up.in_its_shell():
        return _named(climb(set_up.settings()).diagnosis)


def by_step(set_up: SetUp) -> Named | None:
    """The cause at the first step that does not come through; `None` when all do, or one asks a person for what is missing."""
    with set_up.in_its_shell():
        session = Session(set_up.settings(), set_up.env)
        if not set_up.journal.exchanges:  # a program that was at work before keeps its own
            session.journal = set_up.journal
        try:
            outcomes = (run(step, session) for step in STEPS)
            failed = next((outcome for outcome in outcomes if isinstance(outcome, Failed)), None)
        finally:
            session.close()
    return _named(failed.diagnosis) if failed else None


def by_lint(set_up: SetUp) -> Named | None:
    """The first remark on the command that is there, else on `.env`; `None` when there is none."""
    if set_up.request.exists():
        remarks = lint_text(
            set_up.request.read_text("utf-8"),
            set_up.request.name,
            set_up.settings(),
            now=time.time(),
        )
    else:
        remarks = lint_env(set_up.env, environ=set_up.shell)
    return (
        Named(remarks[0].reference, "certain" if remarks[0].certain else "likely")
        if remarks
        else None
    )


def by_exchanges(set_up: SetUp) -> Named | None:
    """The cause by what went over the wire: of the command that is there, sent for real, else of the journal as it is."""
    settings = set_up.settings()
    if set_up.request.exists():
        with (
            set_up.in_its_shell(),
            new_client(
                settings.issuer_url, settings.api_url, hooks=set_up.journal.hooks()
            ) as client,
        ):
            try:
                client.send(_filled(set_up))
            except httpx.HTTPError as error:
                set_up.journal.failed(error)
    exchanges = set_up.journal.exchanges
    return (
        _named(diagnose(exchanges, settings)) if exchange_evidence.last_failing(exchanges) else None
    )


def _named(found: Diagnosis | None) -> Named | None:
    return Named(found.reference, found.confidence, found.runner_up) if found else None


def _filled(set_up: SetUp) -> httpx.Request:
    """The command's request with its variables filled in and its file read, as a shell and curl would."""
    text, settings = set_up.request.read_text("utf-8"), set_up.settings()
    values = {value.name: Secret(value.text).reveal() for value in settings.values if value.text}
    if _TOKEN in text:
        with WychClient(settings, journal=set_up.journal) as client:
            values[_TOKEN] = client.token().value.reveal()
    request = curl_request(Template(text).safe_substitute(values))
    if request.content.startswith(b"@"):
        content = (set_up.folder / request.content[1:].decode()).read_bytes()
        kept = [
            (name, value)
            for name, value in request.headers.raw
            if name.lower() != b"content-length"
        ]
        request = httpx.Request(request.method, request.url, headers=kept, content=content)
    request.extensions["timeout"] = TIMEOUT.as_dict()
    return request
