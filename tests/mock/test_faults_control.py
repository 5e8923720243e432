"""The control port: what it does, and whom it answers."""

from __future__ import annotations

import json
import stat

import httpx
import pytest

from wych_kit import mock

pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Where the control file is, for this test."""
    monkeypatch.setenv("WYCH_HOME", str(tmp_path / "kit"))
    return tmp_path / "kit"


@pytest.fixture
def controlled(home):
    """A mock with a control port."""
    with mock.running(ephemeral=True, seed=1, control=True) as wych:
        yield wych


@pytest.fixture
def control(controlled, home):
    """A client of the control port, with the token from its file."""
    found = json.loads((home / f"mock-{controlled.port}.json").read_text())
    with httpx.Client(
        base_url=found["url"],
        headers={"Authorization": f"Bearer {found['token']}"},
        trust_env=False,
    ) as client:
        yield client


def test_faults_on_and_off(control, controlled):
    """A fault is switched on with its times, client and parameters, listed as on, and switched off, one or all."""
    on = {
        "name": "latency",
        "times": 2,
        "client": "a",
        "parameters": {"seconds": 0.5, "jitter": 0.0, "where": "everywhere"},
    }
    got = control.put(
        "/faults/latency", json={"times": 2, "client": "a", "parameters": {"seconds": 0.5}}
    )
    assert (got.status_code, got.json()) == (200, {"on": [on]})
    assert controlled.faults == [on]
    listed = {fault["name"]: fault for fault in control.get("/faults").json()["faults"]}
    assert set(listed) == set(mock.FAULTS)
    assert listed["latency"]["on"] == [on]
    assert listed["throttled"] == {
        "name": "throttled",
        "does": "The calls come faster than the usage plan allows.",
        "acts": ["api"],
        "row": "B3-13",
        "parameters": {},
        "tls": None,
        "on": [],
    }
    assert [fault["name"] for fault in control.put("/faults/throttled").json()["on"]] == [
        "latency",
        "throttled",
    ]
    assert [fault["name"] for fault in control.delete("/faults/latency").json()["on"]] == [
        "throttled"
    ]
    assert control.delete("/faults").json() == {"on": []}
    assert controlled.faults == []


def test_the_clock(control, controlled):
    """The clock is advanced, frozen and reset."""
    assert control.post("/clock", json={"freeze": 1_800_000_000}).json() == {"now": 1_800_000_000}
    assert control.post("/clock", json={"advance": -5.5}).json() == {"now": 1_799_999_994.5}
    assert control.post("/clock", json={"reset": True}).json()["now"] != 1_799_999_994.5


def test_revocation_reset_and_the_request_log(control, controlled, caller_for):
    """Tokens are revoked, requests are listed without anything secret, and reset forgets them and the faults."""
    caller = caller_for(controlled)
    token = caller.token()
    assert control.post("/tokens/revoke").status_code == 200
    assert caller.call("/users", Authorization=f"Bearer {token}").status == 401
    controlled.fault("throttled")
    listed = control.get("/requests")
    last = listed.json()["requests"][-1]
    assert (last["status"], last["row"], last["reason"]) == (401, "B3-3", "the token was revoked")
    assert token not in listed.text
    assert control.post("/reset").status_code == 200
    assert control.get("/requests").json() == {"requests": []}
    assert controlled.faults == []


@pytest.mark.parametrize(
    ("asked", "body", "refusal"),
    [
        ("PUT /faults/trottled", {}, (422, "the nearest is 'throttled'")),
        ("PUT /faults/latency", {"parameters": {"second": 1}}, (422, "the nearest is 'seconds'")),
        ("PUT /faults/latency", {"seconds": 1}, (422, "client, parameters, times")),
        ("PUT /faults/latency", {"parameters": [1]}, (422, "parameters must be an object")),
        ("PUT /faults/latency", {"parameters": {"times": 1}}, (422, "stand beside it")),
        ("PUT /faults/latency", {"times": "two"}, (422, "whole number")),
        ("PUT /faults/latency", [], (422, "Send a JSON object")),
        ("DELETE /faults/trottled", {}, (422, "the nearest is 'throttled'")),
        ("POST /clock", {}, (422, "Send one of")),
        ("POST /clock", {"advance": 1, "reset": True}, (422, "Send one of")),
        ("POST /clock", {"advance": True}, (422, "Send one of")),
        ("POST /clock", {"freeze": 1e300}, (422, "Send one of")),
        ("GET /nowhere", {}, (404, "GET /faults lists")),
        ("PATCH /faults", {}, (405, "GET /faults lists")),
    ],
)
def test_mistakes_are_explained(control, controlled, asked, body, refusal):
    """What cannot be done is refused as JSON, with what to do, and nothing is switched on."""
    got = control.request(*asked.split(), json=body)
    assert got.status_code == refusal[0]
    assert refusal[1] in got.json()["error"]
    assert controlled.faults == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": ""}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Bearer \xff"}, 401),
        ({"Host": "rebound.example"}, 403),
        ({"Host": "rebound.example:80"}, 403),
        ({"Origin": "http://127.0.0.1:8888"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_others_are_refused(control, controlled, headers, status):
    """Without the token, under another host's name, or from a web page nothing is answered but a sentence."""
    got = control.put(
        "/faults/throttled",
        headers={name: text.encode("latin-1") for name, text in headers.items()},
    )
    assert got.status_code == status
    assert list(got.json()) == ["error"]
    assert controlled.faults == []


def test_the_file_is_ours_and_goes(home):
    """The control file is readable by its user only, and is removed when the mock stops; its token differs from start to start."""
    tokens = set()
    for _ in range(2):
        with mock.running(ephemeral=True, seed=1, control=True) as wych:
            file = home / f"mock-{wych.port}.json"
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            tokens.add(json.loads(file.read_text())["token"])
            assert json.loads(file.read_text())["url"].startswith("http://127.0.0.1:")
        assert not file.exists()
    assert len(tokens) == 2


def test_a_file_that_somebody_put_there_is_not_followed(home, tmp_path):
    """A link in the control file's place is replaced, and what it led to stays as it was."""
    home.mkdir()
    precious = tmp_path / "precious"
    precious.write_text("mine")
    with mock.running(ephemeral=True) as probe:
        port = probe.port
    (home / f"mock-{port}.json").symlink_to(precious)
    with mock.running(ephemeral=True, control=True, port=port):
        assert not (home / f"mock-{port}.json").is_symlink()
    assert precious.read_text() == "mine"


def test_no_control_unless_asked(home):
    """In a test's own process there is no control port, unless it is asked for."""
    with mock.running(ephemeral=True):
        assert not home.exists()


def test_a_folder_that_cannot_be_written_is_said(home):
    """Where the file cannot be written, the mock does not start, and says what to do."""
    home.write_text("a file in the folder's place")
    with pytest.raises(mock.CannotStart, match="Start it with --no-control"):
        mock.start(ephemeral=True, control=True)
