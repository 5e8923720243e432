"""Connections: the order of states, what is stored, and what the API shows."""

from __future__ import annotations

import pytest

from wych_kit import mock
from wych_kit.mock.api.bank import find_bank
from wych_kit.mock.api.connections import DAYS, PERMISSIONS, Connections
from wych_kit.mock.state.clock import Clock
from wych_kit.mock.state.store import Store

DAY = 86_400
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


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
    """A new connection is PENDING and has its bank, permissions and days; `to_json` is what the API shows."""
    connection = connections.begin("app", "user", "kereru", ["ReadBalances"], 7)
    assert (connection.state, connection.bank, connection.permissions) == (
        "PENDING",
        find_bank("kereru"),
        ("ReadBalances",),
    )
    assert connection.to_json() == {
        "id": connection.id,
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
def test_invalid_connections_are_not_created(connections, wrong):
    """An unknown bank, an unknown permission or an invalid duration is a ValueError."""
    with pytest.raises(ValueError, match=r"bank|permissions|days"):
        connections.begin(**{"app_id": "app", "user_id": "user", "bank_id": "kereru"} | wrong)
    assert connections.list_for_app("app") == []


def create_in_state(connections, clock, state):
    """Create a connection and bring it to a state; return its id."""
    connection = connections.begin("app", "user", "kereru", days=1)
    if state == "EXPIRED":
        clock.advance(DAY)
    elif state == "REVOKED":
        connections.revoke("app", connection.id)
    elif state != "PENDING":
        connections.conclude(connection.id, state)
    return connection.id


NEXT_STATES = {
    "PENDING": {"ACTIVE", "REJECTED", "REVOKED"},
    "ACTIVE": {"REVOKED"},
    "REJECTED": set(),
    "REVOKED": set(),
    "EXPIRED": set(),
}


@pytest.mark.parametrize("before", NEXT_STATES)
@pytest.mark.parametrize("after", NEXT_STATES)
def test_which_state_follows_which(connections, clock, before, after):
    """Only these states follow; the same state changes nothing, and a refusal leaves the connection alone."""
    connection_id = create_in_state(connections, clock, before)
    assert connections.get("app", connection_id).state == before
    if after in NEXT_STATES[before] | {before}:
        assert connections.conclude(connection_id, after).state == after
    else:
        with pytest.raises(ValueError, match=f"{before}.*{after}"):
            connections.conclude(connection_id, after)
        assert connections.get("app", connection_id).state == before


def test_unknown_connection(connections):
    """Concluding an unknown connection is a KeyError; getting or revoking it returns None."""
    with pytest.raises(KeyError):
        connections.conclude(UNKNOWN_ID, "ACTIVE")
    assert (connections.get("app", UNKNOWN_ID), connections.revoke("app", UNKNOWN_ID)) == (
        None,
        None,
    )


@pytest.mark.parametrize("state", ["PENDING", "ACTIVE"])
def test_it_expires_by_the_mocks_clock(connections, clock, state):
    """A connection expires after its last second, and is restored when the clock is moved back."""
    connection_id = create_in_state(connections, clock, state)
    clock.advance(DAY - 1)
    assert connections.get("app", connection_id).state == state
    clock.advance(1)
    assert connections.get("app", connection_id).state == "EXPIRED"
    clock.advance(-1)
    assert connections.get("app", connection_id).state == state


def test_what_was_concluded_stays_when_the_clock_goes_back(connections, clock):
    """Moving the clock back does not undo what a bank concluded."""
    connection_id = create_in_state(connections, clock, "ACTIVE")
    clock.advance(-30 * DAY)
    assert connections.get("app", connection_id).state == "ACTIVE"


def test_a_slow_bank_takes_its_time(connections, clock):
    """With `after`, a connection stays PENDING until then, unless it is rejected first."""
    connection = connections.begin("app", "user", "kauri")
    wait = connection.bank.seconds
    assert connections.conclude(connection.id, "ACTIVE", after=wait).state == "PENDING"
    clock.advance(wait - 1)
    assert connections.get("app", connection.id).state == "PENDING"
    clock.advance(1)
    assert connections.get("app", connection.id).state == "ACTIVE"
    with pytest.raises(ValueError, match="PENDING"):
        connections.conclude(connection.id, "REVOKED", after=1)
    other = connections.begin("app", "user", "kauri")
    connections.conclude(other.id, "ACTIVE", after=wait)
    assert connections.conclude(other.id, "REJECTED").state == "REJECTED"
    clock.advance(wait)
    assert connections.get("app", other.id).state == "REJECTED"


@pytest.mark.parametrize("state", ["REJECTED", "EXPIRED"])
def test_revoking_what_has_ended_changes_nothing(connections, clock, state):
    """A rejected or expired connection is returned unchanged."""
    connection_id = create_in_state(connections, clock, state)
    assert connections.revoke("app", connection_id) == connections.get("app", connection_id)
    assert connections.get("app", connection_id).state == state


def test_whose_connections(connections):
    """Lists contain one user's or one app's connections, oldest first; an app sees only its own."""
    ids = [
        connections.begin(app, user, "kereru").id
        for app, user in (("a", "u"), ("a", "v"), ("b", "u"), ("a", "u"))
    ]
    assert [one.id for one in connections.list_for_user("a", "u")] == [ids[0], ids[3]]
    assert [one.id for one in connections.list_for_app("a")] == [ids[0], ids[1], ids[3]]
    assert connections.get("b", ids[0]) is None
    assert connections.revoke("b", ids[0]) is None
    assert connections.get("a", ids[0]).state == "PENDING"


def test_reset_goes_back_to_the_start(tmp_path, clock):
    """A reset removes new connections, undoes changes, and draws the same ids again."""
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
    """Two mocks with one seed, on one file, never give two connections the same id."""
    stores = [Store(tmp_path / "mock.sqlite", seed=1) for _ in range(2)]
    both = [Connections(store.engine, clock, seed=1) for store in stores]
    ids = [connections.begin("app", "user", "kereru").id for connections in both]
    assert len(set(ids)) == 2
    assert [one.id for one in both[0].list_for_app("app")] == ids
    for store in stores:
        store.close()


def test_connections_survive_a_restart(tmp_path, caller_for):
    """A connection is unchanged after a restart of the mock."""
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


@pytest.mark.parametrize("state", NEXT_STATES)
def test_connect_from_python(caller, wych, state):
    """`wych.connect` creates the user and a connection in any state."""
    connection = wych.connect("new@example.com", bank="weka", state=state)
    assert (connection["state"], connection["provider"]["name"], connection["permissions"]) == (
        state,
        "Weka & O’Brien",
        list(PERMISSIONS),
    )
    assert caller.call("/users").json[-1] == {"id": connection["user"], "email": "new@example.com"}
    assert caller.call(f"/connection/{connection['id']}").json == connection
    assert wych.connect("new@example.com")["user"] == connection["user"]


def test_connect_refuses_invalid_values(wych):
    """An unknown bank or state, or an invalid address, is a ValueError and creates no connection."""
    for wrong in ({"bank": "none"}, {"state": "DONE"}, {"days": 0}, {"email": "nobody"}):
        with pytest.raises(ValueError, match=r"bank|state|days|address"):
            wych.connect(**{"email": "kim@example.com"} | wrong)
    assert wych._app._connections.list_for_app(wych.credentials.app_id) == []


def test_reset_of_the_mock_covers_connections(caller, wych):
    """A reset removes every connection that was created since the start."""
    user = caller.call("/users").json[0]
    connection = wych.connect(user["email"])
    assert caller.call(f"/user/{user['id']}/connections").json == [connection]
    wych.reset()
    assert caller.call(f"/user/{user['id']}/connections").json == []
    assert caller.call(f"/connection/{connection['id']}").status == 404


def test_revoking_by_api(caller, wych):
    """DELETE returns 204 without a body or a length, twice; the connection is REVOKED."""
    connection = wych.connect("kim@example.com")
    for _ in range(2):
        response = caller.call(f"/connection/{connection['id']}", "DELETE")
        assert (response.status, response.body) == (204, b"")
        assert "content-length" not in response.headers
        assert "content-type" not in response.headers
        assert response.headers["x-wych-mock-basis"] == "invented"
    assert caller.call(f"/connection/{connection['id']}").json == {**connection, "state": "REVOKED"}


@pytest.mark.parametrize("state", ["REJECTED", "EXPIRED"])
def test_what_has_ended_cannot_be_revoked(caller, wych, state):
    """A rejected or expired consent cannot be revoked: 409."""
    connection = wych.connect("kim@example.com", state=state)
    response = caller.call(f"/connection/{connection['id']}", "DELETE")
    message = f"The connection is {state} and cannot be revoked."
    assert (response.status, response.json) == (
        409,
        {"error": "connection_ended", "message": message},
    )
    assert caller.call(f"/connection/{connection['id']}").json["state"] == state


@pytest.mark.parametrize(
    ("method", "path", "error"),
    [
        ("GET", f"/user/{UNKNOWN_ID}/connections", "user_not_found"),
        ("GET", f"/connection/{UNKNOWN_ID}", "connection_not_found"),
        ("DELETE", f"/connection/{UNKNOWN_ID}", "connection_not_found"),
    ],
)
def test_unknown_ids_by_api(caller, method, path, error):
    """An unknown id is a 404 of the application."""
    response = caller.call(path, method)
    assert (response.status, response.json["error"], response.headers["x-wych-mock-basis"]) == (
        404,
        error,
        "invented",
    )


def test_another_apps_connection(caller, wych):
    """No call finds a different app's connection."""
    connection = wych.connect("kim@example.com")
    app, *_ = caller.register()
    token = caller.token(client_id=app["client_id"], client_secret=app["client_secret"])
    headers = {"Authorization": f"Bearer {token}", "x-api-key": app["api_key"]}
    mine = f"/v3/partner/{app['partner_id']}/app/{app['app_id']}"
    assert [
        caller.ask(method, f"{mine}/connection/{connection['id']}", headers).status
        for method in ("GET", "DELETE")
    ] == [404, 404]
    assert caller.ask("GET", f"{mine}/user/{connection['user']}/connections", headers).status == 404
    own = wych.connect("kim@example.com", app_id=app["app_id"])
    assert caller.ask("GET", f"{mine}/connection/{own['id']}", headers).json == own
    assert caller.call(f"/connection/{connection['id']}").json["state"] == "ACTIVE"


def test_default_duration(wych):
    """By default a connection lasts 90 days."""
    wych.clock.freeze(1_800_000_000)
    assert wych.connect("kim@example.com")["expires"] == "2027-04-15T08:00:00Z"
    assert DAYS == 90
