"""Test handlers, good and bad, with every redirect, and assess them from outside."""

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

from wych_kit.callback.rehearsal import CASES, rehearse
from wych_kit.callback.rehearsal.cases import CONNECTION, ELSEWHERE, HEADER, USER
from wych_kit.callback.rules import STATE_MEANINGS, STATES, UUID, find_issues
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
def serve_handler():
    """Start a handler made of a function from the query's fields to status, headers and page; return its URL."""
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


def assess_cases(to, *names, **options):
    """Return the assessment of each case, or of those named."""
    chosen = [case for case in CASES if not names or case.name in names]
    return {result.case.name: result.assessment for result in rehearse(to, chosen, **options)}


def assess_case(to, name, **options):
    """Return the assessment of one case."""
    return assess_cases(to, name, **options)[name]


def find_faults(to, **options):
    """Return the names of the cases that are not ok, by judgement."""
    found = {}
    for name, assessment in assess_cases(to, **options).items():
        found.setdefault(assessment.judgement, set()).add(name)
    found.pop("ok", None)
    return found


def test_a_good_handler_is_found_good(serve_handler):
    """Every case is ok; a made-up connection proves nothing about an unknown one, which is said."""
    assessments = assess_cases(serve_handler(good))
    assert {assessment.judgement for assessment in assessments.values()} == {"ok"}
    assert [name for name, assessment in assessments.items() if assessment.observation] == [
        "unknown-connection"
    ]


def test_a_handler_that_needs_the_user_is_found(serve_handler):
    """A server error where the user is missing is wrong, in the documented returns first of all."""
    found = find_faults(
        serve_handler(
            lambda fields: good(fields) if "user" in fields else (500, {}, "KeyError: 'user'")
        )
    )
    assert {"active-without-user", "rejected-without-user"} <= found["wrong"]
    assert not {"active", "pending", "rejected"} & found["wrong"]


def test_a_handler_that_refuses_a_missing_user_is_found(serve_handler):
    """A polite 400 is as wrong where the published sample has no user."""
    found = find_faults(
        serve_handler(
            lambda fields: good(fields) if "user" in fields else (400, {}, "user is missing")
        )
    )
    assert found["wrong"] == {"active-without-user"}
    assert "rejected-without-user" in found["look"]


def test_a_handler_that_reflects_is_found(serve_handler):
    """Script text that comes back unescaped in a page is wrong; as JSON or plain text it is not a page."""

    def reflects(kind):
        return lambda fields: (200, {"Content-Type": kind}, f"Welcome {fields.get('state')}")

    assert assess_case(serve_handler(reflects("text/html")), "script").judgement == "wrong"
    assert assess_case(serve_handler(reflects("application/json")), "script").judgement == "ok"


def test_trust_without_asking_does_not_show(serve_handler):
    """A handler that believes the URL looks like one that asks, until a real connection is named."""

    def trusting(_):
        return 302, {"Location": "/done"}, ""

    assert assess_case(serve_handler(trusting), "unknown-connection").judgement == "ok"
    assessment = assess_case(serve_handler(trusting), "unknown-connection", connection=REAL)
    assert (assessment.judgement, "same as for ACTIVE" in assessment.observation) == ("look", True)


def test_a_handler_that_asks_can_be_given_what_it_finds(serve_handler):
    """Its refusal of an invented connection needs a look; with a real one every case is ok."""

    def asks(fields):
        return (
            good(fields) if fields.get("connection") == [REAL] else (404, {}, "No such connection")
        )

    assert "--connection ID" in assess_case(serve_handler(asks), "active").observation
    assert find_faults(serve_handler(asks), connection=REAL) == {}
    assert (
        assess_case(serve_handler(lambda _: (404, {}, "")), "active", connection=REAL).judgement
        == "wrong"
    )


def test_no_difference_between_yes_and_no_is_looked_at(serve_handler):
    """With one page for all, each case but consent needs a look; ids and times are no difference."""
    found = find_faults(serve_handler(lambda _: (200, {}, f"Connected at {time.monotonic()}")))
    assert {
        "pending",
        "rejected",
        "missing-connection",
        "unknown-state",
        "oauth-state",
        "doubled-parameters",
    } <= found["look"]
    assert not {"active", "active-without-user", "lower-case-state", "repeated"} & found["look"]
    bare = assess_case(serve_handler(lambda _: (200, {}, "Connected")), "missing-connection")
    assert "no connection is named" in bare.observation


@pytest.mark.parametrize(
    "location",
    [f"https://{ELSEWHERE}/", f"//{ELSEWHERE}", f"/\\{ELSEWHERE}", "javascript:alert(1)"],
)
def test_an_address_that_steers_the_browser_is_found(serve_handler, location):
    """A handler that sends the browser to the host in the URL could send it anywhere."""
    handler = serve_handler(
        lambda fields: (302, {"Location": location}, "") if "next" in fields else good(fields)
    )
    assessment = assess_case(handler, "sent-elsewhere")
    assert (assessment.judgement, "browser goes" in assessment.observation) == ("wrong", True)


