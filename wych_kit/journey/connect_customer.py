"""The step in which a customer connects a bank: the consent link, the browser that comes back, and the state confirmed by API."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from wych_kit import callback
from wych_kit.client.models import Bank, Connection
from wych_kit.errors import SettingInvalid, Unexpected, Unreachable
from wych_kit.journey.registration import check_email, setting_name
from wych_kit.journey.step import Done, Fact, Field, Step, Wording
from wych_kit.settings import validation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from wych_kit.client.api import User
    from wych_kit.journey.session import Session
    from wych_kit.journey.step import Answer

    Say = Callable[[str], None]

# The answer with which the kit plays the customer, on the mock.
DEMO = "demo"
# The longest that the browser is waited for.
WAIT_SECONDS = 300.0
_BROWSER = "the browser to come back: open the link above, agree"
_PENDING_SECONDS = 10.0
_LOOK = 0.3
_NO_STATE_YET = {
    "PENDING": "consent-pending",
    "REJECTED": "consent-rejected",
    "REVOKED": "consent-ended",
    "EXPIRED": "consent-ended",
}


def _connect_fields(session: Session) -> Sequence[Field]:
    if session.connection is not None:
        return ()
    mock = session.uses_mock
    paste = "empty: the kit waits for the browser here; or paste the address it ended at"
    played = f"; or {DEMO}: the kit plays the customer" if mock else ""
    return (
        *(each for each in _ADDRESS if not getattr(session.settings, each.name)),
        Field(
            "customer_email",
            "Customer's email",
            "as your app knows the customer",
            suggestion="aroha.ngata@example.com" if mock else "",
            check=check_email,
        ),
        Field(
            "callback",
            "Address on return",
            paste + played,
            optional=True,
            check=partial(_return_fault, played=mock),
        ),
    )


_ADDRESS = (
    Field(
        "connect_url",
        "Consent address",
        "from Wych, like https://connect.wych.app/app",
        check=partial(validation.explain_problem, "WYCH_CONNECT_URL"),
    ),
    Field(
        "app_name",
        "App name",
        "as in your consent link",
        check=partial(validation.explain_problem, "WYCH_APP_NAME"),
    ),
)


def _return_fault(text: str, *, played: bool) -> str | None:
    if played and text.strip() == DEMO:
        return None
    try:
        callback.parse_callback(text)
    except SettingInvalid as error:
        return error.reason
    return None


def _connect_words(session: Session) -> Wording:
    link = (
        ""
        if session.connection or any(not getattr(session.settings, each.name) for each in _ADDRESS)
        else session.client.consent_link()
    )
    return Wording(CONNECT.title, CONNECT.why, "Connect", "Connect another", link)


def _connect(session: Session, answers: Mapping[str, Answer], say: Say) -> Done:
    session.data = None
    brought = {
        setting_name(each.name): str(answers[each.name])
        for each in _ADDRESS
        if each.name in answers
    }
    if brought:
        session.save_values({"WYCH_ENVIRONMENT": session.settings.environment.name, **brought})
    if (before := session.connection) is not None:
        session.connection = None
        session.connection = _active(_confirmed(session, before, say))
        return _connected(session, session.connection, None)
    say("user")
    user = session.client.find_or_create_user(str(answers["customer_email"]).strip())
    came = str(answers.get("callback", "")).strip()
    known = None if came and came != DEMO else _standing(session, user, say)
    returned = None
    if known is None:
        returned = _returned(session, user, came, say)
        say("connection")
        known = Connection(
            returned.connection,
            returned.state,
            returned.user or user.id,
            Bank("", ""),
            (),
            None,
            None,
        )
    connection = _confirmed(session, known, say)
    if connection.user_id != user.id:
        raise Unexpected(
            f"the connection that came back is another customer's, not {user.email}'s",
            stage="call",
            reference="other-customer",
        )
    session.connection = _active(connection)
    return _connected(session, connection, returned, user)


def _standing(session: Session, user: User, say: Say) -> Connection | None:
    """A consent of the customer that stands already, or that the bank is still at."""
    if not session.knows_endpoint("connections"):
        return None
    say("connections")
    found = sorted(
        session.client.connections(user.id),
        key=lambda each: each.created or datetime.min.replace(tzinfo=UTC),
        reverse=True,
    )
    active = (each for each in found if each.active)
    return next(active, None) or next(
        (each for each in found if each.state == "PENDING" and each.id == session.pending), None
    )


def _returned(session: Session, user: User, came: str, say: Say) -> callback.CallbackParameters:
    link, here = session.client.consent_link(), session.settings.callback_url
    if came == DEMO:
        from wych_kit.journey import simulated_customer  # who reads HTML, which is long to import

        say("the customer's consent")
        return callback.parse_callback(simulated_customer.give_consent(link, user.email))
    if came:
        return callback.parse_callback(came, here)
    session.settings.require("WYCH_CALLBACK_URL", stage="call")
    # A thread of its own listens, so that whoever waits can be stopped.
    with ThreadPoolExecutor(1) as pool, callback.Listener(here or "") as listener:
        waiting = pool.submit(listener.wait, WAIT_SECONDS)
        try:
            while not waiting.done():
                say(_BROWSER)
                time.sleep(_LOOK)
        finally:
            listener.close()
        returned = waiting.result()
    if returned is None:
        problem = f"; the last visit: {listener.last_error.reason}" if listener.last_error else ""
        words = f"no browser came back to {listener.url} within {WAIT_SECONDS:.0f} seconds{problem}"
        raise Unreachable(words, stage="call", reference="callback-missing")
    return returned


def _confirmed(session: Session, known: Connection, say: Say) -> Connection:
    """What the API says of it now: the address alone proves nothing. One that is pending is looked at again for some seconds."""
    if not session.knows_endpoint("connection"):
        return known
    session.pending = known.id
    until = time.monotonic() + _PENDING_SECONDS
    while True:
        found = session.client.connection(known.id)
        if found.state != "PENDING" or time.monotonic() > until:
            return found
        say("the bank's confirmation")
        time.sleep(1)


def _active(connection: Connection) -> Connection:
    """The connection, if there are data to be had. Raises what its state means."""
    if connection.active:
        return connection
    reference = _NO_STATE_YET.get(connection.state, "unknown-answer")
    raise Unexpected(
        f"the connection's state is {connection.state}", stage="call", reference=reference
    )


def _connected(
    session: Session,
    connection: Connection,
    returned: callback.CallbackParameters | None,
    user: User | None = None,
) -> Done:
    confirmed = session.knows_endpoint("connection")
    proof = (
        "asked of the API: what the browser brings proves nothing"
        if confirmed
        else (
            "as the browser says; Wych's call that confirms it is not public: set"
            " WYCH_PATH_CONNECTION"
        )
    )
    facts = [Fact("Customer", user.email, user.id)] if user else []
    if returned is not None:
        brought = ", ".join(["connection", "state", *(["user"] if returned.user else [])])
        facts.append(Fact("Came back with", brought, "; ".join(["documented", *returned.notes])))
    elif user is not None:
        facts.append(Fact("Asked", "nobody", "this customer's consent stands already"))
    facts.append(Fact("State", connection.state, proof))
    if connection.provider.name:
        facts.append(Fact("Bank", connection.provider.name, f"connection {connection.id}"))
    if connection.permissions:
        facts.append(Fact("May be read", ", ".join(connection.permissions)))
    if connection.expires:
        facts.append(
            Fact("Until", f"{connection.expires:%Y-%m-%d}", "then the customer is asked anew")
        )
    return Done(
        tuple(facts),
        "A customer's consent. The customer's own token opens the data, the service token does"
        " not.",
    )


def _ask_anew(session: Session) -> None:
    session.connection = session.data = None


CONNECT: Step[Session] = Step(
    name="connect",
    title="Connect a customer",
    why="The customer agrees on Wych's pages: opens the link, chooses a bank, says yes. The browser"
    " then comes back to your callback URL.",
    fields=_connect_fields,
    act=_connect,
    describe=_connect_words,
    reset=_ask_anew,
)
