"""A mock for each test module, a way to speak to it that hides nothing, and the calls that most tests make."""

from __future__ import annotations

import http.client
import json
import urllib.parse
from typing import NamedTuple

import pytest

from wych_kit import mock

REALM = "/realms/partner"
TOKEN = f"{REALM}/protocol/openid-connect/token"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Got(NamedTuple):
    """An answer as it came, header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Caller:
    """Speaks HTTP to one mock with nothing added but Host and Content-Length."""

    def __init__(self, wych):
        self.wych = wych
        ready = wych.credentials
        self.base = f"/v3/partner/{ready.partner_id}/app/{ready.app_id}"
        self.form = {
            "grant_type": "client_credentials",
            "client_id": ready.client_id,
            "client_secret": ready.client_secret,
        }

    def ask(self, method, path, headers=None, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.wych.port, timeout=10)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            return Got(
                response.status,
                {name.lower(): value for name, value in response.getheaders()},
                response.read(),
            )
        finally:
            connection.close()

    def padded(self, path, size):
        """A GET whose header block is `size` bytes."""
        host = len(f"Host: 127.0.0.1:{self.wych.port}\r\n")
        return self.ask("GET", path, {"x-padding": "x" * (size - host - len("x-padding: \r\n"))})

    def token_request(self, *, headers=None, path=TOKEN, method="POST", **form):
        """The token endpoint with the good form changed: a name given as None is left out."""
        fields = {name: value for name, value in {**self.form, **form}.items() if value is not None}
        return self.ask(
            method, path, {**FORM, **(headers or {})}, urllib.parse.urlencode(fields).encode()
        )

    def token(self, **form):
        return self.token_request(**form).json["access_token"]

    def headers(self, **changes):
        good = {
            "Authorization": f"Bearer {self.token()}",
            "x-api-key": self.wych.credentials.api_key,
        }
        return {name: value for name, value in {**good, **changes}.items() if value is not None}

    def call(self, path, method="GET", body=None, **changes):
        """A call under the ready-made app with good headers changed: a name given as None is left out."""
        return self.ask(method, self.base + path, self.headers(**changes), body)

    def send_json(self, method, path, value, session=None):
        headers = {"Content-Type": "application/json"} | (
            {"Authorization": f"Bearer {session}"} if session else {}
        )
        return self.ask(
            method, path, headers, None if value is None else json.dumps(value).encode()
        )

    def register(self, email="kim@example.com", nzbn="9429041525746", name="Kim's app"):
        """All steps of the portal; what the last one answered, and the session."""
        person = {
            "first_name": "Kim",
            "last_name": "Lee",
            "email": email,
            "password": "correct horse",
        }
        session = self.send_json("POST", "/portal/api/accounts", person).json["session"]
        business = self.send_json(
            "POST", "/portal/api/businesses", {"nzbn": nzbn, "name": "Kim Ltd"}, session
        ).json["business_id"]
        self.send_json("PUT", f"/portal/api/businesses/{business}/receive-data", None, session)
        app = self.send_json(
            "POST", f"/portal/api/businesses/{business}/apps", {"name": name}, session
        )
        assert app.status == 201, app
        return app.json, session, business

    def works(self, app):
        """Whether an app's credentials get a token and a first answer."""
        got = self.token_request(client_id=app["client_id"], client_secret=app["client_secret"])
        if got.status != 200:
            return False
        headers = {
            "Authorization": f"Bearer {got.json['access_token']}",
            "x-api-key": app["api_key"],
        }
        return (
            self.ask(
                "GET", f"/v3/partner/{app['partner_id']}/app/{app['app_id']}/users", headers
            ).status
            == 200
        )


@pytest.fixture(scope="module")
def shared():
    """One mock for the tests of a module that leave it as it was."""
    with mock.running(seed=1, ephemeral=True) as wych:
        yield wych


@pytest.fixture
def wych(shared):
    """The module's mock, with nothing remembered."""
    shared.reset()
    return shared


@pytest.fixture
def caller(wych):
    return Caller(wych)


@pytest.fixture
def caller_for():
    """Makes a caller for a mock that the test started itself."""
    return Caller
