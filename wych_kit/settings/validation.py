"""Is this text fit to be that setting? Judged before any network, with the exact reason.

No format is assumed where Wych publishes none (ids and keys: API facts section 9 row 2). What is refused are copying mistakes and
mixed-up values, as in the wire facts D1 to D6, D13, D18 to D20 and D25.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from wych_kit.secret import Secret
from wych_kit.settings import endpoint_paths, url_validation
from wych_kit.settings.copy_mistakes import Finding, in_plain_text, in_secret, left_open
from wych_kit.settings.environments import PRODUCTION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_CREDENTIALS = ("WYCH_CLIENT_ID", "WYCH_CLIENT_SECRET", "WYCH_API_KEY")
_WYCH_HOST = re.compile(r"(.+\.)?wych\.(app|io|it|cloud)")
_MOCK_OWN = re.compile(r"mock-recipient|mock-only-.*")
_PRODUCTION_HOSTS = frozenset(
    url_validation.host(Secret(url))
    for url in (PRODUCTION.issuer_url, PRODUCTION.api_url, PRODUCTION.connect_url)
    if url
)
_UNFILLED_ID = re.compile(
    r"(?i):\w*id|(your|my|the)?[-_ ]?(client|partner|app)[-_ ]?(id|name)([-_"
    r" ]?here)?|client_123456789"
)
_UUID = re.compile(r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SLUG = re.compile(r"(?=.{3,40}$)[a-z][a-z0-9]*([-_.][a-z0-9]+)*")


def check(name: str, text: str | Secret) -> str | None:
    """What is wrong with this text for the setting `name` ("WYCH_CLIENT_ID"), as a sentence after its name; `None` when nothing is.

    Never repeats a secret, nor an address that holds a password. An unknown name is a `KeyError`.
    """
    found = find(name, text)
    return found.reason if found else None


def find(name: str, text: str | Secret) -> Finding | None:
    """As `check`, with the scenario's reference."""
    return _CHECKS[name](Secret(text))


def together(texts: Mapping[str, str | Secret]) -> Iterator[tuple[str, Finding]]:
    """What is wrong only when seen side by side: (name, finding) for each. `texts` holds what is set, by name."""
    held = {name: Secret(text) for name, text in texts.items()}
    yield from _mixed_environments(held)
    yield from _mixed_credentials(held)


def nearest(word: str, words: Iterable[str]) -> str:
    """A bracket that asks "did you mean X?", or nothing when no word is near."""
    import difflib  # only the mistaken pay for it

    near = difflib.get_close_matches(word, [*words], 1, 0.55)
    return f" (did you mean {near[0]}?)" if near else ""


def _client_id(text: Secret) -> Finding | None:
    if "://" in text.reveal():
        return Finding("is an address; an id is wanted", "not-an-id")
    return left_open() if _UNFILLED_ID.fullmatch(text.reveal()) else in_plain_text(text)


def _path_segment(text: Secret) -> Finding | None:
    if found := _client_id(text):
        return found
    if re.search(r"[/\\?#%]", text.reveal()) or text.reveal() in {".", ".."}:
        return Finding(
            "must be the bare id, without / ? # % or the rest of an address: it becomes one part of"
            " a path",
            "not-an-id",
        )
    return None


def _app_name(text: Secret) -> Finding | None:
    """As an id, but a name may have spaces inside, and letters of any language: Kōwhai is an ordinary name."""
    if text.reveal() != text.reveal().strip():
        return in_plain_text(text)
    return _path_segment(
        Secret(
            re.sub(r"[^\W\x00-\x7f]", "a", unicodedata.normalize("NFC", text.reveal())).replace(
                " ", "-"
            )
        )
    )


def _choice(*choices: str) -> Callable[[Secret], Finding | None]:
    def judge(text: Secret) -> Finding | None:
        if text.reveal() in choices:
            return None
        allowed = f"{', '.join(choices[:-1])} or {choices[-1]}"
        return Finding(
            f"must be {allowed}{nearest(text.reveal().strip().lower(), choices)}", "setting-invalid"
        )

    return judge


def _home(text: Secret) -> Finding | None:
    try:
        place = Path(text.reveal()).expanduser()
    except RuntimeError:
        return Finding(
            "starts with ~ and a name that this machine does not know", "setting-invalid"
        )
    if not place.is_absolute():
        return Finding(
            "must be a whole path, from / or ~ on, so that it means the same in every folder",
            "setting-invalid",
        )
    return Finding("is a file; a folder is needed", "setting-invalid") if place.is_file() else None


