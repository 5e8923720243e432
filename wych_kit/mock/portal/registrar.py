"""Do what a partner asks the portal for, through the JSON API or the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wych_kit.mock.portal.passwords import hash_password, is_password
from wych_kit.mock.state import registration_rules
from wych_kit.mock.state.registration_rules import FieldErrors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wych_kit.mock.state.store import IssuedSecrets, Store


class Registrar:
    """Check what was entered and do it. Every method raises `FieldErrors` if it cannot."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def register(self, typed: Mapping[str, Any]) -> str:
        """Create an account; return its id."""
        facts = registration_rules.read_account(typed)
        account = self._store.add_account(
            **facts | {"password": hash_password(facts["password"], self._store.ids.octets(16))}
        )
        if account is None:
            exists = (
                "An account with this email address exists. Sign in, or use a different address."
            )
            raise FieldErrors({"email": exists}, 409)
        return account

    def sign_in(self, typed: Mapping[str, Any]) -> str:
        """Return the id of the account with this email and password."""
        facts = registration_rules.read_session(typed)
        account = self._store.find_account(facts["email"])
        # The password is compared before the account is looked at: an unknown address takes as
        # long as a wrong password, and gets the same answer.
        if (
            not is_password(facts["password"], account["password"] if account else None)
            or account is None
        ):
            wrong = "The email address or the password is wrong. Check both, or register."
            raise FieldErrors({"password": wrong}, 401)
        account_id: str = account["id"]
        return account_id

    def add_business(
        self, account: str, typed: Mapping[str, Any]
    ) -> tuple[Mapping[str, Any], bool]:
        """Return the account's business with this NZBN, and True if it is new."""
        return self._store.find_or_add_business(account, **registration_rules.read_business(typed))

    def add_app(
        self, business: Mapping[str, Any], typed: Mapping[str, Any]
    ) -> tuple[Mapping[str, Any], IssuedSecrets]:
        """Create an app of a business that receives data; return it with its secrets."""
        if not business["receives_data"]:
            missing = (
                'The business does not receive data yet. Choose "Receive Data" first'
                " (PUT …/receive-data)."
            )
            raise FieldErrors({"business": missing}, 409)
        app, issued = self._store.add_app(business, **registration_rules.read_app(typed))
        # The app's id lets a page link to the existing app, where new credentials are issued.
        if issued is None:
            taken = (
                "The business has an app with this name. Ask for new credentials for it, or choose a"
                " different name."
            )
            raise FieldErrors({"name": taken}, 409, app_id=app["id"])
        return app, issued

    def set_callback(self, app: Mapping[str, Any], typed: Mapping[str, Any]) -> None:
        """Set the URL to which an app's customers return; "" removes it."""
        self._store.set_callback(app["id"], registration_rules.read_callback(typed)["callback_url"])

    def business(self, account: str, business_id: str) -> Mapping[str, Any] | None:
        """Return a business of the account, or None."""
        return self._store.find_business(account_id=account, id=business_id)

    def app(self, account: str, app_id: str) -> Mapping[str, Any] | None:
        """Return an app of one of the account's businesses, or None."""
        app = self._store.find_app(id=app_id)
        # The ready-made app belongs to no business, so nobody can reach it here.
        return app if app and self.business(account, app["business_id"] or "") else None
