"""Every return is played at handlers good and bad, and what they did is told from outside."""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from wych_kit.callback.rehearsal import SCENES, rehearse
from wych_kit.callback.rehearsal.cases import CONNECTION, ELSEWHERE, HEADER, USER
from wych_kit.callback.rules import STATES, UUID, oddities
from wych_kit.errors import SettingInvalid, Unreachable

REAL = "11111111-2222-4333-8444-555555555555"
TITLES = {"ACTIVE": "Thank you", "PENDING": "Not yet", "REJECTED": "Nothing is shared"}


def good(fields):
    """What a careful handler answers: a page by the state, 400 for what is no return, everything escaped."""
    values = {name: found[0] for name, found in fields.items() if len(found) == 1}
    state, ids = (
        values.get("state", ""),
        [values.get("connection", ""), values.get("user", CONNECTION)],
    )
    if state not in TITLES or not all(UUID.fullmatch(each) for each in ids):
        return 400, {}, f"This is no return: {escape(state)}"
    return 200, {}, f"{TITLES[state]} {escape(ids[0])}"


@pytest.fixture
def served():
    """Starts a handler made of a function from the query's fields to status, headers and page; gives its address."""
    with contextlib.ExitStack() as stack:

        def serve(answer, seen=None):
            class Handler(BaseHTTPRequestHandler):
                def do_GET(self):
                    if seen is not None:
                        seen.append((self.command, self.path, dict(self.headers)))
                    query = urlsplit(self.path).query
                    said = answer(parse_qs(query, keep_blank_values=True, errors="replace"))
                    if said is None:
                        return
                    status, headers, page = said
                    self.send_response(status)
                    for name, value in (
                        {"Content-Type": "text/html; charset=utf-8"} | headers
                    ).items():
                        self.send_header(name, value)
                    self.end_headers()
                    if self.command != "HEAD":
                        self.wfile.write(page.encode())

                def do_HEAD(self):
                    self.do_GET()

                def log_message(self, *_):
                    """Nothing is to be printed."""

            server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
            threading.Thread(target=server.serve_forever, args=(0.01,)).start()
            stack.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}/callback"

        yield serve


def judged(to, *names, **options):
    """What is thought of each scene, or of those named: its judgement and what was seen."""
    chosen = [scene for scene in SCENES if not names or scene.name in names]
    return {played.scene.name: played.verdict for played in rehearse(to, chosen, **options)}


def judgements(to, **options):
    """The names of the scenes that are not ok, by judgement."""
    found = {}
    for name, verdict in judged(to, **options).items():
        found.setdefault(verdict.judgement, set()).add(name)
    found.pop("ok", None)
    return found


def test_a_good_handler_is_found_good(served):
    """Nothing is remarked, but that a made-up connection proves nothing about an unknown one."""
    verdicts = judged(served(good))
    assert {verdict.judgement for verdict in verdicts.values()} == {"ok"}
    assert [name for name, verdict in verdicts.items() if verdict.seen] == ["unknown-connection"]


def test_a_handler_that_needs_the_user_is_found(served):
    """A server error where the user is missing is wrong, in the documented returns first of all."""
    found = judgements(
        served(lambda fields: good(fields) if "user" in fields else (500, {}, "KeyError: 'user'"))
    )
    assert {"active-without-user", "rejected-without-user"} <= found["wrong"]
    assert not {"active", "pending", "rejected"} & found["wrong"]


def test_a_handler_that_refuses_a_missing_user_is_found(served):
    """A polite 400 is as wrong where the published sample has no user."""
    found = judgements(
        served(lambda fields: good(fields) if "user" in fields else (400, {}, "user is missing"))
    )
    assert found["wrong"] == {"active-without-user"}
    assert "rejected-without-user" in found["look"]


def test_a_handler_that_reflects_is_found(served):
    """Script text that comes back unescaped in a page is wrong; as JSON or plain text it is not a page."""

    def reflects(kind):
        return lambda fields: (200, {"Content-Type": kind}, f"Welcome {fields.get('state')}")

    assert judged(served(reflects("text/html")), "script")["script"].judgement == "wrong"
    assert judged(served(reflects("application/json")), "script")["script"].judgement == "ok"


def test_trust_without_asking_does_not_show(served):
    """A handler that believes the address looks like one that asks, until a connection that exists is named to compare with."""

    def trusting(_):
        return 302, {"Location": "/done"}, ""

    assert judged(served(trusting), "unknown-connection")["unknown-connection"].judgement == "ok"
    found = judged(served(trusting), "unknown-connection", connection=REAL)["unknown-connection"]
    assert found == (
        "look",
        (
            "Answered just as ACTIVE is: right only if the API was asked, which does not show from"
            " outside."
        ),
    )