def test_a_split_header_is_found(serve_handler):
    """A line break that is copied into a header makes one more header."""
    handler = serve_handler(
        lambda fields: (
            (302, {"Location": f"/done?state={fields['state'][0]}"}, "")
            if "state" in fields
            else good(fields)
        )
    )
    assessment = assess_case(handler, "odd-characters")
    assert (assessment.judgement, "header" in assessment.observation) == ("wrong", True)
    assert HEADER in repr(CASES)


@pytest.mark.parametrize(
    ("status", "page", "judgement", "word"),
    [
        (401, "", "look", "session"),
        (429, "", "look", "--only"),
        (200, "Traceback (most recent call last):\n  File", "look", "stack trace"),
        (200, "<pre>TypeError\n    at handler (/srv/app/index.js:10:5)\n", "look", "stack trace"),
        (503, "", "wrong", "503"),
    ],
)
def test_other_responses_have_a_reason(serve_handler, status, page, judgement, word):
    """A missing session, a rate limit, a stack trace and a server that is down are told apart."""
    assessment = assess_case(serve_handler(lambda _: (status, {}, page)), "rejected")
    assert (assessment.judgement, word in assessment.observation) == (judgement, True)


def test_head_may_be_unknown(serve_handler):
    """501 at HEAD is no defect; any other server error is."""
    seen = []

    def answer(status):
        return lambda fields: (status, {}, "") if seen[-1][0] == "HEAD" else good(fields)

    assert assess_case(serve_handler(answer(501), seen), "link-scanner").judgement == "ok"
    assert assess_case(serve_handler(answer(500), seen), "link-scanner").judgement == "wrong"


def test_a_second_visit_that_fails_is_found(serve_handler):
    """A handler that takes a return once shows an error when the browser reloads."""
    addresses = []

    def once(fields):
        addresses.append(fields)
        return good(fields) if len(addresses) < 3 else (409, {}, "Already there")

    assessment = assess_case(serve_handler(once), "repeated")
    assert (assessment.judgement, "409" in assessment.observation) == ("look", True)


def test_a_handler_that_hangs_is_left(serve_handler):
    """Silence, and a page that drips without end, are wrong after the limit; the next case is tested."""
    over = threading.Event()
    hanging = serve_handler(
        lambda fields: good(fields) if "user" in fields else over.wait(20) and None
    )
    assessments = assess_cases(hanging, "active-without-user", "pending", seconds=0.3)
    over.set()
    assert assessments["active-without-user"].judgement == "wrong"
    assert "0.3 s" in assessments["active-without-user"].observation
    assert assessments["pending"].judgement == "ok"


@pytest.mark.parametrize(
    "begin", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"]
)
def test_a_slow_handler_is_left(serve_slowly, begin):
    """The limit holds for bytes that come one by one, in the headers or in the page."""
    assessment = assess_case(serve_slowly(begin), "active", seconds=0.5)
    assert (assessment.judgement, "0.5 s" in assessment.observation) == ("wrong", True)


@pytest.fixture
def serve_slowly():
    """Start a server that sends a beginning and then one letter after the other."""
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


def test_a_handler_that_hangs_up_is_wrong(serve_handler):
    """No response in the middle of the rehearsal is a defect of the handler."""
    assessment = assess_cases(
        serve_handler(lambda fields: good(fields) if "user" in fields else None),
        "rejected-without-user",
    )
    assert assessment["rejected-without-user"].judgement == "wrong"
    assert "no response" in assessment["rejected-without-user"].observation


def test_an_unreachable_handler_is_not_assessed(unused_address):
    """No case is assessed when nothing listens."""
    with pytest.raises(Unreachable, match="nothing listens"):
        assess_cases(f"{unused_address}/callback")


@pytest.mark.parametrize(
    ("url", "reference"),
    [
        ("ftp://127.0.0.1/x", "not-https"),
        ("https://kim:pw@your.app/callback", "not-a-base"),
        ("https://connect.wych.app/app", "setting-invalid"),
        ("http://127.0.0.1/#x", "not-a-base"),
    ],
)
def test_only_a_handler_of_ones_own_is_tested(url, reference):
    """Nothing is sent to Wych, and nothing to a URL that is not valid."""
    with pytest.raises(SettingInvalid) as raised:
        assess_cases(url)
    assert (raised.value.name, raised.value.reference) == ("--to", reference)
    assert "pw@" not in raised.value.observed


def test_what_is_sent_is_what_is_written(serve_handler):
    """The handler's own query stays, ids that are given are used, one request makes one visit, and no cookie or key is in it."""
    seen = []
    to = serve_handler(good, seen) + "?from=wych"
    list(rehearse(to, connection=REAL, user=USER))
    assert len(seen) == sum(len(case.visits) for case in CASES)
    assert {path.split("&")[0] for _, path, _ in seen} == {"/callback?from=wych"}
    assert seen[0][1] == f"/callback?from=wych&connection={REAL}&state=ACTIVE&user={USER}"
    assert any("connection=%00%FF%C4%81" in path for _, path, _ in seen)
    assert not {name.lower() for _, _, headers in seen for name in headers} & {
        "cookie",
        "authorization",
        "x-api-key",
    }
    assert sum(headers.get("Sec-Purpose") == "prefetch" for _, _, headers in seen) == 1


