"""Checks the text of each setting before any network, and gives the exact reason against it.

No format is assumed where Wych publishes none (ids and keys: API facts section 9 row 2). Refused are
copying mistakes and mixed-up values, as in the wire facts D1 to D6, D13, D18 to D20 and D25.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from wych_kit.secret import Secret
from wych_kit.settings import endpoint_paths, url_validation
from wych_kit.settings.copy_mistakes import (
    Finding,
    find_in_secret,
    find_in_text,
    placeholder_finding,
)
from wych_kit.settings.environments import PRODUCTION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_CREDENTIALS = ("WYCH_CLIENT_ID", "WYCH_CLIENT_SECRET", "WYCH_API_KEY")
_WYCH_HOST = re.compile(r"(.+\.)?wych\.(app|io|it|cloud)")
_MOCK_OWN = re.compile(r"mock-recipient|mock-only-.*")
_PRODUCTION_HOSTS = frozenset(
    url_validation.hostname(Secret(url))
    for url in (PRODUCTION.issuer_url, PRODUCTION.api_url, PRODUCTION.connect_url)
    if url
)
# What documentation prints where an id belongs; the last is from Wych's own.
_PLACEHOLDER_ID = re.compile(
    r"(?i):\w*id"
    r"|(your|my|the)?[-_ ]?(client|partner|app)[-_ ]?(id|name)([-_ ]?here)?"
    r"|client_123456789"
)
_UUID = re.compile(r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SLUG = re.compile(r"(?=.{3,40}$)[a-z][a-z0-9]*([-_.][a-z0-9]+)*")


def explain_problem(name: str, text: str | Secret) -> str | None:
    """Return the reason against this text for the setting `name` ("WYCH_CLIENT_ID"), or None.

    The reason continues a sentence that begins with the name. It never repeats a secret, nor a URL
    with a password in it. Raises `KeyError` for an unknown name.
    """
    problem = find_problem(name, text)
    return problem.reason if problem else None


def find_problem(name: str, text: str | Secret) -> Finding | None:
    """Return the reason and its scenario's reference, as `explain_problem` describes them."""
    return _CHECKS[name](Secret(text))


def find_mixups(texts: Mapping[str, str | Secret]) -> Iterator[tuple[str, Finding]]:
    """Yield (name, finding) for values that are wrong only beside each other.

    `texts` are the settings that have a value, by name.
    """
    secrets = {name: Secret(text) for name, text in texts.items()}
    yield from _find_mixed_environments(secrets)
    yield from _find_mixed_credentials(secrets)


def suggest_nearest(word: str, words: Iterable[str]) -> str:
    """Return " (did you mean X?)", or "" when no word is near."""
    import difflib  # not at the top: only a mistaken word needs it

    near = difflib.get_close_matches(word, [*words], 1, 0.55)
    return f" (did you mean {near[0]}?)" if near else ""


def _check_client_id(text: Secret) -> Finding | None:
    if "://" in text.reveal():
        return Finding("is a URL. Enter the id instead", "not-an-id")
    return placeholder_finding() if _PLACEHOLDER_ID.fullmatch(text.reveal()) else find_in_text(text)


def _check_path_segment(text: Secret) -> Finding | None:
    if finding := _check_client_id(text):
        return finding
    if re.search(r"[/\\?#%]", text.reveal()) or text.reveal() in {".", ".."}:
        return Finding(
            "contains / \\ ? # or %, or is only dots. Enter the id alone, without the rest of a URL",
            "not-an-id",
        )
    return None


def _check_app_name(text: Secret) -> Finding | None:
    if text.reveal() != text.reveal().strip():
        return find_in_text(text)
    # A name may have spaces inside and letters of any language, such as Kōwhai. With those replaced
    # it is checked like an id.
    letters = re.sub(r"[^\W\x00-\x7f]", "a", unicodedata.normalize("NFC", text.reveal()))
    return _check_path_segment(Secret(letters.replace(" ", "-")))


def _choice(*choices: str) -> Callable[[Secret], Finding | None]:
    def check(text: Secret) -> Finding | None:
        if text.reveal() in choices:
            return None
        allowed = f"{', '.join(choices[:-1])} or {choices[-1]}"
        near = suggest_nearest(text.reveal().strip().lower(), choices)
        return Finding(f"must be {allowed}{near}", "setting-invalid")

    return check


