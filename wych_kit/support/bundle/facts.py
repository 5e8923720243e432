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
from wych_kit.support.bundle import anonymise

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wych_kit.client.journal.recorder import Exchange
    from wych_kit.diagnosis.connectivity import Report
    from wych_kit.settings.loading import Settings, Value

_LIBRARIES = (
    "anyio", "certifi", "cryptography", "filelock", "h11", "httpcore", "httpx", "ipywidgets", "jupyterlab", "platformdirs", "prompt-toolkit",
    "pyjwt", "python-dotenv", "rich", "starlette", "uvicorn",
)  # fmt: skip
# Variables that change how httpx, or a proxy in between, connects. Their values may hold passwords
# and names of people.
_STEERING = (
    "ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "SSLKEYLOGFILE", "SSL_CERT_DIR", "SSL_CERT_FILE",
)  # fmt: skip
_IDS = re.compile(
    r"x-amzn-(requestid|trace-id)|x-amz-(apigw-id|cf-id)|(x-)?(request|correlation)-?id|traceparent|cf-ray",
    re.IGNORECASE,
)


def versions() -> dict[str, Any]:
    """The kit, Python, the system, the libraries (`None`: not installed), and which variables change how it connects."""
    upper = {name.upper() for name, value in os.environ.items() if value}
    return {
        "wych-kit": __version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": platform.platform(),
        "openssl": ssl.OPENSSL_VERSION,
        "libraries": {name: _version(name) for name in _LIBRARIES},
        "variables_set": [name for name in _STEERING if name in upper],
    }


def _version(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None


def settings(found: Settings) -> dict[str, Any]:
    """Each setting with its origin, a secret as its fingerprint; and what is wrong with them."""
    hidden = found.hidden()
    return {
        "environment": text(found.environment.name),
        "settings": [_setting(each, hidden=each.name in hidden) for each in found.values],
        "problems": [text(str(problem)) for problem in found.problems()],
    }


def _setting(value: Value, *, hidden: bool) -> dict[str, Any]:
    told: dict[str, Any] = {"name": value.name, "value": None}
    if value.text and hidden:
        told |= {"value": MASK, "fingerprint": Secret(value.text).fingerprint()}
    elif value.text:
        told["value"] = text(mask_password(str(value.text)))
    told["origin"] = text(value.origin)
    if value.shadowed:
        told["wins_over"] = text(value.shadowed) + (", which differs" if value.differs else "")
    if isinstance(value.text, Secret) and (odd := value.text.looks_odd()):
        told["looks_odd"] = list(odd)
    return told


def requests(exchanges: Iterable[Exchange], checking: Iterable[bool]) -> list[dict[str, Any]]:
    """By what the other side finds a call: when, what, what came of it, the ids in the answer, the clock there.

    `checking` says of each whether it was made for the check in the same bundle.
    """
    return [
        {
            "started": each.started,
            "method": each.method,
            "host": urlsplit(each.url).netloc,
            "path": urlsplit(each.url).path,
            "status": each.status,
            "error": each.error,
            "ids": {name: value for name, value in each.response_headers if _IDS.fullmatch(name)},
            "of_the_check": of_the_check,
            "server_date": next(
                (value for name, value in each.response_headers if name.lower() == "date"), None
            ),
        }
        for each, of_the_check in zip(exchanges, checking, strict=True)
    ]


def check(report: Report | str) -> dict[str, Any]:
    """The check as data, without its exchanges, which are with all others; or, as a text, why there is none."""
    if isinstance(report, str):
        return {"ok": None, "not_run": text(report)}
    found = _texts({name: value for name, value in report.as_dict().items() if name != "exchanges"})
    return {**found, "clock": clock(report)}


def clock(report: Report) -> str:
    """How the sender's clock stands to the server's, as a sentence: the times in here are by the sender's."""
    result = next(check for check in report.checks if check.name == "clock")
    if result.state in ("held", "broken"):
        return text(result.observed.replace("This machine's", "The sender's", 1))
    last = report.failed_check or result
    reason = result.observed or f"The check ended before that, at: {last.title}."
    return text(f"The sender's clock was not compared with the server's. {reason}")


def check_lines(report: Report | str) -> list[str]:
    """The check as a person reads it."""
    if isinstance(report, str):
        return [f"The check was not run: {text(report)}"]
    lines = [
        f"{number:>2} {check.title:<21} {STATE_LABELS[check.state]:<12} {text(check.observed)}".rstrip()
        for number, check in enumerate(report.checks, 1)
    ]
    if (why := report.diagnosis) is None:
        return [*lines, "", ALL_PASSED]
    rows = (
        (f"Not done ({why.stage})", " ".join(why.evidence)),
        ("Cause", why.qualified_cause),
        ("Do", why.action),
        ("Basis", why.provenance),
    )
    return [*lines, "", *(text(f"{label}: {words}") for label, words in rows)]


def text(words: str) -> str:
    """A text of ours without e-mail addresses and without the name of the person's own folder."""
    return anonymise.text(
        re.sub(rf"(?<![\w/]){re.escape(str(_home()))}(?![\w-])", "~", words) if _home() else words
    )


def _home() -> Path | None:
    try:
        home = Path.home()
    except RuntimeError:  # nobody's
        return None
    return home if len(home.parts) > 1 else None


def _texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _texts(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_texts(item) for item in value]
    return text(value) if isinstance(value, str) else value
