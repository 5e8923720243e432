"""`wych-kit start`: with nobody there, from a file, as one JSON document, and what it leaves."""

from __future__ import annotations

import json
import subprocess

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from wych_kit import WychClient
from wych_kit.client.journal.history import History
from wych_kit.journey.registration import demonstration_answers
from wych_kit.journey.session import Session
from wych_kit.secret import Secret
from wych_kit.settings.loading import load_settings
from wych_kit.terminal.commands import start as module

BROUGHT = ("issuer_url", "api_url", "client_id", "client_secret", "api_key", "partner_id", "app_id")


def write(path, answers, table=""):
    """An answers file, with a table or without."""
    path.write_text(
        (f"[{table}]\n" if table else "")
        + "".join(f"{name} = {json.dumps(text)}\n" for name, text in answers.items())
    )
    return path


def test_nobody_to_ask_can_bring(project, mock_wych, kit):
    """`--bring` asks for credentials, not for a registration; what is missing is named."""
    project.on(mock_wych)
    ran = kit("start", "--bring", "--json")
    assert ran.status == 2
    assert list(json.loads(ran.out)["missing"]) == [
        f"WYCH_{each}" for each in ("CLIENT_ID", "CLIENT_SECRET", "API_KEY", "PARTNER_ID", "APP_ID")
    ]


def test_on_the_mock_nobody_is_needed(project, mock_wych, kit):
    """What nobody answers is answered by the demonstration, and that is said, by name; all is done and saved."""
    project.on(mock_wych)
    ran = kit("start")
    assert (ran.status, ran.err) == (0, "")
    assert "demonstration answers" in ran.out
    assert "First name, Last name, Email, Password, Business name, NZBN, App name" in ran.out
    assert "WYCH_CLIENT_SECRET" in ran.out.split("Saved to")[1]
    assert load_settings(path=project.env, environ={}).client_secret


def test_a_second_start_asks_and_registers_nothing(project, mock_wych, kit):
    """With credentials there, the first step sends nothing, and no demonstration is spoken of."""
    project.ready_on(mock_wych)
    ran = kit("start")
    assert ran.status == 0
    assert "demonstration" not in ran.out
    assert "Saved to" not in ran.out
    assert [
        request.path for request in mock_wych.requests if request.path.startswith("/portal")
    ] == []


def test_new_credentials_when_asked_for(project, mock_wych, kit):
    """`--new` registers a new app; the old one, which another clone may use, still works."""
    project.on(mock_wych)
    kit("start")
    old = load_settings(path=project.env, environ={})
    assert kit("start", "--new").status == 0
    new = load_settings(path=project.env, environ={})
    assert (old.app_name, new.app_name) == ("Kowhai Budgeting", "Kowhai Budgeting 2")
    assert new.app_id != old.app_id
    with WychClient(old.with_(token_cache="memory")) as client:
        assert client.users() == []


@pytest.mark.parametrize("environment", ["sandbox", "production"])
@pytest.mark.parametrize("as_json", [False, True], ids=["plain", "json"])
def test_without_a_person_wych_gets_nothing_invented(
    project, kit, unused_address, environment, as_json
):
    """On the sandbox and in production exactly what is missing is named, the exit status is 2, and no demonstration is used."""
    project.write_env(
        environment=environment, client_id="c", issuer_url="https://login.example/realms/partner"
    )
    before = project.env.read_bytes()
    ran = kit("start", *(["--json"] if as_json else []))
    missing = {
        "WYCH_API_URL",
        "WYCH_CLIENT_SECRET",
        "WYCH_API_KEY",
        "WYCH_PARTNER_ID",
        "WYCH_APP_ID",
    }
    missing -= {"WYCH_API_URL"} if environment == "production" else set()
    assert (ran.status, ran.err) == (2, "")
    if as_json:
        document = json.loads(ran.out)
        assert (document["ok"], set(document["missing"])) == (False, missing)
    else:
        named = {
            line.split(":")[0].strip()
            for line in ran.out.splitlines()
            if line.startswith("  WYCH_")
        }
        assert named == missing
    assert project.env.read_bytes() == before
    assert History(project.home).read() == []