def _check_home(text: Secret) -> Finding | None:
    try:
        path = Path(text.reveal()).expanduser()
    except RuntimeError:
        return Finding(
            "starts with ~ and a user name that this machine does not have", "setting-invalid"
        )
    # A relative path would mean another folder wherever a command is run.
    if not path.is_absolute():
        return Finding("must be an absolute path. Start it with / or ~", "setting-invalid")
    return Finding("is a file. Use a folder", "setting-invalid") if path.is_file() else None


def _find_mixed_environments(secrets: Mapping[str, Secret]) -> Iterator[tuple[str, Finding]]:
    """Yield values of one environment under the name of another (wire facts D19)."""
    environment = secrets.get("WYCH_ENVIRONMENT", Secret("")).reveal()
    advice = f"but WYCH_ENVIRONMENT is {environment}. Change one of the two"
    for name in ("WYCH_ISSUER_URL", "WYCH_API_URL", "WYCH_PORTAL_URL", "WYCH_CONNECT_URL"):
        host = url_validation.hostname(secrets.get(name, Secret("")))
        if environment == "production" and host in url_validation.LOOPBACK:
            yield name, Finding(f"is on this machine, {advice}", "environment-mismatch")
        if environment == "mock" and _WYCH_HOST.fullmatch(host):
            yield name, Finding(f"belongs to Wych, {advice}", "environment-mismatch")
        # No address of the sandbox is public, so it may be anywhere but where production is: calls
        # would count there, without the question that production asks first.
        if environment == "sandbox" and host in _PRODUCTION_HOSTS:
            yield name, Finding(f"belongs to production, {advice}", "environment-mismatch")
    for name in _CREDENTIALS:
        if environment in {"sandbox", "production"} and _MOCK_OWN.fullmatch(
            secrets.get(name, Secret("")).reveal()
        ):
            yield name, Finding(f"belongs to the mock, {advice}", "environment-mismatch")


def _find_mixed_credentials(secrets: Mapping[str, Secret]) -> Iterator[tuple[str, Finding]]:
    """Yield credentials that are the same text (wire facts D18), or id and secret swapped."""
    names = [name for name in _CREDENTIALS if name in secrets]
    for index, name in enumerate(names):
        for earlier in names[:index]:
            if secrets[name] == secrets[earlier]:
                reason = f"is the same as {earlier}. Copy each from its own place"
                yield name, Finding(reason, "swapped-credentials")
    # Refused before sending, since servers show and log the id.
    if (
        {"WYCH_CLIENT_ID", "WYCH_CLIENT_SECRET"} <= secrets.keys()
        and _looks_random(secrets["WYCH_CLIENT_ID"].reveal())
        and _looks_like_an_id(secrets["WYCH_CLIENT_SECRET"].reveal())
    ):
        reason = (
            "looks like a secret, and WYCH_CLIENT_SECRET looks like an id."
            " Check whether they are swapped"
        )
        yield "WYCH_CLIENT_ID", Finding(reason, "swapped-credentials")


def _looks_random(text: str) -> bool:
    """Guess whether this is a secret: 24 mixed characters or 32 hex digits and more; no UUID."""
    mixed = re.fullmatch(r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])[\w+/=~.!-]{24,}", text)
    return bool(
        not _UUID.fullmatch(text) and (mixed or re.fullmatch(r"(?i)(?=.*[0-9])[0-9a-f]{32,}", text))
    )


def _looks_like_an_id(text: str) -> bool:
    """Guess whether this is an id: a UUID, or lower-case words joined by - _ or a dot."""
    return bool(_UUID.fullmatch(text) or (_SLUG.fullmatch(text) and not _looks_random(text)))


_CHECKS: dict[str, Callable[[Secret], Finding | None]] = {
    "WYCH_ENVIRONMENT": _choice("mock", "sandbox", "production"),
    "WYCH_ISSUER_URL": url_validation.check_issuer,
    "WYCH_API_URL": url_validation.check_api,
    "WYCH_CLIENT_ID": _check_client_id,
    "WYCH_CLIENT_SECRET": find_in_secret,
    "WYCH_API_KEY": find_in_secret,
    "WYCH_PARTNER_ID": _check_path_segment,
    "WYCH_APP_ID": _check_path_segment,
    "WYCH_APP_NAME": _check_app_name,
    "WYCH_PORTAL_URL": url_validation.check_base,
    "WYCH_CONNECT_URL": url_validation.check_connect,
    "WYCH_CALLBACK_URL": url_validation.check_callback,
    "WYCH_TOKEN_CACHE": _choice("disk", "memory"),
    "WYCH_HOME": _check_home,
    **{name: endpoint_paths.path_checker(name) for name in endpoint_paths.NAMES},
}
