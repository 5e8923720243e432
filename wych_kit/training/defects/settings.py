"""Wrong settings, and files that say something else than they seem to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wych_kit.training.defects.defect import Break
from wych_kit.training.defects.requests import call

if TYPE_CHECKING:
    from collections.abc import Callable

    from wych_kit.training.exercise_setup import SetUp

_ANOTHER_SECRET = "mock-only-rotated-secret-0002"
_ANOTHER_KEY = "mock-only-another-key-0002"
_MASKED = "*" * 24


def _wrong(reference: str, **values: str | None) -> Break:
    """These values in `.env`."""
    return Break(reference, "check", lambda set_up: set_up.write(**values))


def _made(reference: str, name: str, change: Callable[[str], str]) -> Break:
    """One value in `.env`, changed."""

    def apply(set_up: SetUp) -> None:
        settings = set_up.settings()
        value = getattr(settings, name)
        set_up.write(**{name: change(value if isinstance(value, str) else value.reveal())})

    return Break(reference, "check", apply)


def _file(reference: str, change: Callable[[bytes], bytes], shows: str = "check") -> Break:
    """The file's bytes, changed."""

    def apply(set_up: SetUp) -> None:
        set_up.write_bytes(change(set_up.env.read_bytes()))

    return Break(reference, "check" if shows == "check" else "lint", apply)


def _same_twice(set_up: SetUp) -> None:
    set_up.write(api_key=set_up.wych.credentials.client_secret)


def _older_value(set_up: SetUp) -> None:
    set_up.shell["WYCH_CLIENT_SECRET"] = _ANOTHER_SECRET


def _another_host(set_up: SetUp) -> None:
    call(set_up, address="https://api.elsewhere.example/v3")


def _ends_in_a_quote(text: str) -> str:
    return f'"{text}"'


VALUES = (
    _wrong("setting-missing", client_secret=None),
    _wrong("setting-invalid", environment="sandpit"),
    _made("stray-whitespace", "client_secret", "{}\n".format),
    _made("quotes-kept", "client_secret", _ends_in_a_quote),
    _wrong("masked-secret", client_secret=_MASKED),
    _made("odd-characters", "api_key", "{}\u200b".format),
    _wrong("placeholder-left", api_key="<your-api-key>"),
    _wrong("not-https", issuer_url="http://login.wych.example/realms/partner"),
    _made("trailing-slash", "issuer_url", "{}/".format),
    _made("not-the-issuer", "issuer_url", "{}/.well-known/openid-configuration".format),
    _made("not-a-base", "api_url", "{}/partner/p/app/a/users".format),
    _made("not-an-id", "app_id", "app/{}".format),
    Break("swapped-credentials", "check", _same_twice),
    _wrong("environment-mismatch", environment="sandbox"),
    _file(
        "unknown-setting", lambda held: held.replace(b"WYCH_CLIENT_SECRET=", b"WYCH_CLIENT_SECERT=")
    ),
    _file("env-file-bom", lambda held: b"\xef\xbb\xbf" + held, "lint"),
    _file("env-file-line", lambda held: held.replace(b"WYCH_API_KEY=", b"WYCH_API_KEY ")),
    _file("env-file-crlf", lambda held: held.replace(b"\n", b"\r\n"), "lint"),
    Break("shell-shadows-file", "lint", _older_value),
    Break("wrong-host", "lint", _another_host),
    _made("wrong-realm", "issuer_url", lambda held: held.replace("/partner", "/Partner")),
    _made("auth-prefix", "issuer_url", lambda held: held.replace("/realms", "/auth/realms")),
    _made("no-issuer-there", "issuer_url", lambda held: held.replace("/realms", "/realm")),
    _made("double-slash", "issuer_url", lambda held: held.replace("/realms", "//realms")),
    _wrong("unknown-client", client_id="mock-recipient-of-another-app"),
    _wrong("wrong-client-secret", client_secret=_ANOTHER_SECRET),
    _wrong("api-key-refused", api_key=_ANOTHER_KEY),
    _made("wrong-base-path", "api_url", lambda held: held.replace("/v3", "/v4")),
    _made("wrong-path", "api_url", "{}/more".format),
    _made("bad-address", "api_url", lambda held: held.replace("127.0.0.1:", "127.0.0.1:port")),
)
