"""Break settings and their file: wrong values, and files that are misread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wych_kit.training.defects.defect import Defect
from wych_kit.training.defects.requests import call

if TYPE_CHECKING:
    from collections.abc import Callable

    from wych_kit.training.exercise_setup import ExerciseSetup

_ANOTHER_SECRET = "mock-only-rotated-secret-0002"
_ANOTHER_KEY = "mock-only-another-key-0002"
_MASKED = "*" * 24


def _wrong_value_defect(reference: str, **values: str | None) -> Defect:
    """Return a defect that writes these values into `.env`."""
    return Defect(reference, "check", lambda setup: setup.write(**values))


def _changed_value_defect(reference: str, name: str, change: Callable[[str], str]) -> Defect:
    """Return a defect that changes one value in `.env`."""

    def apply(setup: ExerciseSetup) -> None:
        settings = setup.settings()
        value = getattr(settings, name)
        setup.write(**{name: change(value if isinstance(value, str) else value.reveal())})

    return Defect(reference, "check", apply)


def _file_defect(reference: str, change: Callable[[bytes], bytes], shows: str = "check") -> Defect:
    """Return a defect that changes the file's bytes."""

    def apply(setup: ExerciseSetup) -> None:
        setup.write_bytes(change(setup.env.read_bytes()))

    return Defect(reference, "check" if shows == "check" else "lint", apply)


def _use_secret_as_key(setup: ExerciseSetup) -> None:
    setup.write(api_key=setup.wych.credentials.client_secret)


def _shadow_secret(setup: ExerciseSetup) -> None:
    setup.shell["WYCH_CLIENT_SECRET"] = _ANOTHER_SECRET


def _call_other_host(setup: ExerciseSetup) -> None:
    call(setup, address="https://api.elsewhere.example/v3")


def _ends_in_a_quote(text: str) -> str:
    return f'"{text}"'


SETTINGS_DEFECTS = (
    _wrong_value_defect("setting-missing", client_secret=None),
    _wrong_value_defect("setting-invalid", environment="sandpit"),
    _changed_value_defect("stray-whitespace", "client_secret", "{}\n".format),
    _changed_value_defect("quotes-kept", "client_secret", _ends_in_a_quote),
    _wrong_value_defect("masked-secret", client_secret=_MASKED),
    _changed_value_defect("odd-characters", "api_key", "{}\u200b".format),
    _wrong_value_defect("placeholder-left", api_key="<your-api-key>"),
    _wrong_value_defect("not-https", issuer_url="http://login.wych.example/realms/partner"),
    _changed_value_defect("trailing-slash", "issuer_url", "{}/".format),
    _changed_value_defect(
        "not-the-issuer", "issuer_url", "{}/.well-known/openid-configuration".format
    ),
    _changed_value_defect("not-a-base", "api_url", "{}/partner/p/app/a/users".format),
    _changed_value_defect("not-an-id", "app_id", "app/{}".format),
    Defect("swapped-credentials", "check", _use_secret_as_key),
    _wrong_value_defect("environment-mismatch", environment="sandbox"),
    _file_defect(
        "unknown-setting", lambda held: held.replace(b"WYCH_CLIENT_SECRET=", b"WYCH_CLIENT_SECERT=")
    ),
    _file_defect("env-file-bom", lambda held: b"\xef\xbb\xbf" + held, "lint"),
    _file_defect("env-file-line", lambda held: held.replace(b"WYCH_API_KEY=", b"WYCH_API_KEY ")),
    _file_defect("env-file-crlf", lambda held: held.replace(b"\n", b"\r\n"), "lint"),
    Defect("shell-shadows-file", "lint", _shadow_secret),
    Defect("wrong-host", "lint", _call_other_host),
    _changed_value_defect(
        "wrong-realm", "issuer_url", lambda held: held.replace("/partner", "/Partner")
    ),
    _changed_value_defect(
        "auth-prefix", "issuer_url", lambda held: held.replace("/realms", "/auth/realms")
    ),
    _changed_value_defect(
        "no-issuer-there", "issuer_url", lambda held: held.replace("/realms", "/realm")
    ),
    _changed_value_defect(
        "double-slash", "issuer_url", lambda held: held.replace("/realms", "//realms")
    ),
    _wrong_value_defect("unknown-client", client_id="mock-recipient-of-another-app"),
    _wrong_value_defect("wrong-client-secret", client_secret=_ANOTHER_SECRET),
    _wrong_value_defect("api-key-refused", api_key=_ANOTHER_KEY),
    _changed_value_defect("wrong-base-path", "api_url", lambda held: held.replace("/v3", "/v4")),
    _changed_value_defect("wrong-path", "api_url", "{}/more".format),
    _changed_value_defect(
        "bad-address", "api_url", lambda held: held.replace("127.0.0.1:", "127.0.0.1:port")
    ),
)
