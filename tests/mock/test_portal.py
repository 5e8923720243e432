"""Registration over HTTP: the order of steps, refused fields, and secrets that are shown once."""

from __future__ import annotations

import pytest

from wych_kit.mock.state.registration_rules import has_valid_check_digit

ACCOUNTS, SESSIONS, BUSINESSES = (
    f"/portal/api/{name}" for name in ("accounts", "sessions", "businesses")
)
PERSON = {
    "first_name": "Kim",
    "last_name": "Lee",
    "email": "kim@example.com",
    "password": "correct horse",
}
NZBN = "9429041525746"


@pytest.fixture
def session(caller):
    return caller.send_json("POST", ACCOUNTS, PERSON).json["session"]


def test_register_gives_working_credentials(caller, wych):
    """Registration returns working credentials and every address that a client needs."""
    app, *_ = caller.register()
    assert set(app) == {
        *(
            "app_id",
            "partner_id",
            "client_id",
            "client_secret",
            "api_key",
            "issuer_url",
            "api_url",
            "connect_url",
            "app_name",
        )
    }
    assert (app["issuer_url"], app["api_url"], app["connect_url"]) == (
        wych.issuer_url,
        wych.api_url,
        wych.connect_url,
    )
    assert caller.works(app)


def test_answers_are_marked_as_invented(caller, wych):
    """Every answer of the portal is marked as invented, on the wire and in the log."""
    good = caller.send_json("POST", ACCOUNTS, PERSON)
    bad = caller.send_json("POST", ACCOUNTS, {})
    lost = caller.ask("GET", "/portal/api")
    assert {response.headers["x-wych-mock-basis"] for response in (good, bad, lost)} == {"invented"}
    assert {entry.row for entry in wych.requests} == {"invented"}
    assert wych.requests[1].reason.startswith("Enter your first name.")


def test_an_address_has_one_account(caller):
    """The same address again is refused with what to do, whatever its case."""
    first = caller.send_json("POST", ACCOUNTS, PERSON)
    again = caller.send_json("POST", ACCOUNTS, PERSON | {"email": "KIM@example.com"})
    assert (first.status, set(first.json)) == (201, {"account_id", "session"})
    assert again.status == 409
    assert "Sign in" in again.json["errors"]["email"]


def test_sign_in(caller):
    """The password gives a session; a wrong password and an unknown address get the same answer."""
    account = caller.send_json("POST", ACCOUNTS, PERSON).json["account_id"]
    good = caller.send_json(
        "POST", SESSIONS, {"email": "Kim@Example.com", "password": "correct horse"}
    )
    assert (good.status, good.json["account_id"]) == (200, account)
    wrong = caller.send_json(
        "POST", SESSIONS, {"email": "kim@example.com", "password": "battery staple"}
    )
    unknown = caller.send_json(
        "POST", SESSIONS, {"email": "tom@example.com", "password": "correct horse"}
    )
    assert (wrong.status, unknown.status) == (401, 401)
    assert wrong.body == unknown.body


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"first_name": None}, {"first_name"}),
        ({"last_name": "  "}, {"last_name"}),
        ({"email": "kim"}, {"email"}),
        ({"email": "kim@example"}, {"email"}),
        ({"password": "short"}, {"password"}),
        ({"first_name": 7}, {"first_name"}),
        ({"first_name": "x" * 201}, {"first_name"}),
        ({"first_name": "Kim\nLee"}, {"first_name"}),
        ({"last_name": "\ud800"}, {"last_name"}),
        ({"first_name": "", "last_name": "", "email": "", "password": ""}, set(PERSON)),
    ],
)
def test_account_fields(caller, changes, fields):
    """All invalid fields are reported at once, each with a sentence."""
    response = caller.send_json("POST", ACCOUNTS, PERSON | changes)
    assert (response.status, set(response.json["errors"])) == (422, fields)
    assert all(sentence.endswith(".") for sentence in response.json["errors"].values())


def test_refused_account_is_not_stored(caller):
    """After a refusal the address is still free."""
    caller.send_json("POST", ACCOUNTS, PERSON | {"password": "short"})
    assert caller.send_json("POST", ACCOUNTS, PERSON).status == 201


@pytest.mark.parametrize(
    ("nzbn", "key_words"),
    [
        ("", "Enter the"),
        ("942904152574", "13 digits"),
        ("9429 0415 25746", "13 digits"),
        ("942904152574x", "13 digits"),
        ("٩٤٢٩٠٤١٥٢٥٧٤٦", "13 digits"),
        ("9429041525747", "last digit"),
        ("9429041552746", "last digit"),
    ],
)
def test_nzbn(caller, session, nzbn, key_words):
    """An NZBN has 13 digits and a valid check digit; the error says which is wrong."""
    response = caller.send_json("POST", BUSINESSES, {"nzbn": nzbn, "name": "Kim Ltd"}, session)
    assert (response.status, response.json["errors"].keys()) == (422, {"nzbn"})
    assert key_words in response.json["errors"]["nzbn"]


