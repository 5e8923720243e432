"""How things look: in colour and plain, on narrow terminals, and when a server sends what no screen should obey."""

from __future__ import annotations

import io
import re

import pytest

from wych_kit.client.journal.recorder import Exchange
from wych_kit.client.journal.transcript import BODY_LINES, describe_outcome
from wych_kit.diagnosis.diagnose import diagnose
from wych_kit.errors import Refused
from wych_kit.journey.step import Fact
from wych_kit.settings.environments import ENVIRONMENTS, Environment
from wych_kit.terminal.screen import Screen

DRAWN = re.compile(r"[\u2500-\u259f\u2800-\u28ff]")  # boxes, blocks, spinners
LONG = "https://login.sandbox.recipient.example:8443/realms/partner/protocol/openid-connect/token"
LONGEST_WORD = "Ω" * 130
FACTS = (
    Fact("Token endpoint", LONG, "where the secret goes: on the issuer's host"),
    Fact("Left", "900 seconds"),
    Fact("名前", "ローカル", "wide letters"),
)
REFUSAL = diagnose(
    Refused(
        f"{LONG} refused the token request with 401 (invalid_client: Invalid client or Invalid"
        " client credentials)",
        stage="token",
        status=401,
        reference="unknown-client",
    )
)


def exchange(**changes):
    """One exchange, with something of everything."""
    facts = {
        "started": "2026-01-01T00:00:00.000Z",
        "method": "POST",
        "url": LONG,
        "request_headers": [
            ("Host", "x"),
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("User-Agent", "wych-kit"),
        ],
        "request_body": (
            "grant_type=client_credentials&client_id=a&client_secret=‹WYCH_CLIENT_SECRET›"
        ),
        "status": 200,
        "reason": "OK",
        "response_headers": [
            ("Content-Type", "application/json"),
            ("Pragma", "no-cache"),
            ("X-Odd", "yes"),
        ],
        "response_body": '{"access_token":"‹WYCH_ACCESS_TOKEN›","expires_in":900}',
        "seconds": 0.0123,
    }
    return Exchange(**(facts | changes))


def drawn(tty, draw, **options):
    """What a screen shows when this is drawn on it."""
    file = tty()
    draw(Screen(file=file, **options))
    return file.getvalue()


def everything(screen):
    """Draw one of each."""
    screen.show_banner(ENVIRONMENTS["mock"])
    screen.show_heading("Step 1 of 4: Register", "Because.")
    screen.show_facts(FACTS)
    screen.show_table(
        ("setting", "value", "from", "note"),
        [("WYCH_ISSUER_URL", LONG, "shell", "wins over .env line 1, which differs")],
    )
    screen.show_exchanges([exchange(), exchange(status=None, error="ConnectError: no", reason="")])
    screen.show_exchange(exchange(), whole=True)
    screen.show_diagnosis(REFUSAL)
    with screen.show_progress("Get a token") as waiting:
        waiting.update("key set")


def bare(text):
    """The text without its dress: no escape codes, no white space."""
    return re.sub(r"\s|\x1b\[[0-9;?]*[A-Za-z]", "", text)


def test_plain_output_has_no_codes_and_no_drawing(tty, project):
    """For screen readers and logs: letters only, no escape codes, nothing drawn, no tick or cross that is read aloud."""
    text = drawn(tty, everything, plain=True)
    assert "\x1b" not in text
    assert DRAWN.search(text) is None
    assert "✓" not in text
    assert "✗" not in text


@pytest.mark.parametrize(("name", "value"), [("TERM", "dumb"), ("TERM", "unknown")])
def test_simple_terminals_get_plain_output(tty, project, monkeypatch, name, value):
    """A terminal that cannot move its cursor is served plainly, without being told."""
    monkeypatch.setenv(name, value)
    assert drawn(tty, everything) == drawn(tty, everything, plain=True)


def test_pipes_get_plain_output(project):
    """What is no terminal gets no codes."""
    file = io.StringIO()
    everything(Screen(file=file))
    assert "\x1b" not in file.getvalue()


def test_no_color_means_no_colour(tty, project, monkeypatch):
    """NO_COLOR takes the colours away, and only them: a terminal may still be asked for bold (no-color.org)."""
    assert re.search(r"\x1b\[[0-9;]*3[0-7]m", drawn(tty, everything))
    monkeypatch.setenv("NO_COLOR", "1")
    text = drawn(tty, everything)
    assert re.search(r"\x1b\[([0-9;]*;)?([349][0-7]|10[0-7])[;m]", text) is None
    assert "\x1b[1m" in text


