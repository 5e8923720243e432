"""Accounts, balances and transactions over HTTP: shapes, sums, pages, dates, and every way to be refused."""

from __future__ import annotations

import re
from itertools import pairwise
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from wych_kit import mock
from wych_kit.mock.api import bank

EVENING = 1_800_475_200  # 2027-01-20T20:00:00Z, a day of the card payment
NOBODY = "00000000-0000-4000-8000-000000000000"
PERMISSION = {
    "accounts": "ReadAccountsDetail",
    "balances": "ReadBalances",
    "transactions": "ReadTransactionsDetail",
}


class Customer:
    """A user with a connection, asking for what is theirs."""

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

    def account(self, project=0):
        return self.get("/accounts").json["Data"]["Account"][project]["AccountId"]

    def transactions(self, account, query=None):
        """All pages."""
        given = self.get(f"/account/{account}/transactions", query).json
        found = given["Data"]["Transaction"]
        while following := given["Links"].get("Next"):
            parts = urlsplit(following)
            given = self.caller.ask(
                "GET",
                f"{parts.path}?{parts.query}",
                self.caller.headers(Authorization=f"Bearer {self.token}"),
            ).json
            found += given["Data"]["Transaction"]
        return found


@pytest.fixture
def customer(caller, wych):
    wych.clock.freeze(EVENING)
    return Customer(caller)


def cents(valued):
    """The amount of something as a number, less than nothing when money went."""
    text = valued["Amount"]["Amount"]
    assert re.fullmatch(r"\d+\.\d\d", text)
    assert valued["Amount"]["Currency"] == "NZD"
    return int(text.replace(".", "")) * {"Credit": 1, "Debit": -1}[valued["CreditDebitIndicator"]]


def test_accounts(customer):
    """Three accounts, in the standard's words and in full: the mock masks nothing."""
    got = customer.get("/accounts")
    accounts = got.json["Data"]["Account"]
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
    assert got.json["Links"] == {"Self": link, "First": link, "Last": link}
    assert got.json["Meta"] == {"TotalPages": 1}
    assert got.headers["x-wych-mock-basis"] == "invented"


def test_a_balance_is_what_the_newest_transaction_left(customer):
    """For each account the balance now is the running balance of its newest transaction; what is owed is a Debit."""
    signs = []
    for project in range(3):
        account = customer.account(project)
        (balance,) = customer.get(f"/account/{account}/balances").json["Data"]["Balance"]
        newest = customer.transactions(account)[0]
        assert cents(balance) == cents(newest["Balance"])
        assert (balance["AccountId"], balance["Type"], balance["DateTime"]) == (
            account,
            "InterimAvailable",
            "2027-01-20T20:00:00Z",
        )
        signs.append(balance["CreditDebitIndicator"])
    assert signs == ["Credit", "Credit", "Debit"]


def test_transactions_add_up_over_pages(customer):
    """All pages together have each transaction once, newest first, and every balance is the older one's and what was moved."""
    found = customer.transactions(customer.account())
    assert len({one["TransactionId"] for one in found}) == len(found) > 100
    assert [one["BookingDateTime"] for one in found] == sorted(
        (one["BookingDateTime"] for one in found), reverse=True
    )
    for newer, older in pairwise(found):
        assert cents(newer["Balance"]) == cents(older["Balance"]) + cents(newer)


def test_a_transaction(customer):
    """It has the standard's fields; only what a merchant was paid for has a merchant; yesterday's and today's are pending, the others booked."""
    found = customer.transactions(customer.account())
    for one in found:
        assert set(one) - {"MerchantDetails"} == {
            "AccountId", "TransactionId", "TransactionReference", "Amount", "CreditDebitIndicator", "Status", "BookingDateTime",
            "ValueDateTime", "TransactionInformation", "Balance",
        }  # fmt: skip
        assert one["Status"] == ("Pending" if one["BookingDateTime"] >= "2027-01-19" else "Booked")
    assert {one["Status"] for one in found} == {"Pending", "Booked"}
    merchants = [one["MerchantDetails"] for one in found if "MerchantDetails" in one]
    assert 0 < len(merchants) < len(found)
    assert {"MerchantName": "Bean & Gone Café", "MerchantCategoryCode": "5814"} in merchants