def test_a_handler_that_asks_can_be_given_what_it_finds(served):
    """It refuses made-up connections, which is a look; with one that exists it is ok, and its refusal of others too."""

    def asks(fields):
        return (
            good(fields) if fields.get("connection") == [REAL] else (404, {}, "No such connection")
        )

    assert "--connection ID" in judged(served(asks), "active")["active"].seen
    assert judgements(served(asks), connection=REAL) == {}
    assert (
        judged(served(lambda _: (404, {}, "")), "active", connection=REAL)["active"].judgement
        == "wrong"
    )


def test_no_difference_between_yes_and_no_is_looked_at(served):
    """One page for everything: each return that is no yes is to be looked at, and ids or times in it are no difference."""
    found = judgements(served(lambda _: (200, {}, f"Connected at {time.monotonic()}")))
    assert {
        "pending",
        "rejected",
        "missing-connection",
        "unknown-state",
        "oauth-state",
        "doubled-parameters",
    } <= found["look"]
    assert not {"active", "active-without-user", "lower-case-state", "repeated"} & found["look"]
    bare = judged(served(lambda _: (200, {}, "Connected")), "missing-connection")[
        "missing-connection"
    ]
    assert bare.seen == "Answered just as ACTIVE is, though no connection is named."


@pytest.mark.parametrize(
    "location",
    [f"https://{ELSEWHERE}/", f"//{ELSEWHERE}", f"/\\{ELSEWHERE}", "javascript:alert(1)"],
)
def test_an_address_that_steers_the_browser_is_found(served, location):
    """Whoever is sent to the host that the address names could be sent anywhere."""
    handler = served(
        lambda fields: (302, {"Location": location}, "") if "next" in fields else good(fields)
    )
    verdict = judged(handler, "sent-elsewhere")["sent-elsewhere"]
    assert verdict == (
        "wrong",
        (
            "The address decides where the browser is sent: whoever makes a link sends your"
            " customers anywhere."
        ),
    )


def test_a_split_header_is_found(served):
    """A line break that is copied into a header makes one more header."""
    handler = served(
        lambda fields: (
            (302, {"Location": f"/done?state={fields['state'][0]}"}, "")
            if "state" in fields
            else good(fields)
        )
    )
    assert judged(handler, "odd-characters")["odd-characters"] == (
        "wrong",
        "A line break in a value became a header of the answer.",
    )
    assert HEADER in repr(SCENES)


@pytest.mark.parametrize(
    ("status", "page", "due"),
    [
        (401, "", ("look", "does it want a session?")),
        (429, "", ("look", "slow down")),
        (200, "Traceback (most recent call last):\n  File", ("look", "stack trace")),
        (200, "<pre>TypeError\n    at handler (/srv/app/index.js:10:5)\n", ("look", "stack trace")),
        (503, "", ("wrong", "A server error, 503")),
    ],
)
def test_other_answers_have_their_words(served, status, page, due):
    """A session that is wanted, a brake, a trace and a server that is down are told as what they are."""
    verdict = judged(served(lambda _: (status, {}, page)), "rejected")["rejected"]
    assert (verdict.judgement, due[1] in verdict.seen) == (due[0], True)


def test_head_may_be_unknown(served):
    """501 at HEAD is no defect; any other server error is."""
    seen = []

    def answer(status):
        return lambda fields: (status, {}, "") if seen[-1][0] == "HEAD" else good(fields)

    assert judged(served(answer(501), seen), "link-scanner")["link-scanner"].judgement == "ok"
    assert judged(served(answer(500), seen), "link-scanner")["link-scanner"].judgement == "wrong"


def test_a_second_visit_that_fails_is_found(served):
    """A handler that takes a return once shows an error when the browser reloads."""
    addresses = []

    def once(fields):
        addresses.append(fields)
        return good(fields) if len(addresses) < 3 else (409, {}, "Already there")

    assert judged(served(once), "repeated")["repeated"] == (
        "look",
        "Refused with 409, though this return is taken when it comes alone.",
    )


