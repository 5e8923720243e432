"""The canary test: odd secrets go through every face, everything that is left behind is searched, and nothing of them is found.

The only places that may hold one are the `.env` file and the shared token's file, both readable by the user only.
"""

from __future__ import annotations

import base64
import contextlib
import gc
import io
import itertools
import json
import logging
import os
import pprint
import re
import stat
import traceback
import urllib.parse
import warnings
from typing import NamedTuple

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from rich.traceback import Traceback

from wych_kit import Secret, WychAuth, WychClient, diagnose, load_settings, mock, save_settings
from wych_kit.client import token as tokens
from wych_kit.client.journal.history import History
from wych_kit.errors import SettingInvalid
from wych_kit.journey import session as session_module
from wych_kit.journey.onboarding import Session
from wych_kit.journey.registration import ACCOUNT, demonstration
from wych_kit.mock.state.store import Issued
from wych_kit.terminal import cli
from wych_kit.terminal import context as commands_module
from wych_kit.terminal.commands import start as start_module
from wych_kit.terminal.screen import Screen
from wych_kit.terminal.walkthrough import Given, Person, walk

# Printable, as RFC 6749 App. A.2 has it, and otherwise whatever an encoding, a shell or a template could stumble over.
SECRETS = {
    "client secret": "Kea7Wek4\"a'b\\c%2B+d&e=f#g$h`i<j>k{m}/Tui9Moa2Rim5",
    "API key": "Pip3Huia\"q'r\\s/t?u=v&w%41x~,;Tar6Kak8",
    "password": "Mou5Tok2 \"ü'\\ō & 密 %20+Kiw1Ruru",
    "wrong secret": "Wek8Kea2\"z'y\\x%2B+w&v=u#Rim3Tui5",
    "wrong key": "Hui4Pip6\"m'n\\o/p?q=r&s%41t~Kak2Tar3",
}
CORE = 8  # of each, as many letters and digits at both ends that every way of writing text leaves together
PART = 13  # so many characters of a token together are too many
LOGGERS = ("httpx", "httpcore", "hpack", "asyncio", "filelock", "wych_kit", "uvicorn", "sqlalchemy")
ECHO = "echo.example"  # in the headers of a server that repeats secrets in them
BEARER = "eyJhbGciOiJSUzI1NiJ9.eyJjYW5hcnkiOiJObzdUb2tlbiJ9.Tok3nC4naryS1gnature"


class Found(NamedTuple):
    """Something that was left behind, and where."""

    where: str
    text: str


