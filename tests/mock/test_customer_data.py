"""Accounts, balances and transactions over HTTP: shapes, sums, pages, dates and refusals."""

from __future__ import annotations

import re
from itertools import pairwise
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from wych_kit import mock
from wych_kit.mock.api import bank

EVENING = 1_800_475_200  # 2027-01-20T20:00:00Z, a day of the card payment
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"
PERMISSION = {
    "accounts": "ReadAccountsDetail",
    "balances": "ReadBalances",
    "transactions": "ReadTransactionsDetail",
}


class Customer:
    """A user with a connection, and calls for their data."""

    def __init__(self, caller, **how):
        self.caller = caller
        self.connection = caller.wych.connect("kim@example.com", **how)
        self.token = caller.call(f"/user/{self.connection['user']}/token", "POST").json[
            "access_token"
        ]
        self.base = f"/connection/{self.connection['id']}"

    def get(self, path, query=None):
        text = f"?{urlencode(query)}" if query else ""
        return self.caller.call(self.base + path + text, Authorization=f"Bearer {self.token}")

    def account(self, index=0):
        return self.get("/accounts").json["Data"]["Account"][index]["AccountId"]

    def transactions(self, account, query=None):
        """Return the transactions of all pages."""
        page = self.get(f"/account/{account}/transactions", query).json
        transactions = page["Data"]["Transaction"]
        while following := page["Links"].get("Next"):
            parts = urlsplit(following)
            page = self.caller.ask(
                "GET",
                f"{parts.path}?{parts.query}",
                self.caller.headers(Authorization=f"Bearer {self.token}"),
            ).json
            transactions += page["Data"]["Transaction"]
        return transactions


@pytest.fixture
def customer(caller, wych):
    wych.clock.freeze(EVENING)
    return Customer(caller)


def signed_cents(valued):
    """Return an amount in cents, negative for a debit."""
    text = valued["Amount"]["Amount"]
    assert re.fullmatch(r"\d+\.\d\d", text)
    assert valued["Amount"]["Currency"] == "NZD"
    return int(text.replace(".", "")) * {"Credit": 1, "Debit": -1}[valued["CreditDebitIndicator"]]


def test_accounts(customer):
    """There are three accounts, in the standard's words, and no number is masked."""
    response = customer.get("/accounts")
    accounts = response.json["Data"]["Account"]
    assert [account["AccountSubType"] for account in accounts] == [
        "CurrentAccount",
        "Savings",
        "CreditCard",
    ]
    for account in accounts:
        assert set(account) == {
            "AccountId",
            "Status",
            "Currency",
            "AccountType",
            "AccountSubType",
            "Nickname",
            "Account",
        }
        (scheme,) = account["Account"]
        assert scheme["SchemeName"] == "BECSElectronicCredit"
        assert re.fullmatch(r"91-\d{4}-\d{7}-\d\d", scheme["Identification"])
    link = f"{customer.caller.wych.url}{customer.caller.base}{customer.base}/accounts"
    assert response.json["Links"] == {"Self": link, "First": link, "Last": link}
    assert response.json["Meta"] == {"TotalPages": 1}
    assert response.headers["x-wych-mock-basis"] == "invented"


def test_a_balance_is_what_the_newest_transaction_left(customer):
    """An account's balance is the running balance of its newest transaction; money owed is a Debit."""
    signs = []
    for index in range(3):
        account = customer.account(index)
        (balance,) = customer.get(f"/account/{account}/balances").json["Data"]["Balance"]
        newest = customer.transactions(account)[0]
        assert signed_cents(balance) == signed_cents(newest["Balance"])
        assert (balance["AccountId"], balance["Type"], balance["DateTime"]) == (
            account,
            "InterimAvailable",
            "2027-01-20T20:00:00Z",
        )
        signs.append(balance["CreditDebitIndicator"])
    assert signs == ["Credit", "Credit", "Debit"]


def test_transactions_add_up_over_pages(customer):
    """All pages together have each transaction once, newest first, and the balances add up."""
    transactions = customer.transactions(customer.account())
    assert len({one["TransactionId"] for one in transactions}) == len(transactions) > 100
    assert [one["BookingDateTime"] for one in transactions] == sorted(
        (one["BookingDateTime"] for one in transactions), reverse=True
    )
    for newer, older in pairwise(transactions):
        assert signed_cents(newer["Balance"]) == signed_cents(older["Balance"]) + signed_cents(
            newer
        )