def test_a_handler_that_hangs_is_left(served):
    """Silence, and a page that drips without end, are wrong after the limit; the next scene is played."""
    over = threading.Event()
    hanging = served(lambda fields: good(fields) if "user" in fields else over.wait(20) and None)
    verdicts = judged(hanging, "active-without-user", "pending", seconds=0.3)
    over.set()
    assert verdicts["active-without-user"] == (
        "wrong",
        "No answer: it was not complete after 0.3 s.",
    )
    assert verdicts["pending"].judgement == "ok"


@pytest.mark.parametrize(
    "begin", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"]
)
def test_a_handler_that_drips_is_left(dripping, begin):
    """Bytes that come one by one, in the headers or in the page, do not make the limit longer."""
    verdict = judged(dripping(begin), "active", seconds=0.5)["active"]
    assert verdict == ("wrong", "No answer: it was not complete after 0.5 s.")


@pytest.fixture
def dripping():
    """Starts a server that sends a beginning and then one letter after the other."""
    with contextlib.ExitStack() as stack:

        def serve(begin):
            over = threading.Event()

            class Handler(BaseHTTPRequestHandler):
                def do_GET(self):
                    with contextlib.suppress(OSError):
                        self.wfile.write(begin)
                        while not over.wait(0.05):
                            self.wfile.write(b"H")

                def log_message(self, *_):
                    """Nothing is to be printed."""

            server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
            threading.Thread(target=server.serve_forever, args=(0.01,)).start()
            stack.callback(server.shutdown)
            stack.callback(over.set)
            return f"http://127.0.0.1:{server.server_port}/"

        yield serve


def test_a_handler_that_hangs_up_is_wrong(served):
    """No answer at all in the middle of the rehearsal is the handler's doing."""
    verdict = judged(
        served(lambda fields: good(fields) if "user" in fields else None), "rejected-without-user"
    )
    assert verdict["rejected-without-user"].judgement == "wrong"
    assert "No answer" in verdict["rejected-without-user"].seen


def test_nobody_there_is_said_once(unused_address):
    """Where nothing listens nothing is judged."""
    with pytest.raises(Unreachable, match="nothing listens"):
        judged(f"{unused_address}/callback")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("ftp://127.0.0.1/x", "must start with https:// or http://"),
        ("https://kim:pw@your.app/callback", "user name or password"),
        ("https://connect.wych.app/app", "Wych's own host"),
        ("http://127.0.0.1/#x", "fragment"),
    ],
)
def test_only_an_address_of_ones_own_is_played_at(url, says):
    """Nothing is sent to Wych, and nothing to what is no address."""
    with pytest.raises(SettingInvalid) as raised:
        judged(url)
    assert says in raised.value.observed
    assert "pw@" not in raised.value.observed


def test_what_is_sent_is_what_is_written(served):
    """The handler's own query stays, ids that are given are used, one request makes one visit, and no cookie or key is in it."""
    seen = []
    to = served(good, seen) + "?from=wych"
    list(rehearse(to, connection=REAL, user=USER))
    assert len(seen) == sum(len(scene.visits) for scene in SCENES)
    assert {path.split("&")[0] for _, path, _ in seen} == {"/callback?from=wych"}
    assert seen[0][1] == f"/callback?from=wych&connection={REAL}&state=ACTIVE&user={USER}"
    assert any("connection=%00%FF%C4%81" in path for _, path, _ in seen)
    assert not {name.lower() for _, _, headers in seen for name in headers} & {
        "cookie",
        "authorization",
        "x-api-key",
    }
    assert sum(headers.get("Sec-Purpose") == "prefetch" for _, _, headers in seen) == 1


def test_the_scenes_are_well_formed():
    """Names are told apart, ACTIVE is first, each good handler is a sentence, and the documented ones are what the facts name."""
    names = [scene.name for scene in SCENES]
    assert len(set(names)) == len(names)
    assert names[0] == "active"
    assert all(scene.good.endswith(".") and scene.good[0].islower() for scene in SCENES)
    for scene in (scene for scene in SCENES if scene.basis == "documented"):
        filled = scene.visits[0].query.replace("{connection}", CONNECTION).replace("{user}", USER)
        fields = {name: values[0] for name, values in parse_qs(filled).items()}
        assert fields["state"] in STATES
        assert {oddity.kind for oddity in oddities(list(fields.items()))} <= {"pending", "rejected"}


# The command ---------------------------------------------------------------------------------------------------------------