class Overheard(logging.Handler):
    """Keeps every record, as text and as what it is made of."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.lines = []

    def emit(self, record):
        self.lines.append(
            f"{record.name} {record.getMessage()} {record.args!r} {record.exc_text}"
            f" {record.__dict__!r}"
        )


def written(core):
    """List the ways in which a few letters may be written: as they are, as hex, and in base64 wherever in it they stand."""
    raw = core.encode()
    yield core.lower()
    yield raw.hex()
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw).decode()
        start, end = -(-before * 4 // 3), (before + len(raw)) * 4 // 3
        yield encoded[start + (1 if before else 0) : end].lower()


def needles(secret):
    """List what to look for: the secret whole in its usual dresses, and each of its ends in all of them."""
    whole = [
        secret,
        urllib.parse.quote(secret),
        urllib.parse.quote_plus(secret),
        json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
    ]
    return {word.lower() for word in whole} | {
        word for core in (secret[:CORE], secret[-CORE:]) for word in written(core)
    }


def parts(token):
    """List every few characters of a token that stand together."""
    return {token[at : at + PART] for at in range(len(token) - PART + 1)}


def search(found, secrets, issued):
    """List what of the secrets and tokens stands in the texts, and where."""
    wanted = {name: needles(secret) for name, secret in secrets.items()}
    pieces = {piece for token in issued for piece in parts(token)}
    hits = []
    for where, text in found:
        folded = text.lower()
        hits += [
            f"{name} in {where}"
            for name, words in wanted.items()
            if any(word in folded for word in words)
        ]
        if not pieces.isdisjoint(text[at : at + PART] for at in range(len(text) - PART + 1)):
            hits.append(f"a part of a token in {where}")
    return hits


def tracebacks(where, error):
    """What a debugger-friendly traceback shows: locals of every frame, in the standard library's dress and in rich's."""
    shown = "".join(
        traceback.TracebackException.from_exception(error, capture_locals=True).format()
    )
    options = {"show_locals": True, "locals_max_string": None, "locals_max_length": None}
    stacks = Traceback.extract(type(error), error, error.__traceback__, **options).stacks
    nodes = [
        str(node)
        for stack in stacks
        for frame in stack.frames
        for node in (frame.locals or {}).values()
    ]
    facts = f"{error!r} {error} {error.args!r} {vars(error)!r} {getattr(error, '__notes__', '')}"
    return [
        Found(f"{where}: traceback", shown),
        Found(f"{where}: rich", "\n".join(nodes)),
        Found(f"{where}: error", facts),
    ]


def objects():
    """What a debugger shows of every object of ours that is alive: its repr, and that of what it holds."""
    for each in gc.get_objects():
        kind = type(each)
        if not str(kind.__module__).startswith("wych_kit") or str(kind.__module__).startswith(
            "wych_kit.mock"
        ):
            continue
        yield Found(f"repr of {kind.__name__}", f"{each!r} {each}")
        yield Found(f"vars of {kind.__name__}", pprint.pformat(getattr(each, "__dict__", {})))
        slots = [
            getattr(each, name, None)
            for base in kind.__mro__
            for name in getattr(base, "__slots__", ())
        ]
        yield Found(f"slots of {kind.__name__}", repr(slots))


class LeakCollector:
    """A folder, a mock that issues odd secrets, and everything that is overheard while commands run."""

    def __init__(self, folder, patch, wych):
        self.folder = folder
        self.home = folder / "kit"
        self.env = folder / "project" / ".env"
        self.patch = patch
        self.wych = wych
        self.found = []
        self.tokens = {BEARER}
        self.log = Overheard()
        self._listen()

    def _listen(self):
        more = itertools.count()  # no two apps have the same key

        def issue():
            end = "9" * next(more)
            return Issued(SECRETS["client secret"] + end, SECRETS["API key"] + end)

        self.patch.setattr(self.wych._store, "_issue", issue)
        draw, check = self.wych._store.ids.text, tokens.check

        def drawn(length):
            text = draw(length)
            self.tokens.add(text)
            return text

        def checked(response, requested, stage="token"):
            token = check(response, requested, stage)
            self.tokens.add(token.value.reveal())
            return token

        def diagnosed(error, *settings):
            self.found += tracebacks(f"{self.doing}: {type(error).__name__}", error)
            found = diagnose(error, *settings)
            self.found.append(Found(f"{self.doing}: diagnosis", repr(found)))
            return found

        self.doing = ""
        self.patch.setattr(self.wych._store.ids, "text", drawn)
        self.patch.setattr(tokens, "check", checked)
        for module in (session_module, commands_module):
            self.patch.setattr(module, "diagnose", diagnosed)

    def settings(self, **changes):
        """A `.env` with the mock's addresses, the odd credentials, and some changed."""
        credentials = {
            "environment": "mock",
            **{
                name: getattr(self.wych, name)
                for name in ("issuer_url", "api_url", "portal_url", "connect_url")
            },
            **{
                name: getattr(self.wych.credentials, name)
                for name in ("client_id", "partner_id", "app_id")
            },
        } | changes
        self.env.unlink(missing_ok=True)
        save_settings(
            {
                f"WYCH_{name.upper()}": text
                for name, text in credentials.items()
                if text is not None
            },
            self.env,
        )

    def run(self, *words, keep_out=True, typed=None):
        """Run `wych-kit`, overhearing it; the exit status."""
        self.doing = " ".join(words)
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="\n") for _ in range(2))
        with contextlib.ExitStack() as stack:
            stack.enter_context(contextlib.redirect_stdout(out))
            stack.enter_context(contextlib.redirect_stderr(err))
            if typed is not None:
                keyboard = stack.enter_context(create_pipe_input())
                stack.enter_context(create_app_session(keyboard, DummyOutput()))
                keyboard.send_text(typed)
                self.patch.setattr(start_module, "has_a_person", lambda: True)
            try:
                status = cli.main(list(words))
            except SystemExit as stop:
                status = stop.code
            finally:
                if typed is not None:
                    self.patch.setattr(start_module, "has_a_person", lambda: False)
                out.flush(), err.flush()
                if keep_out:
                    self.found.append(
                        Found(f"{self.doing}: stdout", out.buffer.getvalue().decode())
                    )
                self.found.append(Found(f"{self.doing}: stderr", err.buffer.getvalue().decode()))
        return status

    def forget(self):
        """No token of the step before."""
        self.run("forget", "--everything")


