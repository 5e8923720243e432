"""Is this text fit to be that setting? Judged before any network, with the exact reason.

No format is assumed where Wych publishes none (client, partner and app ids: API facts section 9 rows 2 and 11); what is refused are the marks of
a copying mistake (wire facts D1 to D6, D13, D18 to D20, D25) and addresses that break the rules of RFC 8414 section 2.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import SplitResult, urlsplit

from wych_kit.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
HTTPS_ONLY = "must start with https:// (http is fine only for 127.0.0.1, ::1 and localhost)"
_ENVIRONMENTS = ("mock", "sandbox", "production")
_WYCH_HOST = re.compile(r"(.+\.)?wych\.(app|io|it|cloud)")
_MOCK_OWN = re.compile(r"mock-recipient|mock-only-.*")
_ID_LEFT_OPEN = re.compile(
    r"(?i)\{\w+\}|:\w*id|(your|my|the)?[-_ ]?(client|partner|app)[-_ ]?(id|name)([-_ ]?here)?|client_123456789"
)
_UUID = re.compile(r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SLUG = re.compile(r"(?=.{3,40}$)[a-z][a-z0-9]*([-_.][a-z0-9]+)*")

# By the words of `Secret.looks_odd`: what the text "has", and what to do. An oddity without an entry is shown, never refused:
# a space inside or a quote at one end can be part of a real secret.
_COPYING: dict[str, tuple[str, str]] = {
    "it is empty": ("is empty", "fill it in, or take the line away"),
    "a line break at the end": ("ends in a line break", "copy it without; in a shell, `printf %s` instead of `echo`"),
    "a line break inside": ("has a line break inside", "copy it again, as one line"),
    "a byte order mark or an invisible character": ("has an invisible character", "type it, or copy it again from the portal"),
    "curly quotes": ("has curly quotes", "an editor or a chat changed it: copy it again from the portal"),
    "quotes around it": ("has quotes around it", "take them away (`docker --env-file` keeps them)"),
    "a space at the start or end": ("has a space at the start or end", "take it away"),
    "it still looks like a placeholder": ("is still a placeholder", "put your own value there"),
    "it looks like a masked value, copied from a screen that hides it": (
        "is the masked value",
        "reveal it in the portal, then copy it",
    ),
    "characters no client secret has (RFC 6749 App. A.2: 0x20 to 0x7E)": ("has a character outside plain ASCII", "copy it again"),
}
_STRICT = {
    "a quote at one end only": ("has a quote at one end", "take it away"),
    "a space inside": ("has a space inside", "take it away"),
}


class Finding(NamedTuple):
    """Why a text is refused: a sentence that goes after the setting's name, and the scenario's reference."""

    reason: str
    reference: str


def check(name: str, text: str | Secret) -> str | None:
    """What is wrong with this text for the setting `name` ("WYCH_CLIENT_ID"), as a sentence after its name; `None` when nothing is.

    Never repeats a secret, nor an address that holds a password. An unknown name is a `KeyError`.
    """
    found = find(name, text)
    return found.reason if found else None


def find(name: str, text: str | Secret) -> Finding | None:
    """As `check`, with the reference."""
    return _CHECKS[name](Secret(text))


def together(texts: Mapping[str, str | Secret]) -> Iterator[tuple[str, Finding]]:
    """What is wrong only when seen side by side: (name, finding) for each. `texts` holds what is set, by name."""
    held = {name: Secret(text) for name, text in texts.items()}
    environment = held.get("WYCH_ENVIRONMENT", Secret("")).reveal()
    yield from _mixed_environments(environment, held)
    yield from _mixed_credentials(held)


def nearest(word: str, words: tuple[str, ...]) -> str:
    """A bracket that asks "did you mean X?", or nothing when no word is near."""
    near = difflib.get_close_matches(word, words, 1, 0.6)
    return f" (did you mean {near[0]}?)" if near else ""


def _copied(text: Secret, rules: Mapping[str, tuple[str, str]]) -> Finding | None:
    for oddity in text.looks_odd():
        if oddity in rules:
            what, remedy = rules[oddity]
            return Finding(f"{what}: {remedy}", "placeholder-left" if "placeholder" in what else "odd-secret")
    return None


def _secret(text: Secret) -> Finding | None:
    return _copied(text, _COPYING)


def _plain(text: Secret) -> Finding | None:
    """For everything that is no secret: nothing odd at all, spaces and stray quotes included."""
    found = _copied(text, _COPYING | _STRICT)
    if found and found.reference == "odd-secret":
        return found._replace(reference="odd-value")
    if not found and re.search(r"\{\w+\}", text.reveal()):
        return Finding("is still a placeholder: put your own value there", "placeholder-left")
    return found


def _client_id(text: Secret) -> Finding | None:
    if _ID_LEFT_OPEN.fullmatch(text.reveal()):
        return Finding("is still a placeholder or Wych's printed sample: put your own value there", "placeholder-left")
    return _plain(text)


def _path_segment(text: Secret) -> Finding | None:
    if found := _client_id(text):
        return found
    if re.search(r"[/\\?#%]", text.reveal()) or text.reveal() in {".", ".."}:
        return Finding("must be the bare id, without / ? # % or the rest of an address: it becomes one part of a path", "not-an-id")
    return None


def _app_name(text: Secret) -> Finding | None:
    return _path_segment(Secret(text.reveal().replace(" ", "-"))) if text.reveal() == text.reveal().strip() else _plain(text)


def _choice(*choices: str) -> Callable[[Secret], Finding | None]:
    def judge(text: Secret) -> Finding | None:
        if text.reveal() in choices:
            return None
        allowed = f"{', '.join(choices[:-1])} or {choices[-1]}"
        return Finding(f"must be {allowed}{nearest(text.reveal().strip().lower(), choices)}", "setting-invalid")

    return judge


def _home(text: Secret) -> Finding | None:
    try:
        place = Path(text.reveal()).expanduser()
    except RuntimeError:
        return Finding("names a person this machine does not know (~name)", "setting-invalid")
    if not place.is_absolute():
        return Finding("must be a whole path, from / or ~ on, so that it means the same in every folder", "setting-invalid")
    if place.is_file():
        return Finding("is a file; a folder is needed", "setting-invalid")
    return None


def _address(text: Secret, *, http: bool = False, query: bool = False) -> SplitResult | Finding:
    """The address in parts, or what no address may have."""
    if found := _plain(text):
        return found
    try:
        parts = urlsplit(text.reveal())
        _ = parts.port
    except ValueError:
        return Finding("is no address: look at its port, or at brackets in it", "setting-invalid")
    if "@" in parts.netloc:
        return Finding("must not hold a user name or password: take away what is before the @", "setting-invalid")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return Finding(HTTPS_ONLY, "not-https")
    if parts.scheme == "http" and not http and parts.hostname not in LOOPBACK:
        return Finding(HTTPS_ONLY, "not-https")
    if "#" in text.reveal() or ("?" in text.reveal() and not query):
        return Finding("must end before any ? or #", "setting-invalid")
    return parts


def _base(text: Secret) -> Finding | SplitResult:
    """An address that others are built on: nothing after it, no slash at its end, none doubled (wire facts D6)."""
    parts = _address(text)
    if isinstance(parts, Finding):
        return parts
    if parts.path.endswith("/"):
        return Finding(f"must not end in a slash: write {text.reveal().rstrip('/')}", "trailing-slash")
    if "//" in parts.path:
        return Finding("has two slashes together in its path: write one", "trailing-slash")
    return parts


def _issuer(text: Secret) -> Finding | None:
    for mark, what in (("/.well-known", "the discovery document"), ("/protocol/openid-connect", "one endpoint")):
        if mark in text.reveal() and "@" not in text.reveal():
            issuer = text.reveal().partition(mark)[0]
            return Finding(f"is the address of {what}; the issuer is the part before it: write {issuer}", "not-the-issuer")
    found = _base(text)
    if isinstance(found, SplitResult):
        return None
    if found.reference == "trailing-slash":
        why = "; it has to equal the document's issuer, character by character (RFC 8414 section 3.3)"
        return found._replace(reason=found.reason + why)
    return found


def _api(text: Secret) -> Finding | None:
    found = _base(text)
    if isinstance(found, Finding):
        return found
    base, mark, _ = text.reveal().partition("/partner/")
    return (
        Finding(f"is the address of one call; the part before /partner is needed: write {base}", "setting-invalid")
        if mark
        else None
    )


def _portal(text: Secret) -> Finding | None:
    found = _base(text)
    return found if isinstance(found, Finding) else None


def _connect(text: Secret) -> Finding | None:
    found = _base(text)
    if isinstance(found, Finding):
        return found
    if not (link := re.fullmatch(r"(.+)/([^/]+)/connection", text.reveal())):
        return None
    return Finding(f"is one app's link: write {link[1]}, and {link[2]} as WYCH_APP_NAME", "setting-invalid")


def _callback(text: Secret) -> Finding | None:
    found = _address(text, http=True, query=True)
    if isinstance(found, Finding):
        return found._replace(reason="must start with https:// or http://") if found.reference == "not-https" else found
    return None


def _mixed_environments(environment: str, held: Mapping[str, Secret]) -> Iterator[tuple[str, Finding]]:
    """Halves of two environments (wire facts D19)."""
    for name in ("WYCH_ISSUER_URL", "WYCH_API_URL", "WYCH_PORTAL_URL", "WYCH_CONNECT_URL"):
        host = _host(held[name].reveal()) if name in held else ""
        if environment == "production" and host in LOOPBACK:
            yield (
                name,
                Finding("is on this machine, but WYCH_ENVIRONMENT is production: change one of the two", "environment-mismatch"),
            )
        if environment == "mock" and _WYCH_HOST.fullmatch(host):
            yield name, Finding("is Wych's, but WYCH_ENVIRONMENT is mock: change one of the two", "environment-mismatch")
    for name in ("WYCH_CLIENT_ID", "WYCH_CLIENT_SECRET", "WYCH_API_KEY"):
        if environment in {"sandbox", "production"} and name in held and _MOCK_OWN.fullmatch(held[name].reveal()):
            yield (
                name,
                Finding(f"is the mock's own, but WYCH_ENVIRONMENT is {environment}: put Wych's there", "environment-mismatch"),
            )


def _mixed_credentials(held: Mapping[str, Secret]) -> Iterator[tuple[str, Finding]]:
    names = [name for name in ("WYCH_CLIENT_ID", "WYCH_CLIENT_SECRET", "WYCH_API_KEY") if name in held]
    for index, name in enumerate(names):
        for earlier in names[:index]:
            if held[name] == held[earlier]:
                yield name, Finding(f"is the same text as {earlier}: copy each from its own place", "swapped-credentials")
    if {"WYCH_CLIENT_ID", "WYCH_CLIENT_SECRET"} <= held.keys():
        client_id, secret = held["WYCH_CLIENT_ID"], held["WYCH_CLIENT_SECRET"]
        if _looks_random(client_id.reveal()) and _looks_like_an_id(secret.reveal()):
            words = "looks like a secret, and WYCH_CLIENT_SECRET like an id: they seem to be swapped"
            yield "WYCH_CLIENT_ID", Finding(words, "swapped-credentials")


def _looks_random(text: str) -> bool:
    """A guess: 24 or more characters with small and capital letters and digits, or 32 and more hex digits; no UUID."""
    mixed = re.fullmatch(r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])[\w+/=~.!-]{24,}", text)
    return bool(not _UUID.fullmatch(text) and (mixed or re.fullmatch(r"(?i)[0-9a-f]{32,}", text)))


def _looks_like_an_id(text: str) -> bool:
    """A guess: a UUID, or small words joined by - _ or a dot; nothing that could be random itself."""
    return bool(_UUID.fullmatch(text) or (_SLUG.fullmatch(text) and not _looks_random(text)))


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


_CHECKS: dict[str, Callable[[Secret], Finding | None]] = {
    "WYCH_ENVIRONMENT": _choice(*_ENVIRONMENTS),
    "WYCH_ISSUER_URL": _issuer,
    "WYCH_API_URL": _api,
    "WYCH_CLIENT_ID": _client_id,
    "WYCH_CLIENT_SECRET": _secret,
    "WYCH_API_KEY": _secret,
    "WYCH_PARTNER_ID": _path_segment,
    "WYCH_APP_ID": _path_segment,
    "WYCH_APP_NAME": _app_name,
    "WYCH_PORTAL_URL": _portal,
    "WYCH_CONNECT_URL": _connect,
    "WYCH_CALLBACK_URL": _callback,
    "WYCH_TOKEN_CACHE": _choice("disk", "memory"),
    "WYCH_HOME": _home,
}
