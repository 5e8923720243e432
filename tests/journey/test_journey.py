"""The journey without a face: what it asks, what it brings, what it saves; and the same through every face."""

from __future__ import annotations

import json
import stat
import subprocess

import pytest
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from wych_kit.errors import SettingInvalid, SettingMissing
from wych_kit.journey.onboarding import REGISTER, STEPS, TOKEN, pending_fields
from wych_kit.journey.registration import ACCOUNT_FIELDS, CREDENTIAL_FIELDS, demonstration_answers
from wych_kit.journey.session import Session
from wych_kit.journey.step import Done, Failed, run
from wych_kit.secret import Secret
from wych_kit.settings.loading import load_settings
from wych_kit.terminal.screen import Screen
from wych_kit.terminal.walkthrough import PreparedAnswers, PromptedAnswers, walk


@pytest.fixture
def session(project):
    """Makes a session on the present `.env`."""
    made = []

    def make(**options):
        made.append(Session(load_settings(path=project.env), project.env, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


def essence(walked):
    """What every face has to agree on: each step's outcome, its facts, and what went over the wire."""
    return [
        {
            "name": step.name,
            "outcome": type(outcome).__name__.lower(),
            "have": outcome.have,
            "facts": [[fact.label, fact.value, fact.remark] for fact in outcome.facts],
            "sent": [
                [each.method, each.url, each.request_body, each.status]
                for each in outcome.exchanges
            ],
        }
        for step, outcome in walked.outcomes
    ]


def essence_of(document):
    """The same of the JSON document."""
    return [
        {
            "name": step["name"],
            "outcome": step["outcome"],
            "have": step["have"],
            "facts": [list(fact.values()) for fact in step["facts"]],
            "sent": [
                [each["method"], each["url"], each["request_body"], each["status"]]
                for each in step["exchanges"]
            ],
        }
        for step in document["steps"]
    ]


def typed(answers):
    return (
        "".join(f"{answers[field.name]}\r" for field in ACCOUNT_FIELDS) + "\r" * 3
    )  # after three steps, Enter goes on


RANDOM = "Xq7Lr2Vt9Kp4Zm1Nc8Bw5Hd3Gs6Jf0Ya"


@pytest.fixture
def sandbox(project, mock_wych):
    """Writes a `.env` for a sandbox that is complete but for these changes; `None` leaves a line out."""

    def write(**changes):
        addresses = {"issuer_url": mock_wych.issuer_url, "api_url": mock_wych.api_url}
        ids = {
            "client_id": "my-app",
            "client_secret": RANDOM,
            "api_key": "k" * 40,
            "partner_id": "partner-7",
            "app_id": "app-7",
        }
        values = addresses | ids | changes
        project.write_env(
            environment="sandbox",
            **{name: value for name, value in values.items() if value is not None},
        )

    return write


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"client_id": RANDOM, "client_secret": "my-app"}, ["client_id", "client_secret"]),
        ({"client_secret": "k" * 40, "api_key": "k" * 40}, ["client_secret", "api_key"]),
        ({"api_key": "mock-only-not-a-real-key"}, ["api_key"]),
    ],
    ids=["swapped", "the same text", "the mock's own"],
)
def test_answers_that_clash_are_refused_before_they_are_saved(
    project, sandbox, session, changes, named
):
    """What is wrong only side by side marks the fields, in their labels, and leaves the file as it was."""
    sandbox(**dict.fromkeys(changes))
    before = project.env.read_text()
    failed = run(REGISTER, session(), changes)
    assert isinstance(failed, Failed)
    assert list(failed.faults) == named
    assert not any(
        name in " ".join(failed.faults.values()) for name in ("WYCH_CLIENT", "WYCH_API_KEY")
    )
    assert project.env.read_text() == before


def test_an_answer_that_clashes_with_what_is_saved_is_marked_itself(project, sandbox, session):
    """The secret pasted where the key belongs is refused there, although the rule names the later of the two."""
    sandbox(client_secret=None)
    failed = run(REGISTER, session(), {"client_secret": "k" * 40})
    assert failed.faults.keys() == {"client_secret"}


def test_what_cannot_be_right_in_the_file_is_asked_again(project, sandbox, session, monkeypatch):
    """With the reason and its line, without suggesting it; what the shell says is left to the shell; and answered well, it is done."""
    sandbox(client_id=RANDOM, client_secret="my-app", partner_id="<your partner id>")
    asked = {field.name: field for field in REGISTER.fields(session())}
    assert list(asked) == ["client_id", "client_secret", "partner_id"]
    assert {field.suggestion for field in asked.values()} == {""}
    assert asked["client_id"].help.count(".env line 4")
    assert "Client secret looks like an id" in asked["client_id"].help
    good = {"client_id": "my-app", "client_secret": Secret(RANDOM), "partner_id": "partner-7"}
    assert isinstance(run(REGISTER, session(), good), Done)
    assert load_settings(path=project.env).client_secret == Secret(RANDOM)
    monkeypatch.setenv("WYCH_CLIENT_ID", "<your id>")
    assert [field.name for field in REGISTER.fields(session())] == []
    assert isinstance(run(REGISTER, session()), Failed)