@pytest.fixture(scope="module")
def leak_collectors(tmp_path_factory):
    """Everything that is left behind by a journey through every face, and by all that can go wrong on it."""
    folder = tmp_path_factory.mktemp("aviary")
    (folder / "project").mkdir()
    (folder / "project" / "pyproject.toml").touch()
    root = logging.getLogger()
    before = {name: logging.getLogger(name).level for name in LOGGERS} | {"": root.level}
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for name in [name for name in os.environ if name.startswith("WYCH_")]:
            patch.delenv(name)
        patch.setenv("WYCH_HOME", str(folder / "kit"))
        patch.setenv("HOME", str(folder / "home"))
        patch.chdir(folder / "project")
        with mock.running(path=folder / "mock.sqlite") as wych:
            collector = LeakCollector(folder, patch, wych)
            root.addHandler(collector.log)
            for name in before:
                logging.getLogger(name).setLevel(logging.DEBUG)
            try:
                collect_leaks(collector)
            finally:
                root.removeHandler(collector.log)
                for name, level in before.items():
                    logging.getLogger(name).setLevel(level)
            collector.found += [Found("mock's ledger", repr(each)) for each in wych.requests]
            collector.found.append(Found("mock", repr(wych)))
    # httpcore writes down the headers that a server sends, whatever they repeat; the kit can neither mend nor forbid that.
    collector.found += [
        Found("log", line) for line in dict.fromkeys(collector.log.lines) if ECHO not in line
    ]
    collector.found += [Found("warning", f"{each.message} {each!r}") for each in warned]
    return collector


def collect_leaks(collector):
    """Every face, then everything that can go wrong."""
    register(collector)
    look_around(collector)
    use_the_library(collector)
    for name, act in MISHAPS.items():
        good(collector)
        collector.wych._front.canned.reset()
        act(collector)
        collector.doing = name
        keep_history(collector)
    bugs(collector)


def good(collector):
    """Odd credentials that work."""
    collector.forget()
    collector.settings(**collector.credentials)


def keep_history(collector):
    """What the journal file holds now, in every form."""
    exchanges = History(collector.home).path
    if exchanges.exists():
        collector.found.append(
            Found(f"{collector.doing}: journal file", exchanges.read_text("utf-8"))
        )
    for form in ("list", "curl", "python", "jsonl", "har"):
        collector.run("journal", "--as", form)
    for number in ("1", "2"):
        collector.run("journal", number)


