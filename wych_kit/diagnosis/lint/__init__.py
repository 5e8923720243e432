"""Finds mistakes in a `.env` file, a request, a curl command, a HAR or a callback's address before anything is sent.

    lint_env(Path(".env"))      lint_curl(text)      lint_har(text)      lint_address(text)
    lint_request(request)       lint_text(text, name) tells which of the others it is
    httpx.Client(event_hooks={"request": [warn]})   warns about what is about to be sent

Each gives a tuple of `Remark`, empty when nothing is wrong. Nothing is sent or looked up, and no secret is shown.
"""

from __future__ import annotations

from wych_kit.diagnosis.lint.any_input import lint_text
from wych_kit.diagnosis.lint.callback_address import lint_address
from wych_kit.diagnosis.lint.curl import curl_request, lint_curl
from wych_kit.diagnosis.lint.env_file import lint_env
from wych_kit.diagnosis.lint.har import lint_har
from wych_kit.diagnosis.lint.remark import Remark
from wych_kit.diagnosis.lint.request import LintWarning, lint_request, warn, warn_async

__all__ = [
    "LintWarning",
    "Remark",
    "curl_request",
    "lint_address",
    "lint_curl",
    "lint_env",
    "lint_har",
    "lint_request",
    "lint_text",
    "warn",
    "warn_async",
]
