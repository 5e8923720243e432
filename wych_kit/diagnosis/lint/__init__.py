"""Find mistakes before anything is sent: in `.env`, a request, curl, a HAR or a callback URL.

    lint_env(Path(".env"))      lint_curl(text)      lint_har(text)      lint_address(text)
    lint_request(request)       lint_text(text, name) recognises which of the others it is
    httpx.Client(event_hooks={"request": [warn]})   warns about each request before it is sent

Each returns a tuple of `Remark`, empty if nothing is wrong. Nothing is sent or looked up, and no
secret is shown.

    remark                one finding, and what may be shown of a secret
    request_view          a request as the rules look at it
    *_rules               the rules: address, token request, API call
    request, curl, har    requests from httpx, from a command, from a browser's archive
    env_file              a `.env` file, line by line
    callback_address      the URL at which a customer's browser returns
    any_input             a file or text of any of these kinds
    shell_words           a command line split into words as a shell does it
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