def register(collector):
    """The journey with an odd password: from a file, as JSON, in colour, and typed by a person who errs once."""
    collector.settings(client_id=None, partner_id=None, app_id=None)
    answers = collector.folder / "answers.toml"
    answers.write_text(
        f"password = {json.dumps(SECRETS['password'], ensure_ascii=False)}\n", "utf-8"
    )
    assert collector.run("start", "--answers", str(answers)) == 0
    loaded = load_settings()
    assert loaded.client_secret == Secret(SECRETS["client secret"])
    assert loaded.api_key == Secret(SECRETS["API key"])
    names = ("client_id", "partner_id", "app_id", "client_secret", "api_key")
    collector.credentials = {name: getattr(loaded, name) for name in names}
    assert collector.run("start", "--json", "--new", "--answers", str(answers)) == 0
    typed = "".join(
        "Kim\x7f\x7f\r" if each.name == "first_name" else "\r"
        for each in ACCOUNT
        if each.name != "password"
    )
    wrong, right = SECRETS["wrong secret"], SECRETS["password"]
    typed = typed.split("\r")
    keys = "\r".join([*typed[:3], wrong, *typed[3:-1], right]) + "\r"
    assert collector.run("start", "--new", typed=keys + "\r" * 3) == 0
    assert (
        collector.run("start", "--new", typed="\r\r\r" + SECRETS["password"][:12] + "\x03") == 130
    )

    class Tty(io.StringIO):
        def isatty(self):
            return True

    screen = Screen(file=Tty())
    session = Session(load_settings(), collector.env, afresh=True)
    walked = walk(session, screen, Given(demonstration() | {"password": SECRETS["password"]}))
    assert walked.status == 0
    collector.alive = [session, screen, walked]  # so that they are there when objects are looked at
    session.close()
    collector.found.append(Found("in colour", screen.console.file.getvalue()))
    collector.found += objects()


def look_around(collector):
    """Every command that shows something."""
    assert collector.run("call", "GET", "users", "-v") == 0
    assert (
        collector.run("call", "POST", "user", "--json", '{"email": "kim@example.com"}', "-v") == 0
    )
    assert collector.run("check") == 0
    assert collector.run("check", "--json") == 0
    assert collector.run("token") == 0
    assert collector.run("token", "--raw", keep_out=False) == 0
    assert collector.run("env") == 0
    assert collector.run("env", "--json") == 0
    keep_history(collector)
    for changes in (
        {"client_id": SECRETS["API key"]},
        {"api_key": collector.credentials["client_secret"]},
    ):
        collector.settings(**collector.credentials | changes)
        collector.run("env")
        collector.run("env", "--json")


def use_the_library(collector):
    """The client in somebody's own program: good, refused, and its objects looked at while they are alive."""
    good(collector)
    with WychClient(load_settings()) as client:
        client.users()
        user = client.find_or_create_user("kim@example.com")
        collector.tokens.add(client.user_token(user.id).value.reveal())
        made = WychAuth(
            issuer_url=collector.wych.issuer_url,
            client_id="c",
            client_secret=SECRETS["client secret"],
            api_key=SECRETS["API key"],
        )
        collector.alive += [client, made, client.auth, client.token(), client.journal]
        collector.found += objects()
        collector.found.append(
            Found("httpx client", f"{client.http!r} {client.http.headers!r} {vars(client.http)!r}")
        )
        for name in ("client_secret", "api_key"):
            odd = {"client_secret": "x", "api_key": "y", name: SECRETS["client secret"] + "\n"}
            try:
                WychAuth(issuer_url=collector.wych.issuer_url, client_id="c", **odd)
            except SettingInvalid as error:
                del odd
                inner = error.with_traceback(error.__traceback__.tb_next)
                collector.found += tracebacks("an odd secret", inner)


def canned(collector, where, status, body=b"", times=1, **headers):
    """Let the mock answer so."""
    collector.wych.answer_next(
        where,
        status=status,
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
        times=times,
        headers={
            name.replace("_", "-"): text
            for name, text in {"Content_Type": "application/json", **headers}.items()
        },
    )


