"""Connections: what state follows which, what is remembered, and what the API says of them."""

from __future__ import annotations

import pytest

from wych_kit import mock
from wych_kit.mock.api.bank import find_bank
from wych_kit.mock.api.connections import DAYS, PERMISSIONS, Connections
from wych_kit.mock.state.clock import Clock
from wych_kit.mock.state.store import Store

DAY = 86_400
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def clock():
    clock = Clock()
    clock.freeze(1_800_000_000)
    return clock


@pytest.fixture
def connections(clock):
    store = Store(None, seed=1)
    yield Connections(store.engine, clock, seed=1)
    store.close()


def test_a_new_connection_is_pending(connections, clock):
    """It begins PENDING, with the bank, the permissions and the days it was asked with, and is described as the API shows it."""
    made = connections.begin("app", "user", "kereru", ["ReadBalances"], 7)
    assert (made.state, made.bank, made.permissions) == (
        "PENDING",
        find_bank("kereru"),
        ("ReadBalances",),
    )
    assert made.to_json() == {
        "id": made.id,
        "state": "PENDING",
        "user": "user",
        "provider": {"id": "kereru", "name": "Kererū Bank"},
        "permissions": ["ReadBalances"],
        "created": "2027-01-15T08:00:00Z",
        "expires": "2027-01-22T08:00:00Z",
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"bank_id": "none"},
        {"permissions": []},
        {"permissions": ["ReadEverything"]},
        {"days": 0},
        {"days": 366},
    ],
)
def test_what_there_is_not_cannot_begin(connections, wrong):
    """A bank, a permission or a duration that there is not makes no connection."""
    with pytest.raises(ValueError, match=r"bank|permissions|days"):
        connections.begin(**{"app_id": "app", "user_id": "user", "bank_id": "kereru"} | wrong)
    assert connections.list_for_app("app") == []


def reach(connections, clock, state):
    """A connection in a state."""
    made = connections.begin("app", "user", "kereru", days=1)
    if state == "EXPIRED":
        clock.advance(DAY)
    elif state == "REVOKED":
        connections.revoke("app", made.id)
    elif state != "PENDING":
        connections.conclude(made.id, state)
    return made.id


FOLLOWING = {
    "PENDING": {"ACTIVE", "REJECTED", "REVOKED"},
    "ACTIVE": {"REVOKED"},
    "REJECTED": set(),
    "REVOKED": set(),
    "EXPIRED": set(),
}


@pytest.mark.parametrize("before", FOLLOWING)
@pytest.mark.parametrize("after", FOLLOWING)
def test_which_state_follows_which(connections, clock, before, after):
    """Only these states follow these; the same again changes nothing, and whatever is refused leaves the connection as it was."""
    known = reach(connections, clock, before)
    assert connections.get("app", known).state == before
    if after in FOLLOWING[before] | {before}:
        assert connections.conclude(known, after).state == after
    else:
        with pytest.raises(ValueError, match=f"that is {before} cannot become {after}"):
            connections.conclude(known, after)
        assert connections.get("app", known).state == before


def test_unknown_connection(connections):
    """Concluding one there is not is a KeyError; getting or revoking it gives nothing."""
    with pytest.raises(KeyError):
        connections.conclude(NOBODY, "ACTIVE")
    assert (connections.get("app", NOBODY), connections.revoke("app", NOBODY)) == (None, None)


@pytest.mark.parametrize("state", ["PENDING", "ACTIVE"])
def test_it_expires_by_the_mocks_clock(connections, clock, state):
    """Up to its last second it is as it was, then EXPIRED; a clock moved back finds it as it was."""
    known = reach(connections, clock, state)
    clock.advance(DAY - 1)
    assert connections.get("app", known).state == state
    clock.advance(1)
    assert connections.get("app", known).state == "EXPIRED"
    clock.advance(-1)
    assert connections.get("app", known).state == state


def test_what_was_concluded_stays_when_the_clock_goes_back(connections, clock):
    """Moving the clock back does not take a bank's word back."""
    known = reach(connections, clock, "ACTIVE")
    clock.advance(-30 * DAY)
    assert connections.get("app", known).state == "ACTIVE"