def test_links_and_meta(customer):
    """Links lead to the first, previous, next and last page and keep the dates; Meta says how many, and from when to when there are any."""
    account = customer.account()
    found = customer.transactions(account)
    path, since = f"/account/{account}/transactions", found[-1]["BookingDateTime"]
    total = -(-len(found) // 50)
    for number in range(1, total + 1):
        given = customer.get(
            path, {"fromBookingDateTime": since, "page": number, "else": "kept out"}
        ).json
        pages = {name: parse_qs(urlsplit(link).query) for name, link in given["Links"].items()}
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
        assert len(given["Data"]["Transaction"]) == (
            50 if number < total else len(found) - 50 * (total - 1)
        )
        assert given["Meta"] == {
            "TotalPages": total,
            "FirstAvailableDateTime": since,
            "LastAvailableDateTime": found[0]["BookingDateTime"],
        }


def test_dates_include_both_ends(customer):
    """What lies at either time is given, to the second; what lies beyond is not."""
    account = customer.account()
    found = customer.transactions(account)
    first, last = found[90]["BookingDateTime"], found[10]["BookingDateTime"]
    assert first < found[89]["BookingDateTime"]
    between = customer.transactions(
        account, {"fromBookingDateTime": first, "toBookingDateTime": last}
    )
    assert between == [one for one in found if first <= one["BookingDateTime"] <= last]
    assert (between[0]["BookingDateTime"], between[-1]["BookingDateTime"]) == (last, first)


def test_a_date_alone_is_the_whole_day(customer):
    """A date begins at midnight as a start and ends at midnight as an end; the same date twice is that day."""
    account = customer.account()
    found = customer.transactions(account)
    day = found[20]["BookingDateTime"][:10]
    that_day = customer.transactions(
        account, {"fromBookingDateTime": day, "toBookingDateTime": day}
    )
    assert that_day == [one for one in found if one["BookingDateTime"].startswith(day)] != []


@pytest.mark.parametrize(
    "written",
    ["2027-01-01T13:00:00+13:00", "2027-01-01T00:00:00", "2027-01-01T00:00:00.000Z", "2027-01-01"],
)
def test_a_time_may_be_written_so(customer, written):
    """The same moment with an offset, without one (UTC), with parts of a second, or as a date gives the same."""
    account = customer.account()
    wanted = [
        one for one in customer.transactions(account) if one["BookingDateTime"] >= "2027-01-01"
    ]
    assert customer.transactions(account, {"fromBookingDateTime": written}) == wanted != []


def test_nothing_in_between_is_an_empty_page(customer):
    """Dates between which nothing happened give one page with nothing on it."""
    given = customer.get(
        f"/account/{customer.account()}/transactions", {"toBookingDateTime": "1999-12-31"}
    ).json
    assert (given["Data"]["Transaction"], given["Meta"]["TotalPages"]) == ([], 1)


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
    """A page that is none or out of range, and a date that cannot be read, are 400 with a sentence that says what can be."""
    got = customer.get(f"/account/{customer.account()}/transactions?{query}")
    assert (got.status, got.json["error"], set(got.json)) == (400, error, {"error", "message"})
    assert got.headers["x-wych-mock-basis"] == "invented"


def test_the_same_seed_gives_the_same_bytes(caller_for):
    """Two mocks of one seed and one time answer alike, but for their addresses."""
    bodies = []
    for _ in range(2):
        with mock.running(ephemeral=True, seed=7) as wych:
            wych.clock.freeze(EVENING)
            customer = Customer(caller_for(wych))
            got = customer.get(f"/account/{customer.account()}/transactions")
            bodies.append(got.body.replace(wych.url.encode(), b""))
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
    """A connection that is not ACTIVE gives no data, by any of the three calls, and says why."""
    customer = Customer(caller, state=state)
    for path in ("/accounts", "/account/x/balances", "/account/x/transactions"):
        got = customer.get(path)
        assert (got.status, got.json["error"], got.headers["x-wych-mock-basis"]) == (
            status,
            error,
            "invented",
        )


def test_data_end_with_the_consent(customer, wych):
    """Revoked by API, or run out, a connection that gave data gives none any more."""
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
        got = customer.get("/accounts" if call == "accounts" else f"/account/{account}/{call}")
        if call == missing:
            assert (got.status, got.json["error"]) == (403, "permission_missing")
            assert permission in got.json["message"]
        else:
            assert got.status == 200


def test_another_users_connection_is_not_found(customer, caller):
    """A user's token opens that user's connections and no other; it is not even said that there are others."""
    other = caller.wych.connect("tom@example.com")
    got = caller.call(
        f"/connection/{other['id']}/accounts", Authorization=f"Bearer {customer.token}"
    )
    unknown = caller.call(
        f"/connection/{NOBODY}/accounts", Authorization=f"Bearer {customer.token}"
    )
    assert (got.status, got.json["error"], got.body) == (404, "connection_not_found", unknown.body)


def test_an_unknown_account(customer):
    """An account of no connection, or of another one, is 404."""
    theirs = Customer(customer.caller).account()
    for account in (NOBODY, theirs, "%27"):
        for call in ("balances", "transactions"):
            got = customer.get(f"/account/{account}/{call}")
            assert (got.status, got.json["error"]) == (404, "account_not_found")


def test_a_service_token_gets_no_customer_data(customer, wych):
    """Customer data take the user's token: with the service token the gateway refuses as for any wrong kind (B3-4)."""
    for path in ("/accounts", "/account/x/balances", "/account/x/transactions"):
        got = customer.caller.call(customer.base + path)
        assert (got.status, got.headers["x-amzn-errortype"]) == (403, "AccessDeniedException")
        assert "x-wych-mock-basis" not in got.headers
        assert (wych.requests[-1].row, wych.requests[-1].reason) == (
            "B3-4",
            "this call takes a user-context token",
        )


def test_a_users_token_manages_no_connections(customer):
    """Listing, reading and revoking connections take the service token."""
    user = customer.connection["user"]
    bearer = {"Authorization": f"Bearer {customer.token}"}
    for method, path in (
        ("GET", f"/user/{user}/connections"),
        ("GET", customer.base),
        ("DELETE", customer.base),
    ):
        got = customer.caller.call(path, method, **bearer)
        assert (got.status, got.headers["x-amzn-errortype"]) == (403, "AccessDeniedException")
    assert customer.get("/accounts").status == 200


@pytest.mark.parametrize("seconds", [-1e12, -1e9, 1e9, 1e12])
def test_a_clock_gone_wild_is_no_failure(customer, wych, seconds):
    """However the clock is moved, the calls answer, with data or with a refusal, and never with a failure."""
    account = customer.account()
    wych.clock.advance(seconds)
    for path in ("/accounts", f"/account/{account}/balances", f"/account/{account}/transactions"):
        assert customer.get(path).status in {200, 401, 403}
    assert wych.connect("wild@example.com")["state"] == "ACTIVE"