def test_a_misspelt_environment_is_said_first(project, kit):
    """Nothing is asked, and nothing saved, for an environment that there is not."""
    project.write_env(environment="sandbx")
    ran = kit("start")
    assert ran.status == 2
    assert "did you mean sandbox?" in ran.err
    assert "missing" not in ran.out


@pytest.mark.parametrize("table", ["", "register"])
def test_answers_from_a_file(project, mock_wych, kit, table):
    """With the step's table or flat; what the file leaves open is the demonstration's, on the mock only."""
    project.on(mock_wych)
    write(
        project.folder / "answers.toml",
        {"app_name": "Aroha's app", "password": 'has "quotes" and \\'},
        table,
    )
    ran = kit("start", "--answers", "answers.toml")
    assert ran.status == 0
    assert load_settings(path=project.env, environ={}).app_name == "Aroha's app"
    assert "App name" not in ran.out.split("demonstration answers")[1].splitlines()[0]
    assert "First name" in ran.out.split("demonstration answers")[1].splitlines()[0]


def test_credentials_from_a_file(project, mock_wych, kit):
    """For the real Wych, the file brings what the portal showed; it is checked, saved and used."""
    project.write_env(environment="sandbox")
    ready = mock_wych.credentials
    answers = {
        name: getattr(ready if hasattr(ready, name) else mock_wych, name) for name in BROUGHT
    }
    write(
        project.folder / "answers.toml",
        answers | {"client_secret": "wrong-but-well-formed", "api_key": "key-1", "client_id": "c"},
    )
    ran = kit("start", "--answers", "answers.toml")
    assert ran.status == 1
    kept = load_settings(path=project.env, environ={})
    assert (kept.client_secret, kept.partner_id) == (
        Secret("wrong-but-well-formed"),
        ready.partner_id,
    )
    assert "unknown-client" in ran.out


@pytest.mark.parametrize(
    "case",
    [
        (b"frist_name = 'Kim'", "did you mean first_name?"),
        (b"[register]\nnzbn = 9429000000109", "nzbn without quotes"),
        (b"[discover]\nx = 'y'", "'x'"),
        (b"[elsewhere]\nnzbn = '9429000000109'", "'elsewhere'"),
        (b"first_name: Kim", "TOML"),
        (b"\xff\xfe\x00", "TOML"),
        (b"nzbn = ['9429000000109']", "nzbn without quotes"),
        (None, "No such file or directory"),
    ],
)
@pytest.mark.parametrize("as_json", [False, True], ids=["plain", "json"])
def test_an_answers_file_that_will_not_do(project, mock_wych, kit, case, as_json):
    """The file is named and what is wrong in it; nothing is sent, the exit status is 2."""
    content, words = case
    project.on(mock_wych)
    if content is not None:
        (project.folder / "answers.toml").write_bytes(content)
    ran = kit("start", "--answers", "answers.toml", *(["--json"] if as_json else []))
    assert ran.status == 2
    said = json.loads(ran.out)["diagnosis"]["evidence"][0] if as_json else " ".join(ran.err.split())
    assert words in said
    assert "answers.toml" in said
    assert mock_wych.requests == []


def test_a_byte_order_mark_is_no_mistake(project, mock_wych, kit):
    """Some editors put one there."""
    project.on(mock_wych)
    (project.folder / "answers.toml").write_bytes(b"\xef\xbb\xbffirst_name = 'Kim'\n")
    assert kit("start", "--answers", "answers.toml").status == 0


@pytest.mark.parametrize("as_json", [False, True], ids=["plain", "json"])
def test_a_wrong_answer_in_a_file_stops_it(project, mock_wych, kit, as_json):
    """With nobody to ask again, the wrong answer is named and the exit status is 2."""
    project.on(mock_wych)
    write(project.folder / "answers.toml", {"nzbn": "9429000000108"})
    ran = kit("start", "--answers", "answers.toml", *(["--json"] if as_json else []))
    assert ran.status == 2
    assert "digit" in ran.out
    if as_json:
        step = json.loads(ran.out)["steps"][-1]
        assert (step["outcome"], list(step["faults"]), step["diagnosis"]) == (
            "failed",
            ["nzbn"],
            None,
        )
    assert mock_wych.requests == []


