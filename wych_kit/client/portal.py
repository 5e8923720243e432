"""Registers over HTTP, in the mock's portal only.

All of it is invented: Wych's own portal is a web site for people, and only the order of its steps
is public (API facts section 1).
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from wych_kit.client.excerpts import redact_response_text
from wych_kit.client.http_request import build_plain_request
from wych_kit.client.http_response import host_of, require_json_object
from wych_kit.client.transport import create_client, send_request
from wych_kit.errors import Refused, Unexpected
from wych_kit.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    import httpx

    from wych_kit.client.journal.recorder import Journal

CREDENTIALS = ("client_id", "client_secret", "api_key", "partner_id", "app_id")
SECRETS = ("client_secret", "api_key")
# Apps of one name. No workshop has so many.
MAX_APPS = 100


class Portal:
    """The portal's forms at `portal_url`, in the order in which a person fills them in."""

    def __init__(self, portal_url: str, journal: Journal) -> None:
        self._url = portal_url.rstrip("/")
        self._journal = journal
        self._session: Secret | None = None

    def register(
        self, answers: Mapping[str, str | Secret], say: Callable[[str], None]
    ) -> dict[str, str | Secret]:
        """Create account, business and app, and return the credentials, by the names in `CREDENTIALS`.

        An existing account with this email and password is used, and so is a business with this
        number. The app is always new: new credentials for an existing app would lock out its
        users. So if the business has an app of that name, the new one gets a number, and
        `app_name` is the final name.

        Raises `Refused` with `.fields`, `Unexpected` or `Unreachable` (stage "register").
        """
        with create_client(self._url, hooks=self._journal.hooks()) as client:
            say("account")
            self._sign_up(client, answers)
            say("business")
            form = {"nzbn": "".join(str(answers["nzbn"]).split()), "name": answers["business_name"]}
            business = self._send(client, "POST", "businesses", form, name="business_name")
            self._send(
                client,
                "PUT",
                f"businesses/{_require_text(business, 'business_id')}/receive-data",
                {},
            )
            say("app")
            name, issued = self._create_app(
                client,
                _require_text(business, "business_id"),
                str(answers["app_name"]),
                str(answers.get("callback_url", "")),
            )
        credentials = {field: _require_text(issued, field) for field in CREDENTIALS} | {
            "app_name": str(issued.get("app_name") or name)
        }
        return credentials | {field: Secret(credentials[field]) for field in SECRETS}

    def _sign_up(self, client: httpx.Client, answers: Mapping[str, str | Secret]) -> None:
        form = {name: answers[name] for name in ("first_name", "last_name", "email", "password")}
        try:
            account = self._send(client, "POST", "accounts", form)
        except Refused as error:
            if error.status != HTTPStatus.CONFLICT:
                raise
            account = self._sign_in(client, {name: answers[name] for name in ("email", "password")})
        self._session = Secret(_require_text(account, "session"))
        # It is a bearer token too, but not an access token, so the journal must not call it one.
        self._journal.redactor.learn("session", self._session)

    def _sign_in(self, client: httpx.Client, form: Mapping[str, str | Secret]) -> dict[str, Any]:
        try:
            return self._send(client, "POST", "sessions", form)
        except Refused as error:
            problem = (
                "An account with this email exists and has a different password. Enter its password,"
                " or a different email."
            )
            fields = {"password": problem}
            raise Refused(
                problem,
                stage="register",
                status=error.status,
                fields=fields,
                reference="registration-refused",
            ) from None

    def _create_app(
        self, client: httpx.Client, business_id: str, name: str, callback_url: str
    ) -> tuple[str, dict[str, Any]]:
        for number in range(1, MAX_APPS):
            numbered = name if number == 1 else f"{name} {number}"
            form = {"name": numbered, "callback_url": callback_url}
            response = self._request(client, "POST", f"businesses/{business_id}/apps", form)
            if response.status_code != HTTPStatus.CONFLICT or "app_id" not in require_json_object(
                response, "register"
            ):
                break
        return numbered, _require_success(response, "app_name")

    def _send(
        self,
        client: httpx.Client,
        method: str,
        path: str,
        form: Mapping[str, str | Secret],
        name: str = "name",
    ) -> dict[str, Any]:
        return _require_success(self._request(client, method, path, form), name)

    def _request(
        self, client: httpx.Client, method: str, path: str, form: Mapping[str, str | Secret]
    ) -> httpx.Response:
        request = build_plain_request(
            method,
            f"{self._url}/api/{path}",
            "register",
            basis="invented",
            json={
                name: value.reveal() if isinstance(value, Secret) else value
                for name, value in form.items()
            },
        )
        if self._session is not None:
            request.headers["Authorization"] = f"Bearer {self._session.reveal()}"
        return send_request(client, request, self._journal.record_failure)


def _require_success(response: httpx.Response, name: str) -> dict[str, Any]:
    """Return the body of a response, or raise its refusal.

    `name` is what the caller calls the form's field "name".
    """
    answer = require_json_object(response, "register")
    if response.is_success:
        return answer
    errors = answer.get("errors")
    messages = errors if isinstance(errors, dict) else {}
    fields = {
        name if field == "name" else str(field): redact_response_text(response, str(text))
        for field, text in messages.items()
    }
    raise Refused(
        f"{host_of(response)} rejected the registration:"
        f" {' '.join(fields.values()) or response.status_code}",
        stage="register",
        status=response.status_code,
        fields=fields,
        reference="registration-refused",
    )


def _require_text(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    if isinstance(value, str) and value:
        return value
    raise Unexpected(
        f"the portal's response has no {name}", stage="register", reference="unknown-answer"
    )