def test_breaking_off_keeps_nothing_that_clashes(project, sandbox, session):
    """Of what was brought until Ctrl-C, only what can be right is saved."""
    sandbox(client_id=None, client_secret=None, app_id=None)
    session().save_credentials({"client_id": RANDOM, "client_secret": "my-app", "app_id": "app-9"})
    kept = load_settings(path=project.env)
    assert (kept.client_id, kept.client_secret, kept.app_id) == (None, None, "app-9")


def test_registering_is_put_as_what_it_is(project, mock_wych, sandbox, session):
    """On the mock one registers; with an account at Wych one enters what its portal shows, and is told whom to ask for addresses."""
    project.on(mock_wych)
    words = REGISTER.wording(session())
    assert (words.title, words.button) == ("Register", "Register")
    sandbox()
    assert REGISTER.wording(session()).title == "Your app's credentials"
    sandbox(client_id=None)
    words = REGISTER.wording(session())
    assert (words.title, words.button) == ("Paste your app's credentials", "Check and save")
    assert "addresses of the sandbox" in words.why
    project.write_env(environment="production", portal_url="https://portal.example")
    assert "https://portal.example" in REGISTER.wording(session()).why
    assert "ask Wych" not in REGISTER.wording(session()).why
    project.write_env(environment="production", portal_url="https://kim:canary@portal.example")
    assert "canary" not in REGISTER.wording(session()).why


def test_what_the_mocks_portal_showed_is_entered_instead(project, mock_wych, session):
    """On the mock too one may bring credentials; there and back again, nothing is lost, and the file is only written at the end."""
    project.on(mock_wych)
    there = session()
    assert there.settings.portal_url == REGISTER.wording(there).link
    assert REGISTER.wording(there).other == "Paste my credentials"
    REGISTER.switch_mode(there)
    names = ["client_id", "client_secret", "api_key", "partner_id", "app_id"]
    assert [field.name for field in REGISTER.fields(there)] == names
    assert REGISTER.wording(there).other == "Register here instead"
    REGISTER.switch_mode(there)
    assert REGISTER.fields(there) == ACCOUNT_FIELDS
    REGISTER.switch_mode(there)
    outcome = run(REGISTER, there, {name: getattr(mock_wych.credentials, name) for name in names})
    assert isinstance(outcome, Done)
    assert not outcome.exchanges
    assert there.settings.client_id == mock_wych.credentials.client_id
    assert not REGISTER.fields(there)


def test_registering_anew_can_be_left(project, mock_wych, session):
    """Begun and thought better of: what was there is kept. What is missing cannot be kept."""
    project.ready_on(mock_wych)
    there = session()
    run(REGISTER, there)
    REGISTER.reset(there)
    assert REGISTER.fields(there) == ACCOUNT_FIELDS
    assert REGISTER.wording(there).other == "Keep the present credentials"
    REGISTER.switch_mode(there)
    assert not REGISTER.fields(there)
    assert load_settings(path=project.env).client_id == mock_wych.credentials.client_id


def test_the_same_journey_through_every_face(project, mock_wych, session, tty, kit):
    """Unseen, in colour, plain, as JSON and typed by a person: the same answers give the same outcomes and the same requests."""
    answers = demonstration_answers() | {
        "first_name": "Aroha",
        "nzbn": "9429041525746",
        "app_name": "Pōneke Budgeting",
    }
    (project.folder / "answers.toml").write_text(
        "".join(f"{name} = {json.dumps(text)}\n" for name, text in answers.items())
    )
    found = {}

    def anew():
        mock_wych.reset()
        project.on(mock_wych, token_cache="memory")
        return session()

    found["unseen"] = essence(walk(anew(), None, PreparedAnswers(answers)))
    found["colour"] = essence(walk(anew(), Screen(file=tty()), PreparedAnswers(answers)))
    found["plain"] = essence(walk(anew(), Screen(plain=True, file=tty()), PreparedAnswers(answers)))
    with create_pipe_input() as keyboard:
        keyboard.send_text(typed(answers))
        there = anew()
        screen = Screen(file=tty())
        found["person"] = essence(
            walk(there, screen, PromptedAnswers(screen, {}, input=keyboard, output=DummyOutput()))
        )
    anew()
    ran = kit("start", "--json", "--answers", "answers.toml")
    found["json"] = essence_of(json.loads(ran.out))

    assert [step["outcome"] for step in found["unseen"]] == ["done"] * 4
    for face, outcome in found.items():
        assert outcome == found["unseen"], face