def test_the_report_in_words(kit, served):
    """A line for each return, what was seen and what a good handler does for those that are not ok, and what does not show; 1."""
    ran = kit(
        "callback",
        "--to",
        served(lambda fields: good(fields) if "user" in fields else (500, {}, "")),
    )
    assert (ran.status, ran.err) == (1, "")
    requests = sum(len(scene.visits) for scene in SCENES)
    assert re.search(rf"\b{requests}\b.*http://127\.0\.0\.1:", ran.out.splitlines()[0])
    assert "wrong active-without-user    500 text/html, " in ran.out
    assert (
        "  A server error, 500: the customer sees a broken page.\n  A good handler does without"
        " user" in ran.out
    )
    assert all(f" {scene.name} " in ran.out for scene in SCENES)
    assert "asks the API" in ran.out.splitlines()[-1]


def test_a_look_is_not_an_error(kit, served):
    """Without anything wrong the status is 0; --only plays one, after ACTIVE to compare with."""
    ran = kit(
        "callback",
        "--to",
        served(lambda _: (302, {"Location": "/done" * 20}, "")),
        "--only",
        "rejected",
    )
    assert ran.status == 0
    assert "2 requests" in ran.out.splitlines()[0]
    assert "look  rejected               302 → /done/done/done/done/done/done/…, " in ran.out
    assert "1 look." in ran.out


def test_the_report_as_json(kit, served):
    """One document: each return with judgement, basis, what a good handler does, and each answer with its time."""
    ran = kit(
        "callback",
        "--to",
        served(lambda fields: (200, {}, str(fields))),
        "--only",
        "script",
        "--json",
    )
    said = json.loads(ran.out)
    assert (ran.status, said["ok"]) == (1, False)
    (played,) = said["returns"]
    assert (played["name"], played["basis"], played["judgement"]) == ("script", "invented", "wrong")
    assert played["good"] == "A good handler escapes whatever it repeats, or repeats nothing."
    answer = played["answers"][0]
    assert (answer["status"], answer["content_type"], answer["script_unescaped"]) == (
        200,
        "text/html",
        True,
    )


def test_nobody_there_is_status_3(kit, unused_address):
    """In words on standard error, or as JSON."""
    ran = kit("callback", "--to", unused_address)
    assert (ran.status, "--to" in ran.err) == (3, True)
    ran = kit("callback", "--to", unused_address, "--json")
    assert (ran.status, json.loads(ran.out)["ok"]) == (3, False)


@pytest.mark.parametrize(
    "words",
    [
        ["--to", "http://127.0.0.1/", "--only", "scrip"],
        ["--list", "--only", "scrip"],
        ["--to", "kim"],
    ],
)
def test_what_cannot_be_is_status_2(kit, words):
    """An unknown name and no address are said before anything is sent."""
    ran = kit("callback", *words)
    assert (ran.status, f"{words[-2]} " in ran.err) == (2, True)


def test_the_list_sends_nothing(kit):
    """Every return with its basis and what a good handler does, in words and as JSON."""
    ran = kit("callback", "--list")
    assert ran.status == 0
    assert "active-without-user\tdocumented\tdoes without user" in ran.out
    assert len(json.loads(kit("callback", "--list", "--json").out)["returns"]) == len(SCENES)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        (
            f"connection={CONNECTION}&state=PENDING",
            ["PENDING: ", "not sent"],
        ),
        (
            f"connection={CONNECTION}&state=EXPIRED&user={USER}",
            ["EXPIRED", USER],
        ),
    ],
)
def test_an_address_is_explained(kit, query, says):
    """What each parameter says, what is odd, and that it proves nothing; 0."""
    ran = kit("callback", "--read", f"https://your.app/callback?{query}")
    assert (ran.status, ran.err) == (0, "")
    assert all(words in ran.out for words in [*says, "the API"])


def test_an_address_on_standard_input_is_explained(kit, monkeypatch, tmp_path):
    """`-` reads it from there; as JSON, the facts."""
    file = tmp_path / "address"
    file.write_text(f"https://your.app/callback?connection={CONNECTION}&state=ACTIVE\n")
    with file.open() as given:
        monkeypatch.setattr("sys.stdin", given)
        ran = kit("callback", "--read", "-", "--json")
    said = json.loads(ran.out)
    assert (said["connection"], said["state"], said["user"], said["documented"]) == (
        CONNECTION,
        "ACTIVE",
        None,
        True,
    )


def test_an_address_that_is_no_return_is_refused_aloud(kit):
    """What is missing and what to do, on standard error; 2."""
    ran = kit("callback", "--read", f"https://your.app/callback?connection={CONNECTION}")
    assert (ran.status, ran.out) == (2, "")
    assert "has no state" in ran.err
    assert "wych-kit callback --read 'ADDRESS'" in ran.err
