"""call, token, env, journal, forget: what they print, and with which exit status."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys

import pytest

from wych_kit.client.api import WychClient
from wych_kit.client.journal.history import History
from wych_kit.client.journal.recorder import Exchange
from wych_kit.secret import MASK
from wych_kit.settings.loading import load_settings
from wych_kit.terminal import cli
from wych_kit.terminal.commands.journal import describe_variables

EXCHANGE = {
    "started": "2026-01-01T00:00:00.000Z",
    "method": "GET",
    "url": "https://x.example/",
    "request_headers": [],
    "request_body": "",
}
SPACED = b'{ "users" :\n [1,2 ]}\n'


@pytest.fixture
def ready(project, mock_wych):
    """A `.env` that works on the mock."""
    project.ready_on(mock_wych)
    return project


@pytest.fixture
def kit_raw(capfdbinary):
    """Runs `wych-kit` and gives the very bytes."""

    def run(*words):
        capfdbinary.readouterr()
        status = cli.main(list(words))
        return status, *capfdbinary.readouterr()

    return run


# call ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body", [SPACED + b"\n", b"\xff\x00\r\n binary", b"", "māori".encode(), b"[1]\r\n"]
)
def test_a_pipe_gets_the_body_byte_for_byte(ready, mock_wych, kit_raw, body):
    """Nothing is laid out, decoded or added, and nothing else is on standard output."""
    mock_wych.answer_next(
        "api", status=200, headers={"Content-Type": "application/json"}, body=body
    )
    assert kit_raw("call", "GET", "users") == (0, body, b"")


@pytest.mark.parametrize("body", [SPACED.rstrip(), b"[]"])
def test_json_in_a_pipe_ends_in_a_line_break(ready, mock_wych, kit_raw, body):
    """JSON that came without one gets one, and is otherwise as it came."""
    mock_wych.answer_next(
        "api", status=200, headers={"Content-Type": "application/json"}, body=body
    )
    assert kit_raw("call", "GET", "users") == (0, body + b"\n", b"")


def test_settings_in_a_folder_below_are_pointed_at(project, kit):
    """Beside the folder that `wych-kit lab` made, a call says where it looked, what there is, and the way there; with neither it does not."""
    said = kit("call", "GET", "users").err
    assert "WYCH_PARTNER_ID is not set" in said
    assert "cd " not in said
    (project.folder / "wych-notebooks").mkdir()
    (project.folder / "wych-notebooks" / ".env").write_text("WYCH_ENVIRONMENT=mock\n", "utf-8")
    said = kit("call", "GET", "users").err
    assert str(project.env) in said
    assert "cd wych-notebooks" in said
    project.write_env(environment="mock")
    assert "cd " not in kit("call", "GET", "users").err


def test_a_person_gets_json_laid_out(ready, mock_wych, monkeypatch, tty):
    """In a terminal JSON is indented."""
    mock_wych.answer_next("api", status=200, body=SPACED)
    monkeypatch.setattr(sys, "stdout", tty())
    assert cli.main(["call", "GET", "users"]) == 0
    text = re.sub(r"\x1b\[[0-9;]*m", "", sys.stdout.getvalue())
    assert json.loads(text) == {"users": [1, 2]}
    assert len(text.splitlines()) > 4


@pytest.mark.parametrize(
    "path",
    [
        "users",
        "/partner/{partnerId}/app/{appId}/users",
        "/partner/0d9f4c51-6f0e-4c52-9a57-2c1f3f1b7a01/app/{appId}/users",
    ],
)
def test_paths_may_be_short_or_whole(ready, mock_wych, kit, path):
    """Below the app's own path, or from the API's address on; the ids are filled in."""
    ran = kit("call", "get", path)
    assert ran.status == 0
    assert len(json.loads(ran.out)) == 3
    assert mock_wych.requests[-1].path.endswith("/app/5b1c9a34-27e8-4c0f-8d3e-9f64d2a6e702/users")


def test_a_body_and_a_query(ready, mock_wych, kit):
    """`--json` is sent as it was typed, `-q` as parameters, both shown by the journal."""
    ran = kit(
        "call",
        "POST",
        "user",
        "--json",
        '{"email":  "kim@example.com"}',
        "-q",
        "a=1",
        "-q",
        "b=x=y&z",
        "-q",
        "c",
    )
    assert (ran.status, json.loads(ran.out)["email"]) == (0, "kim@example.com")
    sent = History(ready.home).read()[-1]
    assert sent.request_body == '{"email":  "kim@example.com"}'
    assert sent.url.endswith("/user?a=1&b=x%3Dy%26z&c=")


@pytest.mark.parametrize("text", ["{email: 1}", "", "{", "{'email': 'kim@example.com'}"])
def test_a_body_that_is_no_json_is_not_sent(ready, mock_wych, kit, text):
    """A quote that the shell ate is said before anything goes out."""
    ran = kit("call", "POST", "user", "--json", text)
    assert ran.status == 2
    assert "--json" in ran.err
    assert mock_wych.requests == []


@pytest.mark.parametrize(
    ("status", "reference"),
    [
        (403, "api-key-refused"),
        (404, "unknown"),
        (418, "unknown"),
        (500, "unknown"),
        (302, "redirected"),
    ],
)
def test_a_refusal_has_its_body_and_its_meaning(ready, mock_wych, kit, status, reference):
    """The body goes to standard output as ever, what it means to standard error; the exit status is 1."""
    mock_wych.answer_next(
        "api",
        status=status,
        headers={"Location": "https://elsewhere.example/"},
        body=b'{"message":"Forbidden"}',
    )
    ran = kit("call", "GET", "users")
    assert (ran.status, ran.out) == (1, '{"message":"Forbidden"}\n')
    assert reference in ran.err if reference != "unknown" else "does not know" in ran.err


def test_verbose_shows_the_wire_on_standard_error(ready, mock_wych, kit):
    """Every exchange whole, without secrets; standard output stays the body."""
    ran = kit("call", "GET", "users", "-v")
    assert len(json.loads(ran.out)) == 3
    for words in (
        "/.well-known/openid-configuration",
        "client_secret=‹WYCH_CLIENT_SECRET›",
        "x-api-key: ‹WYCH_API_KEY›",
        "response",
    ):
        assert words in ran.err
    assert mock_wych.credentials.client_secret not in ran.err
    assert mock_wych.credentials.api_key not in ran.err


def test_verbose_obeys_plain(ready, mock_wych, kit, monkeypatch, tty):
    """`--plain` holds for what goes to standard error too."""
    monkeypatch.setattr(sys, "stderr", tty())
    mock_wych.answer_next("api", status=403, body=b'{"message":"Forbidden"}')
    cli.main(["call", "GET", "users", "-v", "--plain"])
    assert "\x1b" not in sys.stderr.getvalue()
    assert "Forbidden" in sys.stderr.getvalue()


@pytest.mark.parametrize(
    ("changes", "words", "status", "name"),
    [
        ({"api_key": ""}, ("call", "GET", "users"), 2, "WYCH_API_KEY is not set"),
        ({"app_id": "a/b"}, ("call", "GET", "users"), 2, "WYCH_APP_ID"),
        ({}, ("call", "GET", "user/{userId}/token"), 2, "{userId}"),
        ({"client_secret": "not-the-one"}, ("call", "GET", "users"), 1, "wrong-client-secret"),
        ({"client_secret": "not-the-one"}, ("token",), 1, "wrong-client-secret"),
        ({"client_id": ""}, ("token",), 2, "WYCH_CLIENT_ID is not set"),
    ],
)
def test_what_stops_a_call_is_said(project, mock_wych, kit, changes, words, status, name):  # noqa: PLR0917 - pytest's table
    """Missing, wrong or refused: said on standard error with its name, nothing on standard output."""
    project.ready_on(mock_wych, **changes)
    ran = kit(*words)
    assert (ran.status, ran.out) == (status, "")
    assert name in ran.err


@pytest.mark.parametrize(
    "words", [("call", "GET", "users"), ("token",), ("token", "--raw"), ("start", "--json")]
)
def test_nothing_answers_is_status_3(project, kit, unused_address, words):
    """Told apart from a refusal, for every command that goes out; the attempt is in the journal."""
    project.write_env(
        environment="sandbox",
        issuer_url=f"{unused_address}/realms/partner",
        api_url=f"{unused_address}/v3",
        client_id="c",
        client_secret="s3cret",
        api_key="k",
        partner_id="p",
        app_id="a",
    )
    assert kit(*words).status == 3
    assert "ConnectError" in History(project.home).read()[-1].error


# token ---------------------------------------------------------------------------------------------------------------------


def test_the_token_is_explained_and_not_shown(ready, mock_wych, kit):
    """Seconds left, signature, each claim with its meaning; no part of the token itself, on neither stream."""
    ran = kit("token")
    assert ran.status == 0
    with WychClient(load_settings()) as client:
        raw = client.token().value.reveal()
    for words in (
        "Expires",
        "900 s",
        "Signature: valid",
        "the client that it was issued to",
        "its serial number",
        "mock-recipient",
    ):
        assert words in ran.out
    assert [part for part in raw.split(".") if part in ran.out + ran.err] == []
    assert "eyJ" not in ran.out + ran.err
    assert mock_wych.token_requests == 1


def test_raw_prints_the_token_and_nothing_else(ready, mock_wych, kit):
    """Fit for $(…): one line, and the same token that the calls use."""
    ran = kit("token", "--raw")
    assert (ran.status, ran.err) == (0, "")
    assert re.fullmatch(r"eyJ[\w-]+\.[\w-]+\.[\w-]+\n", ran.out)
    assert kit("token", "--raw").out == ran.out
    assert mock_wych.token_requests == 1


def test_an_opaque_token_is_nothing_wrong(ready, mock_wych, kit):
    """It cannot be read, and that is said; the exit status is 0."""
    body = json.dumps(
        {"access_token": "opaque-0123456789", "token_type": "Bearer", "expires_in": 60}
    ).encode()
    mock_wych.answer_next(
        "token", status=200, headers={"Content-Type": "application/json"}, body=body
    )
    ran = kit("token")
    assert ran.status == 0
    assert "opaque" in ran.out
    assert "opaque-0123456789" not in ran.out + ran.err
    assert "Signature: not checked" in ran.out


def test_a_signature_that_is_not_the_issuers_is_status_1(ready, mock_wych, kit):
    """Keys that do not fit the token: said, and the exit status is that of a refusal."""
    mock_wych.answer_next(
        "keys", status=200, headers={"Content-Type": "application/json"}, body=b'{"keys":[]}'
    )
    ran = kit("token")
    assert ran.status == 1
    assert "Signature: invalid" in ran.out


# env -----------------------------------------------------------------------------------------------------------------------


def test_env_shows_every_setting_with_its_origin(ready, mock_wych, kit, monkeypatch):
    """Value, where it comes from, what it hides; secrets as fingerprints only."""
    monkeypatch.setenv("WYCH_APP_ID", "another-app")
    ran = kit("env")
    assert (ran.status, ran.err) == (0, "")
    rows = {
        cells[0]: cells
        for line in ran.out.splitlines()
        if (cells := line.split("\t"))[0].startswith("WYCH_")
    }
    assert len(rows) == 21
    assert rows["WYCH_CLIENT_ID"][1:3] == ["mock-recipient", ".env line 6"]
    assert rows["WYCH_APP_ID"][1:] == [
        "another-app",
        "shell",
        "overrides .env line 10, which is different",
    ]
    assert rows["WYCH_TOKEN_CACHE"][1:3] == ["disk", "default (mock)"]
    assert re.fullmatch(f"{MASK} [0-9a-f]{{8}}", rows["WYCH_API_KEY"][1])
    assert mock_wych.credentials.api_key not in ran.out


def test_env_says_what_is_wrong_with_status_2(project, mock_wych, kit):
    """Oddities beside the value, problems below, each with its line."""
    project.write_env(issuer_url=f"{mock_wych.issuer_url}/", api_key="has a space ")
    ran = kit("env")
    assert ran.status == 2
    assert "a space at the start or end" in ran.out
    assert "WYCH_ISSUER_URL (.env line 1) ends in a slash" in ran.out


SECRET = "Zx8kQ2vLm4Rt7Yp1Ws9Bn3Hd"


@pytest.mark.parametrize(
    "values",
    [
        {"client_id": SECRET, "client_secret": "my-app"},
        {"client_id": SECRET, "client_secret": SECRET},
        {"client_id": "c", "client_secret": SECRET, "app_id": SECRET},
        {"api_url": f"https://kim:{SECRET}@api.example/v3"},
        {"portal_url": f"https://kim:{SECRET}@portal.example:8443/x"},
        {"api_url": f"https://kim:a/{SECRET}@api.example/v3"},
    ],
    ids=["swapped", "twice", "in an id", "in an address", "in another", "with a slash in it"],
)
@pytest.mark.parametrize("as_json", [False, True], ids=["plain", "json"])
def test_a_secret_in_the_wrong_place_is_a_secret_still(project, kit, values, as_json):
    """Swapped, pasted twice, or inside an address: `env` shows none of them."""
    project.write_env(**values, environment="sandbox")
    ran = kit("env", *(["--json"] if as_json else []))
    assert SECRET not in ran.out + ran.err
    assert MASK in ran.out


def test_env_as_json(project, mock_wych, kit):
    """One document: settings with origin and note, problems as sentences; 2 when there are any."""
    project.ready_on(mock_wych, api_key="\u2018curly\u2019")
    ran = kit("env", "--json")
    document = json.loads(ran.out)
    assert (ran.status, ran.err) == (2, "")
    assert {row["name"] for row in document["settings"]} >= {"WYCH_HOME", "WYCH_API_KEY"}
    assert any("curly quotes" in problem for problem in document["problems"])


def test_env_of_a_profile_that_is_not_there(project, kit):
    """It says so, with status 2, and shows what holds all the same."""
    ran = kit("env", "--profile", "workshop")
    assert ran.status == 2
    assert ".env.workshop" in ran.out


# journal -------------------------------------------------------------------------------------------------------------------


def test_the_journal_numbers_from_the_newest(ready, mock_wych, kit):
    """One row an exchange, newest last with the number 1; a number shows that one in full."""
    kit("call", "GET", "users")
    kit("call", "POST", "user", "--json", '{"email": "kim@example.com"}')
    ran = kit("journal")
    rows = [line.split("\t") for line in ran.out.splitlines()]
    assert rows[0] == ["number", "when", "request", "response"]
    assert [row[0] for row in rows[1:]] == ["4", "3", "2", "1"]
    assert rows[-1][2].startswith("POST ")
    assert re.fullmatch(r"200 OK, \d+ ms", rows[-1][3])
    one = kit("journal", "1")
    assert "kim@example.com" in one.out
    assert "x-amzn-requestid" in one.out.lower()


@pytest.mark.parametrize("number", ["0", "-1", "99"])
def test_a_number_that_there_is_not(ready, kit, number):
    """The range is said, with status 2."""
    kit("call", "GET", "users")
    ran = kit("journal", number)
    assert (ran.status, ran.out) == (2, "")
    assert "1 (the newest) to 3" in ran.err or "NUMBER" in ran.err


def test_the_journal_in_every_form(ready, mock_wych, kit):
    """curl, Python that compiles, JSON lines, HAR: one exchange or all, secrets as variables."""
    kit("call", "GET", "users")
    curl = kit("journal", "1", "--as", "curl").out
    assert curl.startswith("curl -sS -X GET ")
    assert '"x-api-key: ${WYCH_API_KEY}"' in curl
    python = kit("journal", "1", "--as", "python").out
    compile(python, "journal", "exec")
    assert "os.environ['WYCH_API_KEY']" in python
    lines = kit("journal", "--as", "jsonl").out.splitlines()
    assert [json.loads(line)["method"] for line in lines] == ["GET", "POST", "GET"]
    entries = json.loads(kit("journal", "--as", "har").out)["log"]["entries"]
    assert len(entries) == 3
    assert len(json.loads(kit("journal", "2", "--as", "har").out)["log"]["entries"]) == 1
    assert kit("journal", "--as", "curl").out.count("curl -sS") == 3


@pytest.mark.skipif(
    shutil.which("curl") is None or sys.platform == "win32", reason="needs curl and a shell"
)
def test_a_request_taken_home_works(ready, mock_wych, kit):
    """With what a person is told of its variables, the command gets the same answer as the kit did."""
    own = kit("call", "GET", "users").out
    curl, settings = kit("journal", "1", "--as", "curl").out, load_settings()
    told = dict(
        line.split(": ", 1)
        for line in describe_variables(curl, History(settings.home).read()[-1:], settings)
    )
    assert str(ready.env) in told["WYCH_API_KEY"]
    asked = re.search("`(.+)`", told["WYCH_ACCESS_TOKEN"])[1]
    shell = f"export WYCH_ACCESS_TOKEN=$({asked})\n{curl}"
    environ = os.environ | {"WYCH_API_KEY": settings.api_key.reveal()}
    ran = subprocess.run(
        ["sh", "-ec", shell], env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert (ran.returncode, json.loads(ran.stdout), ran.stderr) == (0, json.loads(own), "")


def test_a_customers_request_has_the_customers_token(ready, mock_wych, kit):
    """The service token opens no customer's data, so nobody is told to take that one; a profile is named."""
    ready.env.rename(ready.env.with_name(".env.mine"))
    exchange = Exchange(whose="customer", **EXCHANGE)
    lines = [
        *describe_variables(
            "${WYCH_ACCESS_TOKEN} ${WYCH_SESSION}", [exchange], load_settings("mine")
        )
    ]
    assert [line.split(":")[0] for line in lines] == ["WYCH_ACCESS_TOKEN"]
    assert "customer's own" in lines[0]
    (line,) = describe_variables(
        "${WYCH_ACCESS_TOKEN}", [Exchange(**EXCHANGE)], load_settings("mine")
    )
    assert line.endswith("token --raw --profile mine`")