def test_json_is_one_document_and_nothing_else(project, mock_wych, kit):
    """Standard output parses as a whole; it has every step, the facts, the exchanges, what was saved and what was assumed."""
    project.on(mock_wych)
    ran = kit("start", "--json")
    document = json.loads(ran.out)
    assert (ran.status, ran.err) == (0, "")
    assert document["ok"] is True
    assert [step["name"] for step in document["steps"]] == [
        "register",
        "discover",
        "token",
        "first_call",
    ]
    assert document["saved"]["file"] == str(project.env)
    assert "WYCH_API_KEY" in document["saved"]["settings"]
    assert len(document["demonstration_answers"]) == 7
    assert all(exchange["status"] for step in document["steps"] for exchange in step["exchanges"])


def test_json_tells_a_refusal_whole(project, mock_wych, kit):
    """A failed step has its diagnosis: reference, cause, evidence, action, side, basis, source."""
    project.ready_on(mock_wych, client_secret="not-the-one-it-is")
    ran = kit("start", "--json")
    last = json.loads(ran.out)["steps"][-1]
    assert ran.status == 1
    assert (last["name"], last["outcome"]) == ("token", "failed")
    assert last["diagnosis"]["reference"] == "wrong-client-secret"
    assert last["diagnosis"]["side"] == "yours"
    assert set(last["diagnosis"]) == {
        "stage",
        "reference",
        "cause",
        "evidence",
        "action",
        "side",
        "basis",
        "source",
        "confidence",
        "runner_up",
    }


def test_json_asks_nobody(project, mock_wych, kit, monkeypatch):
    """Also in a terminal, `--json` never prompts."""
    project.on(mock_wych)
    monkeypatch.setattr(module, "is_interactive", lambda: pytest.fail("looked for a person"))
    assert kit("start", "--json").status == 0


def test_nothing_answers_is_status_3(project, unused_address, kit):
    """Unreachable is told apart from refused, with the reference of why."""
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
    ran = kit("start")
    assert ran.status == 3
    assert "connection-refused" in ran.out


def test_the_shells_older_value_stops_it_and_is_named(project, mock_wych, kit, monkeypatch):
    """Nothing is registered whose credentials would not count; the exit status is 2."""
    project.on(mock_wych)
    monkeypatch.setenv("WYCH_CLIENT_SECRET", "an-older-secret")
    ran = kit("start", "--new")
    assert ran.status == 2
    assert "WYCH_CLIENT_SECRET" in ran.out
    assert "shell-shadows-file" in ran.out
    assert "an-older-secret" not in ran.out + ran.err
    assert mock_wych.requests == []


def test_one_missing_value_is_named_and_replaces_nothing(project, mock_wych, kit):
    """A registration that lost one value is not registered over: the value is asked for, and how to register anew is said."""
    project.on(mock_wych)
    kit("start")
    lines = project.env.read_text().splitlines()
    project.env.write_text(
        "\n".join(line for line in lines if not line.startswith("WYCH_API_KEY")) + "\n"
    )
    before, seen = project.env.read_bytes(), len(mock_wych.requests)
    ran = kit("start")
    assert ran.status == 2
    assert "WYCH_API_KEY" in ran.out
    assert "--new" in ran.out
    assert project.env.read_bytes() == before
    assert len(mock_wych.requests) == seen


def test_an_older_value_in_the_shell_is_named_when_it_is_refused(
    project, mock_wych, kit, monkeypatch
):
    """A client id that nobody knows and that hides another one: the hiding is what to look at."""
    project.on(mock_wych)
    kit("start")
    monkeypatch.setenv("WYCH_CLIENT_ID", "an-older-id")
    ran = kit("start")
    assert ran.status == 1
    assert "WYCH_CLIENT_ID in your shell" in ran.out


