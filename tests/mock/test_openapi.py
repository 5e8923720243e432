"""The OpenAPI description: valid, in step with the routes, and true of all answers."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from wych_kit import mock
from wych_kit.mock.api.routes import ROUTES
from wych_kit.mock.description.openapi import document, page
from wych_kit.mock.realm.endpoints import TOKEN_PATH

URL = "http://127.0.0.1:9924"
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance"
)


def list_operations():
    """List all operations as (method, path, operation)."""
    return [
        (method, path, one)
        for path, item in document(URL)["paths"].items()
        for method, one in item.items()
    ]


def test_it_is_valid():
    """The description is valid OpenAPI 3.1, and plain JSON."""
    OpenAPIV31SpecValidator(json.loads(json.dumps(document(URL)))).validate()
    assert document(URL)["openapi"] == "3.1.0"


def test_a_wrong_description_is_found():
    """The validator notices an undeclared parameter."""
    broken = json.loads(json.dumps(document(URL)))
    for item in broken["paths"].values():
        for one in item.values():
            one["parameters"] = []
    with pytest.raises(Exception, match="parameter"):
        OpenAPIV31SpecValidator(broken).validate()


def test_the_file_is_in_step():
    """docs/openapi.json is the module's output; `make docs` writes it again."""
    committed = (Path(__file__).parents[2] / "docs" / "openapi.json").read_text("utf-8")
    assert committed == page(), "run make docs"
    printed = subprocess.run(
        [sys.executable, "-m", "wych_kit.mock.description.openapi"],
        capture_output=True,
        check=True,
        timeout=30,
    ).stdout
    assert printed.decode() == page()


def test_it_is_in_step_with_the_routes():
    """Every route has an operation with its token and basis; only the token endpoint is added."""
    described = {
        (method.upper(), path): (
            one["operationId"],
            one["tags"],
            one["x-wych-basis"],
            "requestBody" in one,
        )
        for method, path, one in list_operations()
        if path != TOKEN_PATH
    }
    assert described == {
        (route.method, route.path): (route.handler, [route.token], route.basis, route.takes_body)
        for route in ROUTES
    }
    assert [
        (method, one["x-wych-basis"])
        for method, path, one in list_operations()
        if path == TOKEN_PATH
    ] == [("post", "documented")]


def test_each_call_needs_the_key_and_its_token():
    """A call needs the API key and the route's kind of token; the token endpoint needs neither."""
    for _, path, one in list_operations():
        assert one["security"] == (
            [] if path == TOKEN_PATH else [{"apiKey": [], one["tags"][0]: []}]
        )


def test_every_schema_is_used():
    """Each schema is used, and each reference has a schema."""
    text = json.dumps(document(URL))
    assert set(re.findall(r"#/components/schemas/(\w+)", text)) == set(
        document(URL)["components"]["schemas"]
    )


def test_it_is_served(caller, wych):
    """GET returns it with the mock's address, HEAD its length; other methods are 405."""
    response = caller.ask("GET", "/openapi.json")
    assert (
        response.status,
        response.headers["content-type"],
        response.headers["x-wych-mock-basis"],
    ) == (
        200,
        "application/json",
        "invented",
    )
    assert response.json == json.loads(json.dumps(document(wych.url)))
    assert response.json["servers"] == [{"url": wych.url}]
    head = caller.ask("HEAD", "/openapi.json")
    assert (head.status, head.body, head.headers["content-length"]) == (
        200,
        b"",
        response.headers["content-length"],
    )
    refused = caller.ask("POST", "/openapi.json", body=b"{}")
    assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD")
    assert caller.ask("POST", "/openapi.json", {"Content-Length": str(65 * 1024)}).status == 413
    assert caller.padded("/openapi.json", 65 * 1024 + 1).status == 431


def assert_valid(name, value, *, many=False):
    """Assert that a value is valid for a schema, and return it."""
    one = {"$ref": f"#/components/schemas/{name}"}
    schema = {
        **({"type": "array", "items": one} if many else one),
        "components": document(URL)["components"],
    }
    errors = [
        error.message
        for error in OAS31Validator(
            schema, format_checker=OAS31Validator.FORMAT_CHECKER
        ).iter_errors(value)
    ]
    assert errors == []
    return value