def test_registering_brings_and_keeps_the_credentials(project, mock_wych, session):
    """Three credentials and two ids end up in the settings and in `.env`, readable by the owner only, the app's name beside them."""
    project.on(mock_wych)
    there = session()
    outcome = run(REGISTER, there, demonstration_answers())
    assert isinstance(outcome, Done)
    again = load_settings(path=project.env)
    assert again.problems() == ()
    assert all(
        (again.client_id, again.client_secret, again.api_key, again.partner_id, again.app_id)
    )
    assert again.app_name == demonstration_answers()["app_name"]
    assert again.client_secret == there.settings.client_secret
    assert stat.S_IMODE(project.env.stat().st_mode) == 0o600
    assert [
        each.request_body for each in outcome.exchanges if "mock-only-password" in str(each)
    ] == []
    facts = {fact.label: fact for fact in outcome.facts}
    assert facts["Client id"].value == again.client_id
    assert facts["Client secret"].remark == f"fingerprint {again.client_secret.fingerprint()}"


def test_who_is_registered_is_asked_nothing(project, mock_wych, session):
    """With credentials there, registering sends nothing and saves nothing; the file stays as it was, byte for byte."""
    project.ready_on(mock_wych)
    before = project.env.read_bytes()
    there = session()
    assert pending_fields(there) == ()
    outcome = run(REGISTER, there)
    assert isinstance(outcome, Done)
    assert (outcome.exchanges, there.saved, project.env.read_bytes()) == ((), (), before)
    assert mock_wych.requests == []


def test_registering_anew_makes_another_app_and_leaves_the_first_alone(project, mock_wych, session):
    """`afresh` asks again; the account is signed in to, the app's name gets a number, and what the old credentials opened stays open."""
    project.on(mock_wych)
    assert isinstance(run(REGISTER, session(), demonstration_answers()), Done)
    old = load_settings(path=project.env)
    there = session(register_again=True)
    assert [field.name for field in pending_fields(there)] == [
        field.name for field in ACCOUNT_FIELDS
    ]
    assert walk(there, None, PreparedAnswers(demonstration_answers())).status == 0
    new = load_settings(path=project.env)
    assert new.partner_id == old.partner_id
    assert new.app_name == f"{old.app_name} 2"
    for name in ("client_id", "app_id", "client_secret", "api_key"):
        assert getattr(new, name) != getattr(old, name)
    assert pending_fields(there) == (), "once is enough"
    credentials = {name: getattr(old, name) for name in ("client_id", "partner_id", "app_id")}
    project.ready_on(
        mock_wych,
        **credentials,
        client_secret=old.client_secret.reveal(),
        api_key=old.api_key.reveal(),
    )
    assert walk(session(), None, PreparedAnswers({})).status == 0


def test_another_persons_address_is_refused_by_its_field(project, mock_wych, session):
    """The address exists with another password: that is what is said, at the field to correct, and nothing is saved."""
    project.on(mock_wych)
    run(REGISTER, session(), demonstration_answers())
    project.on(mock_wych)
    there = session()
    outcome = run(REGISTER, there, demonstration_answers() | {"password": "not the same one"})
    assert isinstance(outcome, Failed)
    assert list(outcome.faults) == ["password"]
    assert (outcome.error.status, there.saved) == (401, ())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("first_name", "Kim\x07"),
        ("business_name", "Kowhai\x07"),
        ("app_name", "   "),
        ("email", "kim@example.com\x00"),
        ("password", "has a\ttab in it"),
    ],
)
def test_what_only_the_portal_knows_comes_back_under_our_names(
    project, mock_wych, session, name, text
):
    """Whatever field the portal refuses, the fault is at the question that was asked."""
    project.on(mock_wych)
    outcome = run(REGISTER, session(), demonstration_answers() | {name: text})
    assert isinstance(outcome, Failed)
    assert list(outcome.faults) == [name]
    assert outcome.diagnosis.reference == "registration-refused"


def test_credentials_brought_from_wych_are_kept_and_used(project, mock_wych, session):
    """On the sandbox the portal is not called: what is brought is saved, and only what is missing is asked."""
    project.write_env(
        environment="sandbox", issuer_url=mock_wych.issuer_url, partner_id="partner-7"
    )
    there = session()
    assert [field.name for field in pending_fields(there)] == [
        "api_url",
        "client_id",
        "client_secret",
        "api_key",
        "app_id",
    ]
    brought = {
        "api_url": mock_wych.api_url,
        "client_id": "client_1",
        "client_secret": Secret("s3cret=#'$x"),
        "api_key": Secret("k3y"),
        "app_id": "a",
    }
    outcome = run(REGISTER, there, brought)
    assert isinstance(outcome, Done)
    assert (outcome.exchanges, mock_wych.requests) == ((), [])
    kept = load_settings(path=project.env)
    assert (kept.environment.name, kept.client_secret, kept.partner_id) == (
        "sandbox",
        Secret("s3cret=#'$x"),
        "partner-7",
    )


