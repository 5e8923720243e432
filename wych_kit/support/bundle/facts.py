"""Versions, settings, request ids and the check, as plain data without secrets."""

from __future__ import annotations

import os
import platform
import re
import ssl
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from wych_kit import __version__
from wych_kit.diagnosis.connectivity.report import ALL_PASSED, STATE_LABELS
from wych_kit.secret import MASK, Secret
from wych_kit.settings.url_validation import mask_password
from wych_kit.support.bundle.anonymise import mask_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wych_kit.client.journal.recorder import Exchange
    from wych_kit.diagnosis.connectivity import Report
    from wych_kit.settings.loading import Settings, Value

_LIBRARIES = (
    "anyio", "certifi", "cryptography", "filelock", "h11", "httpcore", "httpx", "ipywidgets",
    "jupyterlab", "platformdirs", "prompt-toolkit", "pyjwt", "python-dotenv", "rich", "starlette",
    "uvicorn",
)  # fmt: skip
# Variables that change how httpx connects. Only their names are reported, because their values may
# contain passwords and people's names.
_CONNECTION_VARIABLES = (
    "ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "SSLKEYLOGFILE",
    "SSL_CERT_DIR", "SSL_CERT_FILE",
)  # fmt: skip
# Response headers by which Wych, its gateway or a CDN finds a request in its logs.
_REQUEST_ID_HEADERS = re.compile(
    r"x-amzn-(requestid|trace-id)|x-amz-(apigw-id|cf-id)|(x-)?(request|correlation)-?id"
    r"|traceparent|cf-ray",
    re.IGNORECASE,
)


def list_versions() -> dict[str, Any]:
    """Return the versions of the kit, Python, the system and the libraries.

    A library that is not installed is None. `variables_set` names the variables that change how
    the kit connects.
    """
    upper = {name.upper() for name, value in os.environ.items() if value}
    return {
        "wych-kit": __version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": platform.platform(),
        "openssl": ssl.OPENSSL_VERSION,
        "libraries": {name: _get_version(name) for name in _LIBRARIES},
        "variables_set": [name for name in _CONNECTION_VARIABLES if name in upper],
    }


def _get_version(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None


def describe_settings(settings: Settings) -> dict[str, Any]:
    """Return each setting with its origin, a secret as its fingerprint, and the problems."""
    hidden = settings.hidden()
    return {
        "environment": mask_personal(settings.environment.name),
        "settings": [
            _describe_value(value, is_hidden=value.name in hidden) for value in settings.values
        ],
        "problems": [mask_personal(str(problem)) for problem in settings.problems()],
    }


def _describe_value(value: Value, *, is_hidden: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"name": value.name, "value": None}
    if value.text and is_hidden:
        row |= {"value": MASK, "fingerprint": Secret(value.text).fingerprint()}
    elif value.text:
        row["value"] = mask_personal(mask_password(str(value.text)))
    row["origin"] = mask_personal(value.origin)
    if value.shadowed:
        difference = ", which differs" if value.differs else ""
        row["wins_over"] = mask_personal(value.shadowed) + difference
    if isinstance(value.text, Secret) and (mistakes := value.text.looks_odd()):
        row["looks_odd"] = list(mistakes)
    return row


def list_requests(
    exchanges: Iterable[Exchange], is_of_check: Iterable[bool]
) -> list[dict[str, Any]]:
    """Return what Wych needs to find each request: time, URL, status, ids, and Wych's own clock.

    `is_of_check` says of each exchange whether the check in the same bundle made it.
    """
    return [
        {
            "started": exchange.started,
            "method": exchange.method,
            "host": urlsplit(exchange.url).netloc,
            "path": urlsplit(exchange.url).path,
            "status": exchange.status,
            "error": exchange.error,
            "ids": {
                name: value
                for name, value in exchange.response_headers
                if _REQUEST_ID_HEADERS.fullmatch(name)
            },
            "of_the_check": of_check,
            "server_date": next(
                (value for name, value in exchange.response_headers if name.lower() == "date"),
                None,
            ),
        }
        for exchange, of_check in zip(exchanges, is_of_check, strict=True)
    ]


def describe_check(report: Report | str) -> dict[str, Any]:
    """Return the check as data; for a text, the reason why it did not run.

    Its exchanges are left out: they stand with all others in the bundle.
    """
    if isinstance(report, str):
        return {"ok": None, "not_run": mask_personal(report)}
    facts = {name: value for name, value in report.as_dict().items() if name != "exchanges"}
    return {**_mask_all(facts), "clock": describe_clock(report)}


def describe_clock(report: Report) -> str:
    """Return a sentence that compares the sender's clock with the server's.

    Every other time in a bundle is by the sender's clock.
    """
    check = next(check for check in report.checks if check.name == "clock")
    if check.state in ("held", "broken"):
        return mask_personal(check.observed.replace("This machine's", "The sender's", 1))
    last = report.failed_check or check
    reason = check.observed or f"The check ended before that, at: {last.title}."
    return mask_personal(f"The sender's clock was not compared with the server's. {reason}")


def render_check(report: Report | str) -> list[str]:
    """Return the check as lines for a person."""
    if isinstance(report, str):
        return [f"The check did not run: {mask_personal(report)}"]
    lines = [
        f"{number:>2} {check.title:<21} {STATE_LABELS[check.state]:<12}"
        f" {mask_personal(check.observed)}".rstrip()
        for number, check in enumerate(report.checks, 1)
    ]
    diagnosis = report.diagnosis
    if diagnosis is None:
        return [*lines, "", ALL_PASSED]
    rows = (
        (f"Failed ({diagnosis.stage})", " ".join(diagnosis.evidence)),
        *diagnosis.rows(),
    )
    return [*lines, "", *(mask_personal(f"{label}: {text}") for label, text in rows)]


def mask_personal(text: str) -> str:
    """Return a text without email addresses, account numbers and the path of the home folder."""
    home = _get_home()
    if home:
        text = re.sub(rf"(?<![\w/]){re.escape(str(home))}(?![\w-])", "~", text)
    return mask_text(text)


def _get_home() -> Path | None:
    try:
        home = Path.home()
    except RuntimeError:  # a user without an entry in the password database, as in a container
        return None
    # The root folder as a home would match every path.
    return home if len(home.parts) > 1 else None


def _mask_all(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _mask_all(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_mask_all(item) for item in value]
    return mask_personal(value) if isinstance(value, str) else value