def test_colour_is_never_the_only_sign(tty, project):
    """Without its codes, dressed output still says which environment it is, and what failed."""
    text = bare(drawn(tty, everything))
    assert "mock:alocalsimulationofWych" in text
    assert "Failed:" in text


@pytest.mark.parametrize("width", [20, 40, 80, 200])
@pytest.mark.parametrize("plain", [False, True], ids=["laid out", "plain"])
def test_nothing_is_lost_on_a_narrow_terminal(tty, project, monkeypatch, width, plain):
    """However narrow, every letter of the facts and the diagnosis is there, and laid out lines keep within the width."""
    monkeypatch.setenv("COLUMNS", str(width))

    rows = [
        ("WYCH_PATH_REVOKE_CONNECTION", LONG, "default (mock)", "wins over the line in .env"),
        ("b", "c", "d", "e"),
    ]

    def draw(screen):
        screen.show_facts([*FACTS[:2], Fact("Body", LONGEST_WORD, "a remark")])
        screen.show_diagnosis(REFUSAL)
        screen.show_table(("setting", "value", "from", "note"), rows)

    text = drawn(tty, draw, plain=plain)
    letters = sorted(bare(text))
    facts = [part for fact in FACTS[:2] for part in (fact.label, fact.value, fact.remark)]
    assert bare(text).count("Ω") == len(LONGEST_WORD)
    everything = bare(
        "".join([*facts, REFUSAL.cause, REFUSAL.action, *(cell for row in rows for cell in row)])
    )
    assert {
        letter for letter in set(everything) if letters.count(letter) < everything.count(letter)
    } == set()
    if width >= 40:
        squeezed = bare(text)
        pieces = [
            piece
            for fact in FACTS[:2]
            for piece in re.findall(r"\w{4,10}", fact.label + " " + fact.remark)
        ]
        assert [piece for piece in pieces if piece not in squeezed] == []
    if not plain:
        assert (
            max(len(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line)) for line in text.splitlines())
            <= width
        )


def test_an_address_without_room_is_broken_after_a_slash(tty, project, monkeypatch):
    """In a table and in an exchange; a setting's name and an address that has room stay in one piece, an empty column goes."""
    monkeypatch.setenv("COLUMNS", "80")
    named, short, long = (
        "WYCH_PATH_REVOKE_CONNECTION",
        "http://127.0.0.1:9924/realms/partner",
        f"{LONG}/introspect",
    )

    def draw(screen):
        screen.show_table(("setting", "value", "note"), [(named, short, ""), (named, long, "")])
        screen.show_exchange(
            exchange(method="GET", url=long + "/" + long.partition("//")[2], request_body="")
        )

    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", drawn(tty, draw))
    assert f"{named}  {short}" in text
    assert "note" not in text
    assert long not in text
    assert (
        re.sub(r"/ *\n +", "/", text).count(
            "/realms/partner/protocol/openid-connect/token/introspect"
        )
        == 3
    )


def test_plain_lines_are_not_wrapped(tty, project, monkeypatch):
    """In plain output, one thing is one line, so that a search finds it."""
    monkeypatch.setenv("COLUMNS", "40")
    text = drawn(tty, lambda screen: screen.show_facts(FACTS), plain=True)
    assert (
        text.splitlines()[0]
        == f"  Token endpoint: {LONG} (where the secret goes: on the issuer's host)"
    )
    rows = drawn(
        tty, lambda screen: screen.show_table(("a", "b"), [("1", LONG), ("2", "")]), plain=True
    )
    assert rows.splitlines() == ["a\tb", f"1\t{LONG}", "2"]