def test_what_the_shell_says_wins_and_that_is_said(project, mock_wych, session, monkeypatch):
    """A variable in the shell would hide what is saved: nothing is registered, and nothing saved, before that is put right."""
    project.on(mock_wych)
    monkeypatch.setenv("WYCH_API_KEY", "an-older-key")
    there = session(register_again=True)
    outcome = run(REGISTER, there, demonstration_answers())
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, SettingInvalid)
    assert (outcome.diagnosis.reference, outcome.error.name) == (
        "shell-shadows-file",
        "WYCH_API_KEY",
    )
    assert there.saved == ()
    assert mock_wych.requests == []


def test_a_file_that_git_would_commit_is_not_written(project, mock_wych, session):
    """Credentials do not go where git would publish them: the step fails, and says what to do."""
    project.on(mock_wych)
    subprocess.run(["git", "init", "-q", str(project.folder)], check=True, capture_output=True)
    outcome = run(REGISTER, session(), demonstration_answers())
    assert isinstance(outcome, Failed)
    assert outcome.diagnosis.reference == "env-file-committable"


def test_a_session_without_settings_says_what_is_missing(project, session):
    """Steps run out of turn name the setting they lack, and their own stage."""
    project.write_env(environment="sandbox")
    for step, name in ((STEPS[1], "WYCH_ISSUER_URL"), (STEPS[3], "WYCH_API_URL")):
        outcome = run(step, session())
        assert isinstance(outcome.error, SettingMissing)
        assert (outcome.error.name, outcome.exchanges) == (name, ())


def test_one_token_serves_the_whole_journey(project, mock_wych, session):
    """Four steps and one request for a token; with the disk cache, a second journey needs none."""
    project.ready_on(mock_wych)
    assert walk(session(), None, PreparedAnswers({})).status == 0
    assert mock_wych.token_requests == 1
    assert walk(session(), None, PreparedAnswers({})).status == 0
    assert mock_wych.token_requests == 1


def test_the_first_call_shows_what_it_was(project, mock_wych, session):
    """The address with the ids in it, the status, the beginning of the body, and the command that gives it as curl, profile included."""
    project.ready_on(mock_wych)
    outcome = run(STEPS[-1], session(profile="sandbox"))
    facts = {fact.label: fact.value for fact in outcome.facts}
    known = mock_wych.credentials
    assert (
        facts["Call"]
        == f"GET {mock_wych.api_url}/partner/{known.partner_id}/app/{known.app_id}/users"
    )
    assert facts["Response"] == "200 OK"
    assert facts["Body"].startswith("[")
    assert len(facts["Body"]) <= 122
    assert facts["As a command"] == "wych-kit journal 1 --as curl --profile sandbox"


def test_the_token_says_no_time_that_passes(project, mock_wych, session):
    """How long it is good for, and whether it is one from before: what is left changes as one reads, and is for a countdown."""
    project.ready_on(mock_wych)
    asked = [{fact.label: fact.value for fact in run(TOKEN, session()).facts} for _ in range(2)]
    assert [facts["Requested"] for facts in asked] == ["now", "earlier"]
    assert [facts["Expires after"] for facts in asked] == ["15 minutes"] * 2
    assert "Left" not in asked[0]


def test_many_users_are_counted_and_a_few_shown(project, mock_wych, session):
    """The first five are listed, the rest are a number."""
    project.ready_on(mock_wych)
    there = session()
    for number in range(4):
        there.client.find_or_create_user(f"user{number}@example.com")
    outcome = run(STEPS[-1], there)
    labels = [fact.label for fact in outcome.facts]
    assert labels == [
        "Call",
        "Response",
        "Body",
        "Users",
        *["User"] * 5,
        "More users",
        "As a command",
    ]
    assert outcome.facts[3].value == "7"
    assert outcome.facts[-2].value == "2"


def test_the_questions_of_the_two_roads_do_not_mix(project, mock_wych, session):
    """The mock asks a person about themselves; Wych asks for what its portal showed."""
    project.on(mock_wych)
    assert pending_fields(session()) == ACCOUNT_FIELDS
    project.write_env(environment="sandbox")
    assert list(pending_fields(session())) == list(CREDENTIAL_FIELDS)
