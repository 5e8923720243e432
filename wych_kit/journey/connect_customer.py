"""Defines the step in which a customer connects a bank: consent, redirect, confirmation by the API."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from wych_kit import callback
from wych_kit.client.models import Bank, Connection
from wych_kit.errors import SettingInvalid, Unexpected, Unreachable
from wych_kit.journey.registration import check_email, check_setting, setting_name
from wych_kit.journey.step import Done, Fact, Field, Step, Wording

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from wych_kit.client.api import User
    from wych_kit.journey.session import Session
    from wych_kit.journey.step import Answer

    Say = Callable[[str], None]

# The answer that lets the kit play the customer, on the mock only.
DEMO = "demo"
# How long the kit waits for the browser.
WAIT_SECONDS = 300.0
_BROWSER = "the browser: open the link above and agree"
_PENDING_SECONDS = 10.0
_POLL_SECONDS = 0.3
# The scenario of each connection state in which there are no data.
_REFERENCES = {
    "PENDING": "consent-pending",
    "REJECTED": "consent-rejected",
    "REVOKED": "consent-ended",
    "EXPIRED": "consent-ended",
}


def _connect_fields(session: Session) -> Sequence[Field]:
    if session.connection is not None:
        return ()
    mock = session.uses_mock
    help_ = "leave empty to wait for the browser here, or paste the URL in its address bar"
    if mock:
        help_ += f", or enter {DEMO} to let the kit play the customer"
    return (
        *(field for field in _LINK_FIELDS if not getattr(session.settings, field.name)),
        Field(
            "customer_email",
            "Customer's email",
            "by which your app knows the customer",
            suggestion="aroha.ngata@example.com" if mock else "",
            check=check_email,
        ),
        Field(
            "callback",
            "Return URL",
            help_,
            optional=True,
            check=partial(_check_return, allow_demo=mock),
        ),
    )


# The consent link consists of these two.
_LINK_FIELDS = (
    Field(
        "connect_url",
        "Consent URL",
        "from Wych, such as https://connect.wych.app/app",
        check=partial(check_setting, "WYCH_CONNECT_URL"),
    ),
    Field(
        "app_name",
        "App name",
        "as in your consent link",
        check=partial(check_setting, "WYCH_APP_NAME"),
    ),
)


def _check_return(text: str, *, allow_demo: bool) -> str | None:
    if allow_demo and text.strip() == DEMO:
        return None
    try:
        callback.parse_callback(text)
    except SettingInvalid as error:
        return f"It {error.reason}."
    return None


def _describe_connect(session: Session) -> Wording:
    link = (
        ""
        if session.connection
        or any(not getattr(session.settings, field.name) for field in _LINK_FIELDS)
        else session.client.consent_link()
    )
    return Wording(CONNECT.title, CONNECT.why, "Connect", "Connect another customer", link)


def _connect(session: Session, answers: Mapping[str, Answer], say: Say) -> Done:
    session.data = None
    values = {
        setting_name(field.name): str(answers[field.name])
        for field in _LINK_FIELDS
        if field.name in answers
    }
    if values:
        session.save_values({"WYCH_ENVIRONMENT": session.settings.environment.name, **values})
    # Run again without a reset: look at the same connection again.
    if (before := session.connection) is not None:
        session.connection = None
        session.connection = _require_active(_confirm(session, before, say))
        return _summarise(session, session.connection, None)
    say("user")
    user = session.client.find_or_create_user(str(answers["customer_email"]).strip())
    pasted = str(answers.get("callback", "")).strip()
    # Who pasted a URL means that one, whatever the customer consented to before.
    known = None if pasted and pasted != DEMO else _find_consent(session, user, say)
    returned = None
    if known is None:
        returned = _receive_return(session, user, pasted, say)
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
    connection = _confirm(session, known, say)
    if connection.user_id != user.id:
        raise Unexpected(
            f"the connection in the return URL belongs to a different customer than {user.email}",
            stage="call",
            reference="other-customer",
        )
    session.connection = _require_active(connection)
    return _summarise(session, connection, returned, user)


def _find_consent(session: Session, user: User, say: Say) -> Connection | None:
    """Return an active consent of the customer, or the pending one of this session, or None."""
    if not session.knows_endpoint("connections"):
        return None
    say("connections")
    newest_first = sorted(
        session.client.connections(user.id),
        key=lambda connection: connection.created or datetime.min.replace(tzinfo=UTC),
        reverse=True,
    )
    active = (connection for connection in newest_first if connection.active)
    pending = (
        connection
        for connection in newest_first
        if connection.state == "PENDING" and connection.id == session.pending
    )
    return next(active, None) or next(pending, None)


def _receive_return(
    session: Session, user: User, pasted: str, say: Say
) -> callback.CallbackParameters:
    """Return what the browser comes back with: played, pasted, or received on this machine.

    Raises `Unreachable` if no browser came within `WAIT_SECONDS`.
    """
    link, here = session.client.consent_link(), session.settings.callback_url
    if pasted == DEMO:
        from wych_kit.journey import simulated_customer  # reads HTML, which is slow to import

        say("the customer's consent")
        return callback.parse_callback(simulated_customer.give_consent(link, user.email))
    if pasted:
        return callback.parse_callback(pasted, here)
    session.settings.require("WYCH_CALLBACK_URL", stage="call")
    # A thread of its own listens, so that this one stays free for Ctrl-C and for `say`.
    with ThreadPoolExecutor(1) as pool, callback.Listener(here or "") as listener:
        waiting = pool.submit(listener.wait, WAIT_SECONDS)
        try:
            while not waiting.done():
                say(_BROWSER)
                time.sleep(_POLL_SECONDS)
        finally:
            listener.close()
        returned = waiting.result()
    if returned is None:
        error = listener.last_error
        problem = f". The last request: {error.observed}" if error else ""
        observed = (
            f"no browser returned to {listener.url} within {WAIT_SECONDS:.0f} seconds{problem}"
        )
        raise Unreachable(observed, stage="call", reference="callback-missing")
    return returned


def _confirm(session: Session, known: Connection, say: Say) -> Connection:
    """Return the connection as the API has it; wait some seconds for a pending one.

    Where the path is only a guess, `known` is returned as it is.
    """
    if not session.knows_endpoint("connection"):
        return known
    session.pending = known.id
    deadline = time.monotonic() + _PENDING_SECONDS
    while True:
        # Anybody can write a URL with state=ACTIVE: only the API's answer proves something.
        connection = session.client.connection(known.id)
        if connection.state != "PENDING" or time.monotonic() > deadline:
            return connection
        say("the bank's confirmation")
        time.sleep(1)


def _require_active(connection: Connection) -> Connection:
    """Return the connection; raise `Unexpected` with its state's reference if it is not active."""
    if connection.active:
        return connection
    reference = _REFERENCES.get(connection.state, "unknown-answer")
    raise Unexpected(
        f"the connection's state is {connection.state}", stage="call", reference=reference
    )