@pytest.mark.parametrize(
    "number", ["9429041525746", "4006381333931", "9780306406157", "0000000000000"]
)
def test_check_digit(number):
    """The GS1 rule on known numbers: exactly one last digit fits."""
    assert has_valid_check_digit(number)
    assert sum(has_valid_check_digit(number[:-1] + digit) for digit in "0123456789") == 1


def test_a_business_is_added_once(caller, session):
    """The same NZBN again returns the same ids with 200; a different account gets its own business."""
    facts = {"nzbn": NZBN, "name": "Kim Ltd"}
    first, again = (caller.send_json("POST", BUSINESSES, facts, session) for _ in range(2))
    assert (first.status, again.status, first.json) == (201, 200, again.json)
    other = caller.send_json("POST", ACCOUNTS, PERSON | {"email": "tom@example.com"}).json[
        "session"
    ]
    assert (
        caller.send_json("POST", BUSINESSES, facts, other).json["business_id"]
        != first.json["business_id"]
    )


def test_receive_data_comes_before_an_app(caller, session):
    """An app is refused before "Receive Data", and created after it."""
    business = caller.send_json(
        "POST", BUSINESSES, {"nzbn": NZBN, "name": "Kim Ltd"}, session
    ).json["business_id"]
    early = caller.send_json("POST", f"{BUSINESSES}/{business}/apps", {"name": "App"}, session)
    assert early.status == 409
    assert "Receive Data" in early.json["errors"]["business"]
    assert (
        caller.send_json("PUT", f"{BUSINESSES}/{business}/receive-data", None, session).status
        == 200
    )
    assert (
        caller.send_json("POST", f"{BUSINESSES}/{business}/apps", {"name": "App"}, session).status
        == 201
    )


@pytest.mark.parametrize(
    ("facts", "fields"),
    [
        ({}, {"name"}),
        ({"name": "x" * 201}, {"name"}),
        ({"name": "B", "website": "example.com"}, {"website"}),
        ({"name": "B", "callback_url": "http://example.com/back"}, {"callback_url"}),
        ({"name": "B", "callback_url": "https://a b.example"}, {"callback_url"}),
        ({"name": "B", "callback_url": "https://[broken"}, {"callback_url"}),
        (
            {"name": "", "website": "x", "callback_url": "x", "description": 1},
            {"name", "website", "callback_url", "description"},
        ),
        (
            {
                "name": "B",
                "callback_url": "http://127.0.0.1:8000/back",
                "website": "http://example.com",
                "description": "Ours",
            },
            None,
        ),
    ],
)
def test_app_fields(caller, facts, fields):
    """URLs must be valid, and a callback https unless on this computer; only the name is required."""
    _, session, business = caller.register()
    response = caller.send_json("POST", f"{BUSINESSES}/{business}/apps", facts, session)
    assert (response.status, response.json.get("errors", {}).keys()) == (
        (422, fields) if fields else (201, set())
    )


def test_an_app_name_is_used_once(caller):
    """The same name again is refused with the id of the app that has it."""
    app, session, business = caller.register()
    again = caller.send_json(
        "POST", f"{BUSINESSES}/{business}/apps", {"name": "Kim's app"}, session
    )
    assert (again.status, again.json["app_id"]) == (409, app["app_id"])
    assert "name" in again.json["errors"]


def test_renewed_credentials_replace_the_old(caller):
    """New secrets work and the old ones stop, both the client secret and the API key."""
    app, session, _ = caller.register()
    token = caller.token(client_id=app["client_id"], client_secret=app["client_secret"])
    response = caller.send_json(
        "POST", f"/portal/api/apps/{app['app_id']}/credentials", None, session
    )
    assert (response.status, set(response.json)) == (200, set(app))
    assert {name for name in app if app[name] != response.json[name]} == {
        "client_secret",
        "api_key",
    }
    assert caller.works(response.json)
    assert (
        caller.token_request(client_id=app["client_id"], client_secret=app["client_secret"]).status
        == 401
    )
    users = f"/v3/partner/{app['partner_id']}/app/{app['app_id']}/users"
    assert (
        caller.ask(
            "GET", users, {"Authorization": f"Bearer {token}", "x-api-key": app["api_key"]}
        ).status
        == 403
    )
    assert (
        caller.ask(
            "GET",
            users,
            {"Authorization": f"Bearer {token}", "x-api-key": response.json["api_key"]},
        ).status
        == 200
    )


def test_app_is_shown_without_its_secrets(caller):
    """An app is shown without its secrets."""
    app, session, _ = caller.register()
    response = caller.send_json("GET", f"/portal/api/apps/{app['app_id']}", None, session)
    assert (response.status, response.json["name"], response.json["client_id"]) == (
        200,
        "Kim's app",
        app["client_id"],
    )
    assert app["client_secret"].encode() not in response.body
    assert app["api_key"].encode() not in response.body