def test_the_journal_is_that_of_these_settings(project, mock_wych, kit):
    """What another folder's settings sent, to another host or for another partner, is counted and not shown, but with `--all`."""
    project.ready_on(mock_wych)
    kit("call", "GET", "users")
    others = str(mock_wych.credentials.partner_id)
    project.ready_on(mock_wych, partner_id="partner-7")
    kit("call", "GET", "users")
    project.write_env(
        **{name: getattr(mock_wych, name) for name in ("issuer_url", "api_url")},
        partner_id="partner-7",
    )
    ran = kit("journal", "--as", "curl")
    assert others not in ran.out
    assert "partners: 1. --all" in ran.err
    assert others in kit("journal", "--all", "--as", "curl").out
    project.write_env(environment="production")
    ran = kit("journal")
    assert ran.out == ""
    assert "--all shows them" in ran.err
    assert "There are" not in kit("journal", "1", "--all").err


def test_an_empty_journal_is_no_mistake(project, kit):
    """It says how exchanges come about, on standard error; nothing for a pipe; status 0."""
    ran = kit("journal", "--as", "jsonl")
    assert (ran.status, ran.out) == (0, "")
    assert "call GET users" in ran.err


def test_a_line_of_another_making_does_not_stop_the_list(ready, kit):
    """Facts of the wrong kind in the file are shown as they are, or left out."""
    kit("call", "GET", "users")
    path = History(ready.home).path
    facts = json.loads(path.read_text().splitlines()[0])
    path.write_text(
        json.dumps(facts | {"seconds": "long"})
        + "\n"
        + json.dumps(facts | {"url": None})
        + "\n"
        + path.read_text()
    )
    for words in ((), ("--as", "har"), ("--as", "curl")):
        assert kit("journal", *words).status == 0