def test_a_slow_bank_takes_its_time(connections, clock):
    """A conclusion that takes effect later leaves the connection PENDING until then; a rejection meanwhile goes first."""
    made = connections.begin("app", "user", "kauri")
    wait = made.bank.seconds
    assert connections.conclude(made.id, "ACTIVE", after=wait).state == "PENDING"
    clock.advance(wait - 1)
    assert connections.get("app", made.id).state == "PENDING"
    clock.advance(1)
    assert connections.get("app", made.id).state == "ACTIVE"
    with pytest.raises(ValueError, match="only a PENDING connection can wait"):
        connections.conclude(made.id, "REVOKED", after=1)
    other = connections.begin("app", "user", "kauri")
    connections.conclude(other.id, "ACTIVE", after=wait)
    assert connections.conclude(other.id, "REJECTED").state == "REJECTED"
    clock.advance(wait)
    assert connections.get("app", other.id).state == "REJECTED"


@pytest.mark.parametrize("state", ["REJECTED", "EXPIRED"])
def test_revoking_what_has_ended_changes_nothing(connections, clock, state):
    """What was rejected or has expired is given as it is."""
    known = reach(connections, clock, state)
    assert connections.revoke("app", known) == connections.get("app", known)
    assert connections.get("app", known).state == state


def test_whose_connections(connections):
    """A user's connections are that app's and that user's, in the order they were made; an app sees only its own."""
    made = [
        connections.begin(app, user, "kereru").id
        for app, user in (("a", "u"), ("a", "v"), ("b", "u"), ("a", "u"))
    ]
    assert [one.id for one in connections.list_for_user("a", "u")] == [made[0], made[3]]
    assert [one.id for one in connections.list_for_app("a")] == [made[0], made[1], made[3]]
    assert connections.get("b", made[0]) is None
    assert connections.revoke("b", made[0]) is None
    assert connections.get("a", made[0]).state == "PENDING"


def test_reset_goes_back_to_the_start(tmp_path, clock):
    """A reset takes back what changed and what was made, and begins again with the same ids."""
    store = Store(tmp_path / "mock.sqlite", seed=1)
    kept = Connections(store.engine, clock, seed=1).begin("app", "user", "kereru")
    connections = Connections(store.engine, clock, seed=1)
    connections.conclude(kept.id, "ACTIVE")
    first = connections.begin("app", "user", "kereru").id
    connections.reset()
    assert connections.list_for_app("app") == [kept]
    assert connections.begin("app", "user", "kereru").id == first != kept.id
    store.close()


def test_two_mocks_on_one_file_draw_no_id_twice(tmp_path, clock):
    """Two with the same seed, on the same file, never give two connections one id."""
    stores = [Store(tmp_path / "mock.sqlite", seed=1) for _ in range(2)]
    both = [Connections(store.engine, clock, seed=1) for store in stores]
    made = [connections.begin("app", "user", "kereru").id for connections in both]
    assert len(set(made)) == 2
    assert [one.id for one in both[0].list_for_app("app")] == made
    for store in stores:
        store.close()


def test_connections_survive_a_restart(tmp_path, caller_for):
    """What a mock confirmed is there when it is started again, as it was."""
    path = tmp_path / "mock.sqlite"
    with mock.running(path=path, seed=1) as wych:
        active, rejected = (
            wych.connect("kim@example.com"),
            wych.connect("kim@example.com", state="REJECTED"),
        )
    with mock.running(path=path, seed=1) as wych:
        assert caller_for(wych).call(f"/user/{active['user']}/connections").json == [
            active,
            rejected,
        ]
        assert wych.connect("kim@example.com")["id"] not in {active["id"], rejected["id"]}


@pytest.mark.parametrize("state", FOLLOWING)
def test_connect_from_python(caller, wych, state):
    """`wych.connect` makes the user and a connection in any state in one go, as the API then shows it."""
    made = wych.connect("new@example.com", bank="weka", state=state)
    assert (made["state"], made["provider"]["name"], made["permissions"]) == (
        state,
        "Weka & O’Brien",
        list(PERMISSIONS),
    )
    assert caller.call("/users").json[-1] == {"id": made["user"], "email": "new@example.com"}
    assert caller.call(f"/connection/{made['id']}").json == made
    assert wych.connect("new@example.com")["user"] == made["user"]