def every_face(collector, *, out=True):
    """The commands that go out, one after the other, each asking anew."""
    statuses = []
    for words in (("start",), ("start", "--json"), ("call", "GET", "users", "-v"), ("token",)):
        collector.run("forget")
        statuses.append(collector.run(*words, keep_out=out or words[0] != "call"))
    for words in (("check",), ("check", "--json")):
        collector.run("forget")
        collector.run(*words)
    return statuses


def wrong_secret(collector):
    collector.settings(**collector.credentials | {"client_secret": SECRETS["wrong secret"]})
    assert every_face(collector) == [1, 1, 1, 1]


def wrong_key(collector):
    collector.settings(**collector.credentials | {"api_key": SECRETS["wrong key"]})
    assert every_face(collector) == [1, 1, 1, 0]


def unreachable(collector):
    unused_address = "http://127.0.0.1:9"
    collector.settings(
        **collector.credentials
        | {
            "environment": "sandbox",
            "issuer_url": f"{unused_address}/realms/partner",
            "api_url": f"{unused_address}/v3",
        }
    )
    assert every_face(collector) == [3, 3, 3, 3]


def refused_by_the_portal(collector):
    collector.settings(client_id=None, partner_id=None, app_id=None)
    answers = collector.folder / "answers.toml"
    answers.write_text(f"password = {json.dumps(SECRETS['wrong secret'])}\n", "utf-8")
    assert collector.run("start", "--answers", str(answers)) == 2
    answers.write_text(f"frist_name = {json.dumps(SECRETS['password'])}\n", "utf-8")
    assert collector.run("start", "--answers", str(answers)) == 2
    answers.write_text(f"password = {json.dumps(SECRETS['password'])}\nnzbn = 1\n", "utf-8")
    assert collector.run("start", "--answers", str(answers), "--json") == 2
    answers.write_text(f"password = {json.dumps(SECRETS['password'])} oops\n", "utf-8")
    assert collector.run("start", "--answers", str(answers), "--json") == 2
    answers.write_text(f"password = {json.dumps(SECRETS['password'])}\n", "utf-8")
    for status, body in (
        (200, b"<html>"),
        (500, b""),
        (201, {"session": SECRETS["wrong key"]}),
        (422, {"errors": {"x": "y"}}),
    ):
        canned(collector, "portal", status, body)
        assert collector.run("start", "--answers", str(answers)) != 0


def malformed_tokens(collector):
    good_one = {"access_token": BEARER, "token_type": "Bearer", "expires_in": 900}
    for answer in (
        good_one | {"token_type": "mac"},
        good_one | {"expires_in": "soon"},
        good_one | {"access_token": [BEARER]},
        good_one | {"access_token": BEARER + "\n"},
        {"id_token": BEARER, "refresh_token": BEARER},
        [good_one],
        json.dumps(good_one).encode()[:-9],
        b"<html>" + BEARER.encode(),
    ):
        canned(collector, "token", 200, answer, times=4)
        assert every_face(collector) == [1, 1, 1, 1], answer


def malformed_discovery(collector):
    for status, body in (
        (200, b"{"),
        (200, {"issuer": "x"}),
        (404, b""),
        (302, b""),
        (200, b"\xff" * 300_000),
        (500, b""),
    ):
        canned(collector, "discovery", status, body, times=4, Location="https://elsewhere.example/")
        assert 0 not in every_face(collector)


def statuses(collector):
    for where, status in (
        ("api", 401),
        ("api", 403),
        ("api", 429),
        ("api", 500),
        ("token", 401),
        ("token", 403),
    ):
        canned(collector, where, status, {"message": "Forbidden"}, times=8)
        every_face(collector)
        collector.wych._front.canned.reset()
    canned(collector, "token", 429, b"", times=2, Retry_After="0")
    assert collector.run("call", "GET", "users", "-v") == 0


def redirected(collector):
    target = f"https://{ECHO}/?" + urllib.parse.urlencode(
        {"api_key": SECRETS["API key"], "access_token": BEARER}
    )
    for where, status in (("api", 307), ("api", 302), ("token", 307)):
        canned(collector, where, status, b"", times=4, Location=target)
        assert 0 not in every_face(collector)[:3]
        collector.wych._front.canned.reset()