def test_oldest_session_ends_when_there_are_too_many(caller, monkeypatch):
    """Beyond the maximum the oldest session ends, and the others go on."""
    from wych_kit.mock.portal import json_api

    monkeypatch.setattr(json_api, "_MOST_SESSIONS", 2)
    first = caller.send_json("POST", ACCOUNTS, PERSON).json["session"]
    later = [caller.send_json("POST", SESSIONS, PERSON).json["session"] for _ in range(2)]
    assert [
        caller.send_json("POST", BUSINESSES, {}, session).status for session in (first, *later)
    ] == [401, 422, 422]


@pytest.mark.parametrize("session", ["", "nonsense"])
def test_unknown_session(caller, session):
    """Without a session every later step is 401, with the path that gives one."""
    for method, path in (
        ("POST", BUSINESSES),
        ("PUT", f"{BUSINESSES}/x/receive-data"),
        ("POST", f"{BUSINESSES}/x/apps"),
        ("GET", "/portal/api/apps/x"),
        ("POST", "/portal/api/apps/x/credentials"),
    ):
        response = caller.send_json(method, path, {}, session)
        assert (
            response.status,
            "POST /portal/api/sessions" in response.json["errors"]["request"],
        ) == (
            401,
            True,
        )


def test_other_accounts_apps_are_not_found(caller, wych):
    """A different account's business and app, and the ready-made app, are 404."""
    app, _, business = caller.register()
    other = caller.send_json("POST", ACCOUNTS, PERSON | {"email": "tom@example.com"}).json[
        "session"
    ]
    ready = wych.credentials.app_id
    for method, path in (
        ("PUT", f"{BUSINESSES}/{business}/receive-data"),
        ("POST", f"{BUSINESSES}/{business}/apps"),
        ("GET", f"/portal/api/apps/{app['app_id']}"),
        ("POST", f"/portal/api/apps/{app['app_id']}/credentials"),
        ("POST", f"/portal/api/apps/{ready}/credentials"),
    ):
        assert caller.send_json(method, path, {"name": "Mine"}, other).status == 404
    assert caller.works(app)


@pytest.mark.parametrize(
    "body", [b"", b"first_name=Kim", b"[]", b'"text"', b"{", b"\xff", b"[" * 60_000]
)
def test_not_a_json_object(caller, body):
    """A body that is not a JSON object is 400."""
    response = caller.ask("POST", ACCOUNTS, {}, body)
    assert (response.status, list(response.json["errors"])) == (400, ["request"])


def test_too_large(caller):
    """More than 64 KiB is refused, in body or headers."""
    response = caller.ask("POST", ACCOUNTS, {}, b" " * 65_537)
    assert (response.status, "64 KiB" in response.json["errors"]["request"]) == (413, True)
    response = caller.padded("/portal/api", 65_537)
    assert (response.status, "64 KiB" in response.json["errors"]["request"]) == (431, True)
    assert caller.padded("/portal/api", 65_536).status == 404


def test_unknown_path_and_method(caller):
    """An unknown path is 404 and a wrong method 405, each with a sentence."""
    assert "no such path" in caller.ask("GET", "/portal/api/nonsense").json["errors"]["request"]
    response = caller.ask("GET", ACCOUNTS)
    assert (response.status, response.headers["allow"]) == (405, "POST")
    assert "different method" in response.json["errors"]["request"]


def test_passwords_and_secrets_are_not_in_the_file(tmp_path, caller_for):
    """The database has only hashes of passwords and secrets."""
    from wych_kit import mock

    file = tmp_path / "mock.sqlite"
    with mock.running(path=file) as wych:
        app, *_ = caller_for(wych).register()
    kept = b"".join(part.read_bytes() for part in tmp_path.iterdir())
    assert app["client_id"].encode() in kept
    for secret in (
        app["client_secret"],
        app["api_key"],
        "correct horse",
        wych.credentials.client_secret,
        wych.credentials.api_key,
    ):
        assert secret.encode() not in kept


def test_a_bug_of_the_mock(caller, wych, monkeypatch, caplog):
    """A bug in the portal is a 500, and the log has its cause."""
    from wych_kit.mock.state.store import Store

    def fail(*_, **__):
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(Store, "add_account", fail)
    response = caller.send_json("POST", ACCOUNTS, PERSON)
    assert (response.status, "log" in response.json["errors"]["request"]) == (500, True)
    assert "broken on purpose" in caplog.text
    assert wych.requests[-1].reason == "a bug in the mock; see its log"


def test_client_id_is_issued_once(caller, monkeypatch):
    """A client id that is in use is drawn again."""
    from wych_kit.mock.state.ids import Ids

    first, session, business = caller.register()
    taken = first["client_id"].removeprefix("client_")
    draws = iter([taken, taken, "000000001"])
    monkeypatch.setattr(Ids, "digits", lambda *_: next(draws))
    second = caller.send_json("POST", f"{BUSINESSES}/{business}/apps", {"name": "Another"}, session)
    assert second.json["client_id"] == "client_000000001"