def test_the_cases_are_well_formed():
    """Names are unique, ACTIVE is first, and documented cases have no issues but their state."""
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    assert names[0] == "active"
    assert all(case.good_handler.endswith(".") and case.good_handler[0].islower() for case in CASES)
    for case in (case for case in CASES if case.basis == "documented"):
        filled = case.visits[0].query.replace("{connection}", CONNECTION).replace("{user}", USER)
        fields = {name: values[0] for name, values in parse_qs(filled).items()}
        assert fields["state"] in STATES
        assert {issue.kind for issue in find_issues(list(fields.items()))} <= {
            "pending",
            "rejected",
        }


# The command ---------------------------------------------------------------------------------------------------------------


def test_the_report_in_words(kit, serve_handler):
    """One line for each case, with what a good handler does where it is not ok; status 1."""
    ran = kit(
        "callback",
        "--to",
        serve_handler(lambda fields: good(fields) if "user" in fields else (500, {}, "")),
    )
    assert (ran.status, ran.err) == (1, "")
    requests = sum(len(case.visits) for case in CASES)
    assert re.search(rf"\b{requests}\b.*http://127\.0\.0\.1:", ran.out.splitlines()[0])
    assert "wrong active-without-user    500 text/html, " in ran.out
    case = CASES[1]
    assert f"\n  A good handler {case.good_handler} ({case.basis})\n" in ran.out
    assert all(f" {case.name} " in ran.out for case in CASES)
    assert "API" in ran.out.splitlines()[-1]


def test_a_look_is_not_an_error(kit, serve_handler):
    """Without anything wrong the status is 0; --only plays one, after ACTIVE to compare with."""
    ran = kit(
        "callback",
        "--to",
        serve_handler(lambda _: (302, {"Location": "/done" * 20}, "")),
        "--only",
        "rejected",
    )
    assert ran.status == 0
    assert "2 requests" in ran.out.splitlines()[0]
    assert "look  rejected               302 → /done/done/done/done/done/done/…, " in ran.out
    assert "1 look." in ran.out


def test_the_report_as_json(kit, serve_handler):
    """One document: each return with judgement, basis, what a good handler does, and each answer with its time."""
    ran = kit(
        "callback",
        "--to",
        serve_handler(lambda fields: (200, {}, str(fields))),
        "--only",
        "script",
        "--json",
    )
    said = json.loads(ran.out)
    assert (ran.status, said["ok"]) == (1, False)
    (played,) = said["returns"]
    assert (played["name"], played["basis"], played["judgement"]) == ("script", "invented", "wrong")
    (case,) = (case for case in CASES if case.name == "script")
    assert played["good"] == f"A good handler {case.good_handler}"
    answer = played["answers"][0]
    assert (answer["status"], answer["content_type"], answer["script_unescaped"]) == (
        200,
        "text/html",
        True,
    )


def test_an_unreachable_handler_is_status_3(kit, unused_address):
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
def test_wrong_usage_is_status_2(kit, words):
    """An unknown name or an invalid URL is an error before anything is sent."""
    ran = kit("callback", *words)
    assert (ran.status, f"{words[-2]} " in ran.err) == (2, True)


def test_the_list_sends_nothing(kit):
    """Every return with its basis and what a good handler does, in words and as JSON."""
    ran = kit("callback", "--list")
    assert ran.status == 0
    case = CASES[1]
    assert f"{case.name}\t{case.basis}\t{case.good_handler}" in ran.out
    assert len(json.loads(kit("callback", "--list", "--json").out)["returns"]) == len(CASES)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        (
            f"connection={CONNECTION}&state=PENDING",
            [f"PENDING: {STATE_MEANINGS['PENDING']}", "not sent"],
        ),
        (
            f"connection={CONNECTION}&state=EXPIRED&user={USER}",
            ["EXPIRED", "documented", USER],
        ),
    ],
)
def test_an_address_is_explained(kit, query, says):
    """Each parameter is explained, with its notes and that it proves nothing; status 0."""
    ran = kit("callback", "--read", f"https://your.app/callback?{query}")
    assert (ran.status, ran.err) == (0, "")
    assert all(words in ran.out for words in [*says, "API"])


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


def test_an_incomplete_url_is_status_2(kit):
    """The missing parameter and the next step are on standard error."""
    ran = kit("callback", "--read", f"https://your.app/callback?connection={CONNECTION}")
    assert (ran.status, ran.out) == (2, "")
    assert "state" in ran.err
    assert "wych-kit callback --read 'ADDRESS'" in ran.err