def echoed(collector):
    """A server that repeats what it was sent: nothing that the kit says of it may."""
    secret, key = SECRETS["client secret"], SECRETS["API key"]
    canned(
        collector,
        "token",
        400,
        {"error": "invalid_request", "error_description": f"bad client_secret {secret}"},
        times=4,
    )
    assert every_face(collector) == [1, 1, 1, 1]
    canned(collector, "token", 400, {"error": secret}, times=4)
    assert every_face(collector) == [1, 1, 1, 1]
    collector.wych._front.canned.reset()
    client = WychClient(load_settings())
    with client:
        bearer = client.token().value.reveal()
    for message in (
        f"the key {key} is not known",
        f"Invalid key=value pair in Authorization header: 'Bearer {bearer}'",
    ):
        canned(collector, "api", 403, {"message": message}, times=3)
        for words in (("start",), ("start", "--json"), ("call", "GET", "users", "-v")):
            assert collector.run(*words, keep_out=words[0] != "call") == 1
    canned(collector, "api", 200, {"users": bearer}, X_Echo=f"{ECHO} {key} {bearer}")
    assert collector.run("call", "GET", "users", "-v", keep_out=False) == 0


MISHAPS = {
    act.__name__: act
    for act in (
        wrong_secret,
        wrong_key,
        unreachable,
        refused_by_the_portal,
        malformed_tokens,
        malformed_discovery,
        statuses,
        redirected,
        echoed,
    )
}


def bugs(collector):
    """A bug of ours, anywhere on the way: the traceback that people send shows the locals of every frame up to the command."""
    answers = collector.folder / "answers.toml"
    answers.write_text(f"password = {json.dumps(SECRETS['password'])}\n", "utf-8")
    places = {
        "wych_kit.client.portal.json_object": ("start", "--new", "--answers", str(answers)),
        "wych_kit.settings.env_file._save": ("start", "--new", "--answers", str(answers)),
        "wych_kit.client.discovery._grants": ("token",),
        "wych_kit.client.token._lifetime": ("call", "GET", "users"),
        "wych_kit.client.claims.verify": ("token",),
        "wych_kit.client.token_cache.TokenFile.write": ("call", "GET", "users"),
        "wych_kit.client.api.parsed": ("start",),
        "wych_kit.terminal.context._print_body": ("call", "GET", "users"),
        "wych_kit.diagnosis.connectivity.http_rungs._content": ("check",),
        "wych_kit.diagnosis.connectivity.bounded_client.Asking.token": ("check",),
        "wych_kit.client.journal.history.as_json_lines": ("start",),
        "wych_kit.terminal.context._note": ("env",),
    }
    for project, words in places.items():
        good(collector)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(project, _bug)
            try:
                collector.run(*words)
            except ZeroDivisionError as error:
                collector.found += tracebacks(f"a bug in {project}", error)
            else:
                raise AssertionError(f"{words} never came to {project}")
    collector.settings(client_id=None, partner_id=None, app_id=None)
    with create_pipe_input() as keyboard:
        keyboard.send_text("\r\r\r" + SECRETS["password"] + "\x03")
        ask = Person(Screen(file=io.StringIO()), {}, input=keyboard, output=DummyOutput())
        try:
            ask(ACCOUNT, {})
        except KeyboardInterrupt as error:
            collector.found += tracebacks("Ctrl-C", error)
            collector.alive.append(ask)
    collector.found += objects()
    good(collector)
    assert collector.run("call", "GET", "users") == 0


def _bug(*_args, **_options):
    raise ZeroDivisionError("a bug")


# What was left behind --------------------------------------------------------------------------------------------------------


def of(leak_collectors, words):
    """What was found there."""
    return [found for found in leak_collectors.found if re.search(words, found.where)]