def _mixed_environments(held: Mapping[str, Secret]) -> Iterator[tuple[str, Finding]]:
    """Halves of two environments (wire facts D19).

    A sandbox may be anywhere, as no address of it is public, but not where production is: calls would count there, and nobody be asked.
    """
    environment = held.get("WYCH_ENVIRONMENT", Secret("")).reveal()
    advice = f"but WYCH_ENVIRONMENT is {environment}: change one of the two"
    for name in ("WYCH_ISSUER_URL", "WYCH_API_URL", "WYCH_PORTAL_URL", "WYCH_CONNECT_URL"):
        host = url_validation.host(held.get(name, Secret("")))
        if environment == "production" and host in url_validation.LOOPBACK:
            yield name, Finding(f"is on this machine, {advice}", "environment-mismatch")
        if environment == "mock" and _WYCH_HOST.fullmatch(host):
            yield name, Finding(f"is Wych's, {advice}", "environment-mismatch")
        if environment == "sandbox" and host in _PRODUCTION_HOSTS:
            yield name, Finding(f"is production's, {advice}", "environment-mismatch")
    for name in _CREDENTIALS:
        if environment in {"sandbox", "production"} and _MOCK_OWN.fullmatch(
            held.get(name, Secret("")).reveal()
        ):
            yield name, Finding(f"is the mock's own, {advice}", "environment-mismatch")


def _mixed_credentials(held: Mapping[str, Secret]) -> Iterator[tuple[str, Finding]]:
    """The same text twice (wire facts D18), or id and secret the wrong way round: worth refusing, as a sent id is shown and logged."""
    names = [name for name in _CREDENTIALS if name in held]
    for index, name in enumerate(names):
        for earlier in names[:index]:
            if held[name] == held[earlier]:
                yield (
                    name,
                    Finding(
                        f"is the same text as {earlier}: copy each from its own place",
                        "swapped-credentials",
                    ),
                )
    if {"WYCH_CLIENT_ID", "WYCH_CLIENT_SECRET"} <= held.keys() and _swapped(
        held["WYCH_CLIENT_ID"], held["WYCH_CLIENT_SECRET"]
    ):
        words = "looks like a secret, and WYCH_CLIENT_SECRET like an id: they seem to be swapped"
        yield "WYCH_CLIENT_ID", Finding(words, "swapped-credentials")


def _swapped(client_id: Secret, secret: Secret) -> bool:
    return _looks_random(client_id.reveal()) and _looks_like_an_id(secret.reveal())


def _looks_random(text: str) -> bool:
    """A guess: 24 or more characters with small and capital letters and digits, or 32 and more hex digits; no UUID."""
    mixed = re.fullmatch(r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])[\w+/=~.!-]{24,}", text)
    return bool(
        not _UUID.fullmatch(text) and (mixed or re.fullmatch(r"(?i)(?=.*[0-9])[0-9a-f]{32,}", text))
    )


def _looks_like_an_id(text: str) -> bool:
    """A guess: a UUID, or small words joined by - _ or a dot; nothing that could be random itself."""
    return bool(_UUID.fullmatch(text) or (_SLUG.fullmatch(text) and not _looks_random(text)))


_CHECKS: dict[str, Callable[[Secret], Finding | None]] = {
    "WYCH_ENVIRONMENT": _choice("mock", "sandbox", "production"),
    "WYCH_ISSUER_URL": url_validation.issuer,
    "WYCH_API_URL": url_validation.api,
    "WYCH_CLIENT_ID": _client_id,
    "WYCH_CLIENT_SECRET": in_secret,
    "WYCH_API_KEY": in_secret,
    "WYCH_PARTNER_ID": _path_segment,
    "WYCH_APP_ID": _path_segment,
    "WYCH_APP_NAME": _app_name,
    "WYCH_PORTAL_URL": url_validation.base,
    "WYCH_CONNECT_URL": url_validation.connect,
    "WYCH_CALLBACK_URL": url_validation.callback,
    "WYCH_TOKEN_CACHE": _choice("disk", "memory"),
    "WYCH_HOME": _home,
    **{name: endpoint_paths.check(name) for name in endpoint_paths.NAMES},
}
