"""Read `request.sh` as a curl command and send it to the exercise's own mock, and nowhere else."""

from __future__ import annotations

import re
import time
from string import Template
from typing import TYPE_CHECKING

import httpx

from wych_kit.client.api import WychClient
from wych_kit.client.httpx_errors import translate_httpx_error
from wych_kit.client.journal.history import History
from wych_kit.client.journal.recorder import Journal
from wych_kit.client.transport import TIMEOUT, create_client
from wych_kit.diagnosis.lint import curl_request, lint_curl
from wych_kit.diagnosis.lint.request_view import RequestView
from wych_kit.errors import SettingInvalid, WychError
from wych_kit.secret import Secret
from wych_kit.training.exercise_folder import kit_home

if TYPE_CHECKING:
    from wych_kit.training.exercise_setup import ExerciseSetup

_TOKEN = "WYCH_ACCESS_TOKEN"


def send_request_script(setup: ExerciseSetup, kind: str) -> tuple[str, bool]:
    """Send `request.sh`; return a sentence on what happened, and True if the request is right.

    It is right when it is of this kind ("token" or "call"), was answered with success, and lint is
    certain of no mistake in it. The exchange goes into the journal of the exercise's folder.
    """
    try:
        text = setup.request.read_text("utf-8", "replace")
        request = read_request(setup, text)
        _refuse_other_host(setup, request)
        response = _send(setup, request)
    except OSError:
        return "There is no request.sh to send.", False
    except WychError as error:
        return f"{error.observed.rstrip('.')}.", False
    path = re.sub(r"[^/]{20,}", "…", request.url.path)  # the journal has the ids
    status = f"{response.status_code} {response.reason_phrase}"
    answer = f"{request.method} {path} was answered {status}."
    if not response.is_success:
        return f"{answer} {response.text[:200]}".rstrip(), False
    settings = setup.settings()
    remarks = lint_curl(text, settings, now=time.time())
    mistake = next((remark for remark in remarks if remark.certain), None)
    if mistake is not None:
        return f"{answer} But there is a mistake, {mistake.where}: {mistake.why}", False
    if RequestView(request, settings).kind != kind:
        return f"{answer} But the exercise asks for a different request.", False
    return answer, True


def read_request(setup: ExerciseSetup, text: str, journal: Journal | None = None) -> httpx.Request:
    """Return the request of a curl command, with variables and `@file` replaced as a shell and curl do.

    A token that the command asks for is fetched first; `journal` records that. Raises
    `SettingInvalid` for a file outside the exercise's folder.
    """
    request = curl_request(Template(text).safe_substitute(_variables(setup, text, journal)))
    if request.content.startswith(b"@"):
        request = _with_file_body(setup, request)
    request.extensions["timeout"] = TIMEOUT.as_dict()
    return request


def _refuse_other_host(setup: ExerciseSetup, request: httpx.Request) -> None:
    """Raise `SettingInvalid` if the request goes elsewhere than to the exercise's mock."""
    target, ours = request.url, httpx.URL(setup.wych.url)
    # The command holds credentials, and an exercise may be about a wrong host.
    if (target.scheme, target.host, target.port) != (ours.scheme, ours.host, ours.port):
        reason = (
            f"was not sent: it goes to {target.host}, and its credentials are for"
            f" {ours.host}:{ours.port}"
        )
        raise SettingInvalid("request.sh", reason, stage="call", reference="wrong-host")


def _with_file_body(setup: ExerciseSetup, request: httpx.Request) -> httpx.Request:
    path = (setup.folder / request.content[1:].decode("utf-8", "replace")).resolve()
    if not path.is_relative_to(setup.folder.resolve()):
        raise SettingInvalid("request.sh", "takes its body from another folder", stage="call")
    # httpx computes the length of the new body; the old header would contradict it.
    headers = [row for row in request.headers.raw if row[0].lower() != b"content-length"]
    return httpx.Request(request.method, request.url, headers=headers, content=path.read_bytes())


def _variables(setup: ExerciseSetup, text: str, journal: Journal | None) -> dict[str, str]:
    settings = setup.settings()
    values = {
        value.name: Secret(value.text).reveal()
        for value in settings.values
        if value.text is not None
    }
    # Fetching a token has effects, so only a command that uses one gets one.
    if _TOKEN in text:
        with WychClient(settings, journal=journal) as client:
            values[_TOKEN] = client.token().value.reveal()
    return values


def _send(setup: ExerciseSetup, request: httpx.Request) -> httpx.Response:
    journal = Journal()
    with create_client(setup.wych.issuer_url, setup.wych.api_url, hooks=journal.hooks()) as client:
        try:
            response = client.send(request)
        except httpx.HTTPError as error:
            journal.record_failure(error)
            raise translate_httpx_error(error) from None
        finally:
            History(kit_home(setup.folder)).add(journal.exchanges)
    return response