def _summarise(
    session: Session,
    connection: Connection,
    returned: callback.CallbackParameters | None,
    user: User | None = None,
) -> Done:
    proof = (
        "confirmed by the API; a redirect alone proves nothing"
        if session.knows_endpoint("connection")
        else "as the redirect says; to let the API confirm it, set WYCH_PATH_CONNECTION"
    )
    facts = [Fact("Customer", user.email, user.id)] if user else []
    if returned is not None:
        names = ", ".join(["connection", "state", *(["user"] if returned.user else [])])
        facts.append(Fact("Returned with", names, "; ".join(["documented", *returned.notes])))
    elif user is not None:
        facts.append(Fact("Consent", "given earlier", "so the kit did not ask this customer again"))
    facts.append(Fact("Connection state", connection.state, proof))
    if connection.provider.name:
        facts.append(Fact("Bank", connection.provider.name, f"connection {connection.id}"))
    if connection.permissions:
        facts.append(Fact("Permissions", ", ".join(connection.permissions)))
    if connection.expires:
        facts.append(
            Fact("Expires", f"{connection.expires:%Y-%m-%d}", "then the customer must agree again")
        )
    return Done(
        tuple(facts),
        "You now have a customer's consent. The customer's own token opens the data; the service"
        " token does not.",
    )


def _reset_connection(session: Session) -> None:
    session.connection = session.data = None


CONNECT: Step[Session] = Step(
    name="connect",
    title="Connect a customer",
    why=(
        "The customer opens the link, chooses a bank and agrees on Wych's pages. The browser then"
        " returns to your callback URL."
    ),
    fields=_connect_fields,
    act=_connect,
    describe=_describe_connect,
    reset=_reset_connection,
)