WHERE = {
    "standard output": r": stdout$|in colour",
    "standard error": r": stderr$",
    "logs": r"^log$",
    "the journal's file": r": journal file$",
    "tracebacks with locals": r": (traceback|rich)$",
    "errors": r": (error|diagnosis)$",
    "objects": r"^(repr|vars|slots) of |httpx client",
    "warnings": r"^warning$",
    "the mock": r"^mock",
}


@pytest.mark.parametrize("where", WHERE)
def test_no_secret_is_left_behind(leak_collectors, where):
    """In no way of writing it, whole or in part: not of the secrets, the keys, the password, the sessions or the tokens."""
    found = of(leak_collectors, WHERE[where])
    if where != "warnings":
        assert len(found) >= 3, "there is something to search"
    assert sorted(set(search(found, SECRETS, leak_collectors.tokens))) == []


def test_everything_found_has_its_place(leak_collectors):
    """Nothing that was overheard is left unsearched."""
    known = "|".join(f"(?:{words})" for words in WHERE.values())
    assert {
        found.where for found in leak_collectors.found if not re.search(known, found.where)
    } == set()


def test_only_two_files_hold_a_secret(leak_collectors):
    """The `.env` file and the shared token's, both 0600; not the journal's, the locks, nor the mock's memory."""
    holding = []
    for path in sorted(
        path
        for path in leak_collectors.folder.rglob("*")
        if path.is_file() and path.name != "answers.toml"
    ):
        text = path.read_bytes().decode("utf-8", "replace")
        if search([Found(path.name, text)], SECRETS, leak_collectors.tokens):
            holding.append(path)
            assert stat.S_IMODE(path.stat().st_mode) == 0o600 or os.name != "posix"
    assert {path.name for path in holding} - {".env"} == {
        path.name for path in holding if path.parent.name == "tokens"
    }
    assert leak_collectors.env in holding
    assert len(holding) == 2


def test_there_was_something_to_hide(leak_collectors):
    """The journeys really used the odd secrets, several tokens were issued, and the log heard every library."""
    assert len(leak_collectors.tokens) > 8
    heard = {line.split(".")[0].split(" ")[0] for line in leak_collectors.log.lines}
    assert {"httpx", "httpcore", "filelock"} <= heard
    assert len({found.where for found in leak_collectors.found}) > 150


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize(
    "write",
    [
        str,
        urllib.parse.quote,
        urllib.parse.quote_plus,
        json.dumps,
        repr,
        str.upper,
        lambda text: text[:CORE],
        lambda text: text[-CORE:],
        lambda text: text.encode().hex(),
        *(
            lambda text, n=n: base64.b64encode(b"id:"[:n] + text.encode()).decode()
            for n in range(4)
        ),
        lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    ],
)
def test_the_search_finds_what_it_looks_for(name, write):
    """In every dress and in part; and it finds nothing where there is nothing."""
    text = f"before {write(SECRETS[name])} after"
    assert search([Found("x", text)], {name: SECRETS[name]}, ()) == [f"{name} in x"]
    assert search([Found("x", "nothing here")], SECRETS, {BEARER}) == []


def test_the_search_finds_any_part_of_a_token():
    """Thirteen characters together, from its beginning, middle or end; twelve are too few to matter."""
    for at in range(len(BEARER) - PART + 1):
        assert search([Found("x", f"-{BEARER[at : at + PART]}-")], {}, {BEARER}) == [
            "a part of a token in x"
        ]
    assert search([Found("x", f"-{BEARER[:12]}-")], {}, {BEARER}) == []


def test_the_search_sees_locals():
    """A secret bound to a name does show in the tracebacks that are searched."""

    def careless(bound):
        return bound.index("not in it")

    try:
        careless(SECRETS["API key"])
    except ValueError as error:
        found = tracebacks("here", error)
    assert {
        hit.rpartition(": ")[2] for hit in search(found, {"API key": SECRETS["API key"]}, ())
    } == {"traceback", "rich"}
