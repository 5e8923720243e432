"""Describe the mock's answers as JSON Schema.

Customer data follow the Payments NZ standard.
"""

from __future__ import annotations

from typing import Any

from wych_kit.mock.api.bank import BANKS
from wych_kit.mock.api.connections import PERMISSIONS, STATES

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
UUID: Schema = {"type": "string", "format": "uuid"}
TIME: Schema = {"type": "string", "format": "date-time"}
NUMBER: Schema = {"type": "integer", "minimum": 0}


def choice(*values: str) -> Schema:
    """Return the schema of one of these texts."""
    return {"type": "string", "enum": list(values)}


def items(of: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": of}


def record(required: dict[str, Schema], **optional: Schema) -> Schema:
    """Return the schema of an object with these members and no others."""
    members = {"properties": {**required, **optional}, "required": list(required)}
    # Strict, so that a test notices a member that the description does not have.
    return {"type": "object", **members, "additionalProperties": False}


def ref(name: str) -> Schema:
    """Return a reference to the schema of this name."""
    return {"$ref": f"#/components/schemas/{name}"}


_SIGN = choice("Credit", "Debit")
_AMOUNT = record(
    {"Amount": {"type": "string", "pattern": r"^\d+\.\d\d$"}, "Currency": {"const": "NZD"}}
)
# The amount is never negative: the indicator gives the direction.
_VALUED = {"Amount": _AMOUNT, "CreditDebitIndicator": _SIGN}
_LINKS = record({"Self": TEXT, "First": TEXT, "Last": TEXT}, Prev=TEXT, Next=TEXT)
_META = record(
    {"TotalPages": {"type": "integer", "minimum": 1}},
    FirstAvailableDateTime=TIME,
    LastAvailableDateTime=TIME,
)
# New Zealand's account numbers: bank, branch, account, suffix.
_NUMBER = record(
    {
        "SchemeName": {"const": "BECSElectronicCredit"},
        "Identification": {"type": "string", "pattern": r"^\d\d-\d{4}-\d{7}-\d\d$"},
        "Name": TEXT,
    }
)


def _page(name: str) -> Schema:
    return record({"Data": record({name: items(ref(name))}), "Links": _LINKS, "Meta": _META})


# Each schema by its name in the description.
SCHEMAS: dict[str, Schema] = {
    "User": record({"id": UUID, "email": TEXT}),
    "Token": record(
        {
            "access_token": TEXT,
            "expires_in": NUMBER,
            "refresh_expires_in": NUMBER,
            "token_type": {"const": "Bearer"},
        },
        # Keycloak's own member; a keyword cannot have hyphens.
        **{"not-before-policy": NUMBER, "scope": TEXT, "id_token": TEXT},
    ),
    # Invented. The standard's answer to a token exchange (RFC 8693) would have issued_token_type.
    "UserToken": record(
        {"access_token": TEXT, "expires_in": NUMBER, "token_type": {"const": "Bearer"}}
    ),
    "Connection": record(
        {
            "id": UUID,
            "state": choice(*STATES),
            "user": UUID,
            "provider": record({"id": choice(*(bank.id for bank in BANKS)), "name": TEXT}),
            "permissions": items(choice(*PERMISSIONS)),
            "created": TIME,
            "expires": TIME,
        }
    ),
    "Account": record(
        {
            "AccountId": UUID,
            "Status": choice("Enabled"),
            "Currency": {"const": "NZD"},
            "AccountType": choice("Personal", "Business"),
            "AccountSubType": choice("CurrentAccount", "Savings", "CreditCard"),
            "Nickname": TEXT,
            "Account": items(_NUMBER),
        }
    ),
    "Balance": record(
        {"AccountId": UUID, **_VALUED, "Type": choice("InterimAvailable"), "DateTime": TIME}
    ),
    "Transaction": record(
        {
            "AccountId": UUID,
            "TransactionId": UUID,
            "TransactionReference": TEXT,
            **_VALUED,
            "Status": choice("Booked", "Pending"),
            "BookingDateTime": TIME,
            "ValueDateTime": TIME,
            "TransactionInformation": TEXT,
            "Balance": record({**_VALUED, "Type": choice("InterimBooked")}),
        },
        MerchantDetails=record(
            {
                "MerchantName": TEXT,
                "MerchantCategoryCode": {"type": "string", "pattern": r"^\d{4}$"},
            }
        ),
    ),
    "Accounts": _page("Account"),
    "Balances": _page("Balance"),
    "Transactions": _page("Transaction"),
    "Refusal": record({"error": TEXT, "message": TEXT}),
    # AWS writes "Message" for a denial by policy, and "message" otherwise.
    "GatewayRefusal": {"oneOf": [record({"message": TEXT}), record({"Message": TEXT})]},
    "TokenRefusal": record({"error": TEXT}, error_description=TEXT),
}
