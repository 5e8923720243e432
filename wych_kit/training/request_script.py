"""`request.sh`, read as a curl command and really sent: to the exercise's own mock, and nowhere else."""

from __future__ import annotations

import re
import time
from string import Template
from typing import TYPE_CHECKING

import httpx

from wych_kit.client.api import WychClient
from wych_kit.client.httpx_errors import translated
from wych_kit.client.journal.history import History
from wych_kit.client.journal.recorder import Journal
from wych_kit.client.transport import TIMEOUT, new_client
from wych_kit.diagnosis.lint import curl_request, lint_curl
from wych_kit.diagnosis.lint.request_view import Sent
from wych_kit.errors import SettingInvalid, WychError
from wych_kit.secret import Secret
from wych_kit.training.exercise_folder import home

if TYPE_CHECKING:
    from wych_kit.training.defects import SetUp

_TOKEN = "WYCH_ACCESS_TOKEN"


def send(set_up: SetUp, kind: str) -> tuple[str, bool]:
    """What was seen, and whether all is well: a request of this kind ("token", "call") is answered, and surely nothing is wrong in it.

    What goes over the wire is in the journal of the set-up's own folder.
    """
    try:
        text = set_up.request.read_text("utf-8", "replace")
        request = _request(set_up, text)
        response = _sent(set_up, request)
    except OSError:
        return "There is no request.sh to send.", False
    except WychError as error:
        return f"{error.observed.rstrip('.')}.", False
    where = re.sub(r"[^/]{20,}", "…", request.url.path)  # ids: the journal has them
    seen = f"{request.method} {where} was answered {response.status_code} {response.reason_phrase}."
    if not response.is_success:
        return f"{seen} {response.text[:200]}".rstrip(), False
    settings = set_up.settings()
    wrong = next(
        (each for each in lint_curl(text, settings, now=time.time()) if each.certain), None
    )
    if wrong is not None:
        return f"{seen} All the same, {wrong.where}: {wrong.why}", False
    if Sent(request, settings).kind != kind:
        return f"{seen} That is another request than the one that was asked for.", False
    return seen, True


def _request(set_up: SetUp, text: str) -> httpx.Request:
    """The command's request with its variables filled in and its file read, as a shell and curl would."""
    request = curl_request(Template(text).safe_substitute(_variables(set_up, text)))
    there, here = request.url, httpx.URL(set_up.wych.url)
    if (there.scheme, there.host, there.port) != (here.scheme, here.host, here.port):
        why = (
            f"was not sent: it leads to {there.host}, and its credentials are for"
            f" {here.host}:{here.port}"
        )
        raise SettingInvalid("request.sh", why, stage="call", reference="wrong-host")
    if request.content.startswith(b"@"):
        place = (set_up.folder / request.content[1:].decode("utf-8", "replace")).resolve()
        if not place.is_relative_to(set_up.folder.resolve()):
            raise SettingInvalid("request.sh", "takes its body from another folder", stage="call")
        kept = [
            (name, value)
            for name, value in request.headers.raw
            if name.lower() != b"content-length"
        ]
        request = httpx.Request(
            request.method, request.url, headers=kept, content=place.read_bytes()
        )
    request.extensions["timeout"] = TIMEOUT.as_dict()
    return request


def _variables(set_up: SetUp, text: str) -> dict[str, str]:
    """What the command's variables stand for: every setting, and a token when one is asked for."""
    settings = set_up.settings()
    found = {
        value.name: Secret(value.text).reveal()
        for value in settings.values
        if value.text is not None
    }
    if _TOKEN in text:
        with WychClient(settings) as client:
            found[_TOKEN] = client.token().value.reveal()
    return found


def _sent(set_up: SetUp, request: httpx.Request) -> httpx.Response:
    journal = Journal()
    with new_client(set_up.wych.issuer_url, set_up.wych.api_url, hooks=journal.hooks()) as client:
        try:
            response = client.send(request)
        except httpx.HTTPError as error:
            journal.failed(error)
            raise translated(error) from None
        finally:
            History(home(set_up.folder)).add(journal.exchanges)
    return response
