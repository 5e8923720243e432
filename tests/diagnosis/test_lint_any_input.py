"""Lint over any text: it never breaks, and never shows a secret; the command's output and exit status."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import sys

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wych_kit.diagnosis import lint
from wych_kit.errors import SettingInvalid
from wych_kit.secret import MASK
from wych_kit.settings.loading import load_settings

# Made when the tests run, so that nothing in this file looks like one.
SECRET = "Canary" + "q7Zt" * 5
USERS = "https://api.wych.io/v3/partner/p/app/a/users"
TOKEN = "https://login.wych.app/realms/partner/protocol/openid-connect/token"
PIECES = (
    "curl ", "'", '"', "\\\n", "$'", "$A", "${", "$(", "`", " -H ", " -d ", " -u ", " -X ", "--json ", "--data-urlencode ", "-G ", "-L", " ", "\n", "\r\n",
    "^", "=", "%", "%zz", "#", ";", "{", "}", "[", "WYCH_API_KEY=", "WYCH_ISSUER_URL=", "WYCH_CLIENT_ID=", "export ", "https://", "//", "x-api-key: ", "Authorization: Bearer ",
    "client_secret=", "grant_type=client_credentials&", "\ufeff", "é", "\0", "\ud800", "@", "?", "xn--a.", USERS, TOKEN,
)  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=200),
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=5)), max_size=25).map("".join),
)
PLAIN_BASIC = base64.b64encode(f"kim:{SECRET}%zz".encode()).decode()
PASTED = (
    "curl {users}/ -H 'Authorization: Bearer {s}' -H 'x-api-key: {s} '",
    "curl -u 'kim:{s}+%zz' {token} -d grant_type=client-credentials -d client_secret={s}",
    'curl {token}?client_secret={s} --json \'{{"client_secret": "{s}"}}\'',
    "curl https://kim:{s}@login.wych.app//realms/Partner/protocol/openid-connect/token -d scope=",
    (
        "curl http://api.wych.io/v3/partner/p/app/a/users/?access_token={s} -H 'authorisation: {s}'"
        " -H 'apikey: {s}'"
    ),
    (
        "curl http://api.wych.io/v4/partner/{{partnerId}}/app/a/users -H 'Authorization: Basic {b}'"
        " -H 'Cookie: a={s}'"
    ),
    "curl 'http://[{s}' -d client_secret={s}",
    "curl {users} -H 'x-api-key: \"{s}' -H",
    "WYCH_CLIENT_ID='{s}'\r\nWYCH_CLIENT_SECRET={s}\nWYCH_API_KEY= {s} #{s}\nexport {s}={s}\n{s}",
    "\ufeffWYCH_ISSUER_URL=https://kim:{s}@login.wych.app/\nWYCH_API_URL=https://{{x}}:{s}@a/?{s}\nWYCH_CALLBACK_URL='{s}\nWYCH_{s}=1'",
    "WYCH_CLIENT_SECRET='{s}\n{s}=\n{s}'\nWYCH_CLIENT_SECRET=\"{s}\"\nWYCH_TOKEN_CACHE={s}\nWYCH_HOME={s}\nWYCH_ENVIRONMENT={s}",
    (
        '{{"log": {{"entries": [{{"request": {{"method": "POST", "url": "{token}", "headers":'
        ' [{{"name": "x-api-key", "value": "{s}"}}], "postData": {{"text":'
        ' "client_secret={s}"}}}}}}]}}}}'
    ),
    '{{"log": {{"entries": "{s}"}}}}',
    "https://a.example/?connection={s}&state={s}&user={s}&code={s}",
    "{s}",
)


def every(text, name=""):
    """All that a text gives: its remarks as text, or what was raised."""
    try:
        return "\n".join(map(str, lint.lint_text(text, name)))
    except SettingInvalid as error:
        return f"{error} {error!r}"


@given(TEXTS)
@example("curl ‹A›")
@example("curl \ud800 -d \ud800")
def test_no_text_breaks_it(text):
    """Any text gives remarks, or the one error that says what was expected, whichever kind it is taken for."""
    for name in ("", ".env", "a.har"):
        every(text, name)
    for read in (lint.lint_curl, lint.lint_har, lint.lint_address):
        with contextlib.suppress(SettingInvalid):
            read(text)


@given(
    st.sampled_from(["GET", "POST", "PUT"]),
    st.sampled_from(
        [
            USERS,
            TOKEN,
            "https://x.example/v3//a/../b/",
            "http://login.wych.app/auth/realms/x/.well-known/y",
        ]
    ),
    st.lists(
        st.tuples(
            st.sampled_from([b"Authorization", b"x-api-key", b"Content-Type", b"Origin"]),
            st.binary(max_size=40),
        )
    ),
    st.binary(max_size=60),
)
def test_no_request_breaks_it(method, url, headers, content):
    """Any bytes in headers and body give remarks."""
    request = httpx.Request(method, url, headers=headers, content=content)
    assert isinstance(
        lint.lint_request(
            request, load_settings(environ={"WYCH_ENVIRONMENT": "production"}), now=0
        ),
        tuple,
    )


@pytest.mark.parametrize("pasted", PASTED)
def test_no_secret_is_shown(pasted):
    """A secret in a header, a field, an address, a line, or where none belongs is in no remark and no error."""
    text = pasted.format(s=SECRET, users=USERS, token=TOKEN, b=PLAIN_BASIC)
    for name in ("", ".env"):
        said = every(text, name)
        assert said or name
        assert SECRET not in said
        assert SECRET.upper() not in said
        assert PLAIN_BASIC not in said


@given(st.integers(0, len(PASTED) - 1), st.integers(0, 300), st.integers(0, 300), TEXTS)
def test_no_secret_is_shown_in_broken_texts(number, begin, length, noise):
    """The same, with a part of the text gone and noise in its place."""
    text = (
        PASTED[number]
        .replace("{{", "{")
        .replace("}}", "}")
        .replace("{users}", USERS)
        .replace("{token}", TOKEN)
        .replace("{b}", PLAIN_BASIC)
    )
    text = (text[:begin] + noise + text[begin + length :]).replace("{s}", SECRET)
    for name in ("", ".env"):
        assert SECRET not in every(text, name)


# the command --------------------------------------------------------------------------------------------------------------


def test_the_file_in_force_is_looked_at(kit, project):
    """Without a name it is `.env`: 0 and a word when it is clean, 1 with place, reason and correction when it is not, 2 without one."""
    assert kit("lint").status == 2
    project.write_env(environment="mock", api_url="http://127.0.0.1:9924/v3/")
    ran = kit("lint", "--plain")
    assert (ran.status, ran.err) == (1, "")
    assert "line 2 is wrong: trailing-slash" in ran.out
    assert "  Use: WYCH_API_URL=http://127.0.0.1:9924/v3\n" in ran.out
    project.env.write_text("WYCH_ENVIRONMENT=mock\n", "utf-8")
    ran = kit("lint")
    assert (ran.status, ran.out.count("\n"), ran.err) == (0, 1, "")


def test_files_and_standard_input_are_looked_at(kit, project, monkeypatch):
    """Each named file, and `-`, by its kind; as JSON one document that holds every part of a remark and no secret."""
    (project.folder / "call.sh").write_text(
        f"curl {USERS} -H 'Authorization: Bearer {SECRET}'\n", "utf-8"
    )
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"curl -d a=b {TOKEN}".encode())))
    ran = kit("lint", "call.sh", "-", "--json")
    assert ran.status == 1
    rows = json.loads(ran.out)
    assert rows[0] == {
        "file": "call.sh",
        "reference": "api-key-missing",
        "where": "header x-api-key",
        "why": rows[0]["why"],
        "instead": f"x-api-key: {MASK}",
        "certain": True,
    }
    assert [row["file"] for row in rows[1:]] == ["-", "-"]
    assert SECRET not in ran.out + ran.err


@pytest.mark.parametrize("content", [None, b"\xff\xfe\0", b"nothing known"])
def test_what_cannot_be_read_is_said(kit, project, content):
    """A file that is not there, is no text or is of no known kind gives 2, and the reason on standard error."""
    if content is not None:
        (project.folder / "x.txt").write_bytes(content)
    ran = kit("lint", "x.txt", "--plain")
    assert (ran.status, ran.out) == (2, "")
    assert "x.txt" in ran.err


def test_a_call_is_looked_at_before_it_goes(kit, project, mock_wych):
    """`wych-kit call` says on standard error what is odd, and sends; about a right call it says nothing."""
    project.ready_on(mock_wych)
    assert kit("call", "GET", "users").err == ""
    ran = kit("call", "GET", "users/", "--plain")
    assert ran.status == 1
    assert "trailing-slash" in ran.err
    assert ran.err.index("trailing-slash") < ran.err.index("Failed:")


@pytest.mark.parametrize(
    "path", ["../users", "/partner/a/../b", "users/.", "%2e%2e/users", "..\\users"]
)
def test_dots_in_a_path_are_refused(kit, project, mock_wych, path):
    """Dots for a folder would make it another call: refused with the reason before anything is sent."""
    project.ready_on(mock_wych)
    ran = kit("call", "GET", path, "--plain")
    assert ran.status == 2
    assert "path" in ran.err.splitlines()[1]
    assert kit("journal").out == ""