# forget --------------------------------------------------------------------------------------------------------------------


def test_forgetting_the_token(ready, mock_wych, kit):
    """The shared token goes, the journal and the settings stay; a second time there is nothing to remove."""
    kit("call", "GET", "users")
    ran = kit("forget")
    assert (ran.status, ran.out) == (0, "Removed: the token.\n")
    assert kit("forget").out == "There was nothing to remove.\n"
    assert History(ready.home).read()
    kit("call", "GET", "users")
    assert mock_wych.token_requests == 2


def test_forgetting_everything(ready, mock_wych, kit):
    """All tokens, of other settings too, and the journal; the settings and the mock's memory stay."""
    kit("call", "GET", "users")
    (ready.home / "mock.sqlite").write_text("the mock's")
    ran = kit("forget", "--everything")
    assert (ran.status, ran.out) == (0, "Removed: all tokens and the journal.\n")
    assert [path.name for path in ready.home.iterdir()] == ["mock.sqlite"]
    assert ready.env.exists()
    assert kit("forget", "--everything").out == "There was nothing to remove.\n"


def test_forgetting_without_settings_says_what_is_missing(project, kit):
    """Without a client there is no token of its own to find; `--everything` needs none."""
    project.write_env(environment="sandbox")
    assert kit("forget").status == 2
    assert kit("forget", "--everything").status == 0


def test_what_is_kept_is_the_users_only(ready, kit):
    """Every file that the commands leave is 0600."""
    kit("call", "GET", "users")
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in ready.home.rglob("*")
        if path.is_file()
    }
    assert len(modes) >= 2
    assert set(modes.values()) == {0o600}


def test_a_word_that_is_no_reference_finds_what_speaks_of_it(kit):
    """The nearest reference, else those whose texts have the word; a word that nothing has leads to the list."""
    assert "swapped-credentials" in kit("explain", "swapped").err
    assert "Did you mean wrong-realm?" in kit("explain", "wrong-relm").err
    ran = kit("explain", "xylophone")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.endswith("wych-kit explain\n")