def test_a_transaction(customer):
    """A transaction has the standard's fields; those of yesterday and today are pending."""
    transactions = customer.transactions(customer.account())
    for one in transactions:
        assert set(one) - {"MerchantDetails"} == {
            "AccountId", "TransactionId", "TransactionReference", "Amount", "CreditDebitIndicator", "Status", "BookingDateTime",
            "ValueDateTime", "TransactionInformation", "Balance",
        }  # fmt: skip
        assert one["Status"] == ("Pending" if one["BookingDateTime"] >= "2027-01-19" else "Booked")
    assert {one["Status"] for one in transactions} == {"Pending", "Booked"}
    merchants = [one["MerchantDetails"] for one in transactions if "MerchantDetails" in one]
    assert 0 < len(merchants) < len(transactions)
    assert {"MerchantName": "Bean & Gone Café", "MerchantCategoryCode": "5814"} in merchants


def test_links_and_meta(customer):
    """Links lead to the first, previous, next and last page and keep the dates; Meta has the totals."""
    account = customer.account()
    transactions = customer.transactions(account)
    path, since = f"/account/{account}/transactions", transactions[-1]["BookingDateTime"]
    total = -(-len(transactions) // 50)
    for number in range(1, total + 1):
        answer = customer.get(
            path, {"fromBookingDateTime": since, "page": number, "else": "kept out"}
        ).json
        pages = {name: parse_qs(urlsplit(link).query) for name, link in answer["Links"].items()}
        expected = {
            "Self": number,
            "First": 1,
            "Prev": number - 1,
            "Next": number + 1,
            "Last": total,
        }
        expected = {name: page for name, page in expected.items() if 1 <= page <= total}
        assert pages == {
            name: {"fromBookingDateTime": [since], "page": [str(page)]}
            for name, page in expected.items()
        }
        assert len(answer["Data"]["Transaction"]) == (
            50 if number < total else len(transactions) - 50 * (total - 1)
        )
        assert answer["Meta"] == {
            "TotalPages": total,
            "FirstAvailableDateTime": since,
            "LastAvailableDateTime": transactions[0]["BookingDateTime"],
        }


def test_dates_include_both_ends(customer):
    """Both ends of the requested time are included, to the second."""
    account = customer.account()
    transactions = customer.transactions(account)
    first, last = transactions[90]["BookingDateTime"], transactions[10]["BookingDateTime"]
    assert first < transactions[89]["BookingDateTime"]
    between = customer.transactions(
        account, {"fromBookingDateTime": first, "toBookingDateTime": last}
    )
    assert between == [one for one in transactions if first <= one["BookingDateTime"] <= last]
    assert (between[0]["BookingDateTime"], between[-1]["BookingDateTime"]) == (last, first)


def test_a_date_alone_is_the_whole_day(customer):
    """A date alone means the whole day, at either end."""
    account = customer.account()
    transactions = customer.transactions(account)
    day = transactions[20]["BookingDateTime"][:10]
    that_day = customer.transactions(
        account, {"fromBookingDateTime": day, "toBookingDateTime": day}
    )
    assert that_day == [one for one in transactions if one["BookingDateTime"].startswith(day)] != []


@pytest.mark.parametrize(
    "text",
    ["2027-01-01T13:00:00+13:00", "2027-01-01T00:00:00", "2027-01-01T00:00:00.000Z", "2027-01-01"],
)
def test_spellings_of_a_time(customer, text):
    """A time may have an offset, none (UTC), parts of a second, or be a date."""
    account = customer.account()
    expected = [
        one for one in customer.transactions(account) if one["BookingDateTime"] >= "2027-01-01"
    ]
    assert customer.transactions(account, {"fromBookingDateTime": text}) == expected != []


def test_nothing_in_between_is_an_empty_page(customer):
    """Dates without transactions give one empty page."""
    page = customer.get(
        f"/account/{customer.account()}/transactions", {"toBookingDateTime": "1999-12-31"}
    ).json
    assert (page["Data"]["Transaction"], page["Meta"]["TotalPages"]) == ([], 1)


@pytest.mark.parametrize(
    ("query", "error"),
    [
        *((f"page={page}", "invalid_page") for page in ("0", "-1", "99", "1.0", "x", "", "%C2%B2", "1e3", "01", "9" * 5000)),
        ("page=1&page=2", "invalid_page"),
        *(
            (f"fromBookingDateTime={date}", "invalid_date")
            for date in ("", "yesterday", "2027-13-01", "2027-02-30", "20270101", "2027-W01-1", "2027-01-01T25:00:00Z",
                         "2027-01-01T13:00:00+13:00", "1800000000", "%00", "2027-01-01'--")
        ),
        ("toBookingDateTime=2027-01-01&toBookingDateTime=2027-01-02", "invalid_date"),
        ("fromBookingDateTime=2027-01-02&toBookingDateTime=2027-01-01", "invalid_date"),
    ],
)  # fmt: skip
def test_bad_pages_and_dates(customer, query, error):
    """An invalid page or date is 400, with a message."""
    response = customer.get(f"/account/{customer.account()}/transactions?{query}")
    assert (response.status, response.json["error"], set(response.json)) == (
        400,
        error,
        {"error", "message"},
    )
    assert response.headers["x-wych-mock-basis"] == "invented"


def test_the_same_seed_gives_the_same_bytes(caller_for):
    """Two mocks with one seed and one time give the same bytes, except for their addresses."""
    bodies = []
    for _ in range(2):
        with mock.running(ephemeral=True, seed=7) as wych:
            wych.clock.freeze(EVENING)
            customer = Customer(caller_for(wych))
            response = customer.get(f"/account/{customer.account()}/transactions")
            bodies.append(response.body.replace(wych.url.encode(), b""))
    assert bodies[0] == bodies[1]


@pytest.mark.parametrize(
    ("state", "status", "error"),
    [
        ("PENDING", 409, "consent_pending"),
        ("REJECTED", 403, "consent_rejected"),
        ("REVOKED", 403, "consent_revoked"),
        ("EXPIRED", 403, "consent_expired"),
    ],
)
def test_no_data_without_consent(caller, state, status, error):
    """A connection that is not ACTIVE gives no data by any of the three calls, and the error names the state."""
    customer = Customer(caller, state=state)
    for path in ("/accounts", "/account/x/balances", "/account/x/transactions"):
        response = customer.get(path)
        assert (response.status, response.json["error"], response.headers["x-wych-mock-basis"]) == (
            status,
            error,
            "invented",
        )


def test_data_end_with_the_consent(customer, wych):
    """A revoked connection gives no data any more."""
    assert customer.get("/accounts").status == 200
    customer.caller.call(customer.base, "DELETE")
    assert customer.get("/accounts").json["error"] == "consent_revoked"


@pytest.mark.parametrize("missing", PERMISSION)
def test_only_what_was_agreed_to(caller, missing):
    """Each call needs its own permission, and no other."""
    customer = Customer(
        caller, permissions=[name for call, name in PERMISSION.items() if call != missing]
    )
    account = bank.build_statements(customer.connection["id"], "kereru", EVENING, EVENING)[
        0
    ].account.id
    for call, permission in PERMISSION.items():
        response = customer.get("/accounts" if call == "accounts" else f"/account/{account}/{call}")
        if call == missing:
            assert (response.status, response.json["error"]) == (403, "permission_missing")
            assert permission in response.json["message"]
        else:
            assert response.status == 200


def test_another_users_connection_is_not_found(customer, caller):
    """A different user's connection and an unknown one give the same answer."""
    other = caller.wych.connect("tom@example.com")
    response = caller.call(
        f"/connection/{other['id']}/accounts", Authorization=f"Bearer {customer.token}"
    )
    unknown = caller.call(
        f"/connection/{UNKNOWN_ID}/accounts", Authorization=f"Bearer {customer.token}"
    )
    assert (response.status, response.json["error"], response.body) == (
        404,
        "connection_not_found",
        unknown.body,
    )


def test_an_unknown_account(customer):
    """An unknown account, or one of a different connection, is 404."""
    theirs = Customer(customer.caller).account()
    for account in (UNKNOWN_ID, theirs, "%27"):
        for call in ("balances", "transactions"):
            response = customer.get(f"/account/{account}/{call}")
            assert (response.status, response.json["error"]) == (404, "account_not_found")


def test_a_service_token_gets_no_customer_data(customer, wych):
    """Customer data need the user's token: the gateway refuses the service token (B3-4)."""
    for path in ("/accounts", "/account/x/balances", "/account/x/transactions"):
        response = customer.caller.call(customer.base + path)
        assert (response.status, response.headers["x-amzn-errortype"]) == (
            403,
            "AccessDeniedException",
        )
        assert "x-wych-mock-basis" not in response.headers
        assert (wych.requests[-1].row, wych.requests[-1].reason) == (
            "B3-4",
            "this call needs a user-context token",
        )


def test_a_users_token_manages_no_connections(customer):
    """Listing, reading and revoking connections need the service token."""
    user = customer.connection["user"]
    bearer = {"Authorization": f"Bearer {customer.token}"}
    for method, path in (
        ("GET", f"/user/{user}/connections"),
        ("GET", customer.base),
        ("DELETE", customer.base),
    ):
        response = customer.caller.call(path, method, **bearer)
        assert (response.status, response.headers["x-amzn-errortype"]) == (
            403,
            "AccessDeniedException",
        )
    assert customer.get("/accounts").status == 200


@pytest.mark.parametrize("seconds", [-1e12, -1e9, 1e9, 1e12])
def test_no_clock_makes_a_call_fail(customer, wych, seconds):
    """Wherever the clock is moved, the calls give data or a refusal, never a 500."""
    account = customer.account()
    wych.clock.advance(seconds)
    for path in ("/accounts", f"/account/{account}/balances", f"/account/{account}/transactions"):
        assert customer.get(path).status in {200, 401, 403}
    assert wych.connect("wild@example.com")["state"] == "ACTIVE"