def test_where_it_failed_it_goes_on(project, mock_wych, kit):
    """After a failure the next start does what is left: the registration is not repeated."""
    project.on(mock_wych)
    mock_wych.answer_next("api", status=403, body=b'{"message":"Forbidden"}')
    ran = kit("start")
    assert ran.status == 1
    assert "api-key-refused" in ran.out
    assert "continue" in ran.out
    portal = len([request for request in mock_wych.requests if request.path.startswith("/portal")])
    assert kit("start").status == 0
    assert (
        len([request for request in mock_wych.requests if request.path.startswith("/portal")])
        == portal
    )


def test_every_exchange_goes_into_the_history(project, mock_wych, kit):
    """Also those of a journey that failed."""
    project.on(mock_wych)
    mock_wych.answer_next("token", status=400, body=b"{}")
    kit("start")
    kept = History(project.home).read()
    assert [exchange.status for exchange in kept][-1] == 400
    assert len(kept) == len(mock_wych.requests)


def test_an_unwritable_disk_does_not_stop_it(project, mock_wych, kit, monkeypatch):
    """No place for history and tokens: the journey comes through all the same."""
    project.ready_on(mock_wych)
    project.home.write_text("in the way")
    monkeypatch.setenv("WYCH_HOME", str(project.home / "below"))
    assert kit("start").status == 0


def test_a_profile_has_its_own_file(project, mock_wych, kit):
    """`--profile` reads and writes .env.NAME, and leaves .env alone."""
    project.on(mock_wych)
    project.env.rename(project.folder / ".env.workshop")
    assert kit("start", "--profile", "workshop").status == 0
    assert not project.env.exists()
    assert load_settings("workshop", environ={}).client_secret


@pytest.mark.parametrize("shadowed", [False, True])
def test_ctrl_c_saves_what_was_brought(project, kit, monkeypatch, shadowed):
    """A person who breaks off on the sandbox finds the answers saved, and is told so, or told why the shell will win; 130."""
    project.write_env(environment="sandbox")
    if shadowed:
        monkeypatch.setenv("WYCH_API_URL", "https://api.example/v3")
    with create_pipe_input() as keyboard, create_app_session(keyboard, DummyOutput()):
        keyboard.send_text(
            "https://login.example/realms/partner\r"
            + ("" if shadowed else "https://api.example/v2\r")
            + "c\r\x03"
        )
        monkeypatch.setattr(module, "is_interactive", lambda: True)
        ran = kit("start")
    assert ran.status == 130
    assert "WYCH_CLIENT_ID" in ran.out.split("Saved to")[1]
    assert "start" in ran.out.split("To continue")[1]
    kept = load_settings(path=project.env, environ={})
    assert (kept.issuer_url, kept.client_id) == ("https://login.example/realms/partner", "c")


def test_ctrl_c_that_cannot_save_says_why(project, kit, monkeypatch):
    """When git would commit the file, nothing is written, and that is said instead of a promise."""
    project.write_env(environment="sandbox")
    subprocess.run(["git", "init", "-q", str(project.folder)], check=True, capture_output=True)
    with create_pipe_input() as keyboard, create_app_session(keyboard, DummyOutput()):
        keyboard.send_text("https://login.example/realms/partner\r\x03")
        monkeypatch.setattr(module, "is_interactive", lambda: True)
        ran = kit("start")
    assert ran.status == 130
    assert ".gitignore" in ran.out
    assert "Saved to" not in ran.out


def test_the_connections_are_closed(project, mock_wych, kit, monkeypatch):
    """Whatever comes of it, the session is closed in the end."""
    closed, close = [], Session.close
    monkeypatch.setattr(Session, "close", lambda self: closed.append(close(self)))
    project.on(mock_wych)
    write(project.folder / "answers.toml", demonstration_answers())
    kit("start", "--answers", "answers.toml")
    assert closed
