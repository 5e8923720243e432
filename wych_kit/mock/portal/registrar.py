"""What a partner does in the portal, whichever way it is asked: by the JSON of `portal` or in the pages of a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wych_kit.mock.portal.passwords import hashed, is_password
from wych_kit.mock.state import registration_rules
from wych_kit.mock.state.registration_rules import FieldErrors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wych_kit.mock.state.store import Issued, Store


class Registrar:
    """Checks what was typed and does it. Every act raises `FieldErrors` when it cannot be done."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def register(self, typed: Mapping[str, Any]) -> str:
        """A new account's id."""
        facts = registration_rules.account(typed)
        account = self._store.add_account(
            **facts | {"password": hashed(facts["password"], self._store.ids.octets(16))}
        )
        if account is None:
            raise FieldErrors(
                {"email": "There is an account with this address: sign in, or use another."}, 409
            )
        return account

    def sign_in(self, typed: Mapping[str, Any]) -> str:
        """The id of the account that has this address and password."""
        facts = registration_rules.session(typed)
        account = self._store.account(facts["email"])
        if (
            not is_password(facts["password"], account["password"] if account else None)
            or account is None
        ):
            raise FieldErrors(
                {"password": "No account has this address and password: check both, or register."},
                401,
            )
        found: str = account["id"]
        return found

    def add_business(
        self, account: str, typed: Mapping[str, Any]
    ) -> tuple[Mapping[str, Any], bool]:
        """The account's business of this NZBN, and whether it is new."""
        return self._store.find_or_add_business(account, **registration_rules.business(typed))

    def add_app(
        self, business: Mapping[str, Any], typed: Mapping[str, Any]
    ) -> tuple[Mapping[str, Any], Issued]:
        """A new app of a business that receives data, and its secrets."""
        if not business["receives_data"]:
            raise FieldErrors(
                {"business": 'Choose "Receive Data" for the business first (PUT …/receive-data).'},
                409,
            )
        app, issued = self._store.add_app(business, **registration_rules.app(typed))
        if issued is None:
            taken = (
                "The business has an app of this name: ask for new credentials for it, or choose"
                " another name."
            )
            raise FieldErrors({"name": taken}, 409, app_id=app["id"])
        return app, issued

    def set_callback(self, app: Mapping[str, Any], typed: Mapping[str, Any]) -> None:
        """Sets, or with "" takes away, where the app's users go back to."""
        self._store.set_callback(app["id"], registration_rules.callback(typed)["callback_url"])

    def business(self, account: str, business_id: str) -> Mapping[str, Any] | None:
        """A business of the account."""
        return self._store.business(account_id=account, id=business_id)

    def app(self, account: str, app_id: str) -> Mapping[str, Any] | None:
        """An app of one of the account's businesses."""
        app = self._store.app(id=app_id)
        return app if app and self.business(account, app["business_id"] or "") else None