def test_answers_are_as_described(caller, wych):
    """The answer to each call is valid for its schema."""
    connection = wych.connect("kim@example.com")
    assert_valid("User", caller.call("/users").json, many=True)
    assert_valid("User", caller.call("/user", "POST", b'{"email":"kim@example.com"}').json)
    assert_valid("Token", caller.token_request().json)
    assert_valid("Token", caller.token_request(scope="openid").json)
    assert_valid(
        "Connection", caller.call(f"/user/{connection['user']}/connections").json, many=True
    )
    assert_valid("Connection", caller.call(f"/connection/{connection['id']}").json)
    token = assert_valid(
        "UserToken", caller.call(f"/user/{connection['user']}/token", "POST").json
    )["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    accounts = assert_valid(
        "Accounts", caller.call(f"/connection/{connection['id']}/accounts", **bearer).json
    )["Data"]["Account"]
    for account in accounts:
        path = f"/connection/{connection['id']}/account/{account['AccountId']}"
        assert_valid("Balances", caller.call(f"{path}/balances", **bearer).json)
        assert_valid("Transactions", caller.call(f"{path}/transactions", **bearer).json)
    assert_valid("Refusal", caller.call("/connection/x").json)
    assert_valid("GatewayRefusal", caller.call("/connection/x", **bearer).json)
    assert_valid("GatewayRefusal", caller.call("/users", Authorization=None).json)
    assert_valid("TokenRefusal", caller.token_request(client_secret="wrong").json)


def test_an_answer_with_more_is_not_as_described():
    """An unknown member is an error, and so is a missing one."""
    user = {"id": "3f2f7c1e-58a4-4a3e-9d0b-0c5b6ef1a101", "email": "a@b.example"}
    assert_valid("User", user)
    for wrong in ({**user, "name": "Kim"}, {"id": user["id"]}, {**user, "id": 1}):
        with pytest.raises(AssertionError):
            assert_valid("User", wrong)


class Schemathesis:
    """Generate calls from the description, with real ids in the paths, and fail on a violation."""

    def __init__(self, caller, folder):
        self.caller = caller
        self.folder = folder
        self.known = {"partnerId": mock.READY_MADE.partner_id, "appId": mock.READY_MADE.app_id}

    def run(self, tag, headers, **ids):
        described = self.caller.ask("GET", "/openapi.json").json
        known = self.known | ids
        for item in described["paths"].values():
            for one in item.values():
                for parameter in one["parameters"]:
                    if parameter["name"] in known:
                        parameter["schema"] = {"type": "string", "enum": [known[parameter["name"]]]}
        file = self.folder / "openapi.json"
        file.write_text(json.dumps(described))
        command = [
            Path(sys.executable).parent / "schemathesis", "run", file,
            "--url", self.caller.wych.url, "--include-tag", tag,
            "--checks", CHECKS, "--phases", "examples,coverage,fuzzing",
            "--max-examples", "25", "--generation-deterministic",
            "--request-timeout", "10", "--continue-on-failure", "--no-color", "--warnings", "off",
            *(part for name, text in headers.items() for part in ("--header", f"{name}: {text}")),
        ]  # fmt: skip
        done = subprocess.run(
            list(map(str, command)),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            cwd=self.folder,
        )
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        return {one.status for one in self.caller.wych.requests}


@pytest.fixture
def schemathesis(caller, tmp_path):
    return Schemathesis(caller, tmp_path)


@pytest.mark.schemathesis
def test_generated_calls_for_customer_data(caller, wych, schemathesis):
    """Generated calls for customer data get described answers, never 5xx; some get data."""
    connection = wych.connect("kim@example.com")
    token = caller.call(f"/user/{connection['user']}/token", "POST").json["access_token"]
    headers = caller.headers(Authorization=f"Bearer {token}")
    path = f"{caller.base}/connection/{connection['id']}/accounts"
    account = caller.ask("GET", path, headers).json["Data"]["Account"][0]["AccountId"]
    statuses = schemathesis.run(
        "user-context", headers, connectionId=connection["id"], accountId=account
    )
    assert {200, 400} <= statuses


@pytest.mark.schemathesis
def test_generated_calls_for_users_and_connections(caller, wych, schemathesis):
    """Generated calls for users and connections get described answers, never 5xx."""
    connection = wych.connect("kim@example.com")
    statuses = schemathesis.run(
        "service", caller.headers(), userId=connection["user"], connectionId=connection["id"]
    )
    assert {200, 204, 400} <= statuses


@pytest.mark.schemathesis
def test_generated_token_requests(schemathesis):
    """Generated token requests get described answers, never 5xx."""
    statuses = schemathesis.run("token", {})
    assert {400, 401} <= statuses