def test_connect_says_what_cannot_be(wych):
    """A bank, a state or an address there is not is a ValueError, and makes no connection."""
    for wrong in ({"bank": "none"}, {"state": "DONE"}, {"days": 0}, {"email": "nobody"}):
        with pytest.raises(ValueError, match=r"bank|state|days|address"):
            wych.connect(**{"email": "kim@example.com"} | wrong)
    assert wych._front._connections.list_for_app(wych.credentials.app_id) == []


def test_reset_of_the_mock_covers_connections(caller, wych):
    """After a reset no connection is left that was made since the start."""
    user = caller.call("/users").json[0]
    made = wych.connect(user["email"])
    assert caller.call(f"/user/{user['id']}/connections").json == [made]
    wych.reset()
    assert caller.call(f"/user/{user['id']}/connections").json == []
    assert caller.call(f"/connection/{made['id']}").status == 404


def test_revoking_by_api(caller, wych):
    """DELETE answers 204 without a body or a length, twice the same; the connection is REVOKED and says so."""
    made = wych.connect("kim@example.com")
    for _ in range(2):
        got = caller.call(f"/connection/{made['id']}", "DELETE")
        assert (got.status, got.body) == (204, b"")
        assert "content-length" not in got.headers
        assert "content-type" not in got.headers
        assert got.headers["x-wych-mock-basis"] == "invented"
    assert caller.call(f"/connection/{made['id']}").json == {**made, "state": "REVOKED"}


@pytest.mark.parametrize("state", ["REJECTED", "EXPIRED"])
def test_what_has_ended_cannot_be_revoked(caller, wych, state):
    """A consent that was never given, or is over, cannot be taken back: 409."""
    made = wych.connect("kim@example.com", state=state)
    got = caller.call(f"/connection/{made['id']}", "DELETE")
    message = f"The connection is {state} and cannot be revoked."
    assert (got.status, got.json) == (409, {"error": "connection_ended", "message": message})
    assert caller.call(f"/connection/{made['id']}").json["state"] == state


@pytest.mark.parametrize(
    ("method", "path", "error"),
    [
        ("GET", f"/user/{NOBODY}/connections", "user_not_found"),
        ("GET", f"/connection/{NOBODY}", "connection_not_found"),
        ("DELETE", f"/connection/{NOBODY}", "connection_not_found"),
    ],
)
def test_unknown_ids_by_api(caller, method, path, error):
    """An id that the app does not know is 404, with the application's own words."""
    got = caller.call(path, method)
    assert (got.status, got.json["error"], got.headers["x-wych-mock-basis"]) == (
        404,
        error,
        "invented",
    )


def test_another_apps_connection(caller, wych):
    """An app finds no connection of another app, by any call."""
    made = wych.connect("kim@example.com")
    app, *_ = caller.register()
    token = caller.token(client_id=app["client_id"], client_secret=app["client_secret"])
    headers = {"Authorization": f"Bearer {token}", "x-api-key": app["api_key"]}
    mine = f"/v3/partner/{app['partner_id']}/app/{app['app_id']}"
    assert [
        caller.ask(method, f"{mine}/connection/{made['id']}", headers).status
        for method in ("GET", "DELETE")
    ] == [404, 404]
    assert caller.ask("GET", f"{mine}/user/{made['user']}/connections", headers).status == 404
    own = wych.connect("kim@example.com", app_id=app["app_id"])
    assert caller.ask("GET", f"{mine}/connection/{own['id']}", headers).json == own
    assert caller.call(f"/connection/{made['id']}").json["state"] == "ACTIVE"


def test_a_connection_lasts_as_long_as_was_said(wych):
    """Ninety days when nothing is said."""
    wych.clock.freeze(1_800_000_000)
    assert wych.connect("kim@example.com")["expires"] == "2027-04-15T08:00:00Z"
    assert DAYS == 90