def test_plain_and_dressed_say_the_same(tty, project, monkeypatch):
    """The same words in the same order, but for signs and punctuation."""
    monkeypatch.setenv("COLUMNS", "110")

    def words(text):
        return re.findall(r"\w+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text))

    def draw(screen):
        screen.show_banner(ENVIRONMENTS["production"])
        screen.show_heading("Step 2 of 4: Discover", "Because.")
        screen.show_facts(FACTS[1:2])
        screen.show_diagnosis(diagnose(Refused("no", stage="call", status=418)))

    assert words(drawn(tty, draw)) == words(drawn(tty, draw, plain=True))


@pytest.mark.parametrize(
    "text", ["[red]no markup[/red]", "[link=https://x.example]x[/link]", ":smile:", "[/]", "\\[x]"]
)
def test_what_looks_like_markup_is_text(tty, project, text):
    """Brackets and colons in an answer are shown as they are."""
    for plain in (True, False):
        assert text in drawn(tty, lambda screen: screen.show_facts([Fact("x", text)]), plain=plain)
        assert text in drawn(tty, lambda screen: screen.say(text), plain=plain)


@pytest.mark.parametrize("plain", [False, True], ids=["laid out", "plain"])
@pytest.mark.parametrize(
    "code", ["\x1b]0;title\x07", "\x1b[2J", "\x9b2J", "\x1bc", "\x00", "\x7f", "\r", "\x08"]
)
def test_a_server_cannot_steer_the_terminal(tty, project, plain, code):
    """Control characters in what a server sent are shown harmless: no cleared screen, no title, no hidden line."""
    hostile = f"before{code}after"

    def draw(screen):
        screen.say(hostile)
        screen.show_facts([Fact(hostile, hostile, hostile)])
        screen.show_table(("title",), [(hostile,)])
        screen.show_exchange(
            exchange(
                response_body=hostile,
                reason=hostile,
                url=LONG + hostile,
                response_headers=[("X", hostile)],
            ),
            whole=True,
        )
        screen.show_exchanges(
            [exchange(response_body='{"x": "' + hostile.replace("\x1b", "\x9b") + '"}')] * 2
        )
        screen.show_diagnosis(diagnose(Refused(hostile, stage="call", status=400)))

    text = drawn(tty, draw, plain=plain)
    clean = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", clean) is None
    assert "before" in clean
    assert "after" in clean


def test_an_exchange_shows_what_matters(tty, project):
    """As sent and as answered: a form one field a line, JSON laid out, dull headers left out; whole, they are there."""
    short = drawn(tty, lambda screen: screen.show_exchange(exchange()), plain=True)
    assert "    &client_secret=‹WYCH_CLIENT_SECRET›\n" in short
    assert '      "expires_in": 900\n' in short
    assert "X-Odd: yes" in short
    assert "Pragma" not in short
    whole = drawn(tty, lambda screen: screen.show_exchange(exchange(), whole=True), plain=True)
    assert "Pragma: no-cache" in whole
    assert "User-Agent: wych-kit" in whole


def test_a_long_body_is_cut_and_said_so(tty, project):
    """A few lines and how many more there are; whole, all of it."""
    body = "\n".join(f"line {number}" for number in range(50))
    short = drawn(
        tty, lambda screen: screen.show_exchange(exchange(response_body=body)), plain=True
    )
    assert f"line {BODY_LINES - 2}\n" in short
    assert "line 49" not in short
    assert f"{50 - BODY_LINES + 1} more lines" in short
    whole = drawn(
        tty,
        lambda screen: screen.show_exchange(exchange(response_body=body), whole=True),
        plain=True,
    )
    assert "line 49" in whole


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "200 OK, 12 ms"),
        ({"reason": ""}, "200, 12 ms"),
        ({"seconds": None}, "200 OK"),
        ({"status": None, "error": "ConnectError: no"}, "no answer (ConnectError: no, 12 ms)"),
        ({"status": None, "error": "", "seconds": None}, "no answer (cut short)"),
    ],
)
def test_the_outcome_of_an_exchange_in_words(changes, words):
    """Status and time, or why there is none."""
    assert describe_outcome(exchange(**changes)) == words


def test_every_environment_has_its_words(tty, project):
    """The banner says which Wych this is; for one that does not exist, that."""
    texts = [
        drawn(tty, lambda screen, e=each: screen.show_banner(e), plain=True)
        for each in ENVIRONMENTS.values()
    ]
    assert len(set(texts)) == 3
    assert "the real Wych" in texts[-1]
    assert "no such" in drawn(
        tty, lambda screen: screen.show_banner(Environment("x", note="no such")), plain=True
    )


def test_nothing_to_show_shows_nothing(tty, project):
    """No exchanges, no block."""
    assert drawn(tty, lambda screen: screen.show_exchanges([])) == ""


@pytest.mark.parametrize("plain", [False, True], ids=["laid out", "plain"])
def test_how_sure_a_cause_is_stands_beside_it(tty, plain, monkeypatch):
    """Certain or likely before the cause, the scenario it may be as well after the basis; nothing of it for an answer nobody knows."""
    monkeypatch.setenv("COLUMNS", "80")

    def shown(reference):
        file = tty()
        Screen(file=file, plain=plain).show_diagnosis(
            diagnose(Refused("no", stage="call", status=403, reference=reference))
        )
        return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", file.getvalue()).split())

    assert "Likely: The API key is" in shown("api-key-refused")
    assert "· api-key-refused · Or: wrong-base-path" in shown("api-key-refused")
    assert [word for word in ("Likely", "Certain", "Unknown:", "Or:") if word in shown(None)] == []
    assert "Certain: By this machine's clock" in shown("certificate-expired")
