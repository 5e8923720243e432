"""Define the redirects that a rehearsal sends, as data (API facts section 6, API facts section 8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from wych_kit.callback.rules import STATES

if TYPE_CHECKING:
    from wych_kit.client.endpoints import Basis

# The connection of the published sample.
CONNECTION = "8c2c7d1a-77ad-4aa0-befd-fd1131851a9b"
USER = "3f0d8a52-6c1e-4b7f-9a44-0d2b7c9e5f10"
# A page must not repeat this text unescaped.
SCRIPT = "<script>/*wych-kit*/</script>"
# No handler should send a browser to this host. It has no owner (RFC 2606).
ELSEWHERE = "elsewhere.example"
# This header appears only when a handler copies a line break from a value into its response.
HEADER = "x-wych-kit"

# accept: the redirect is documented, so a refusal is a defect.
# differ_from_active: the response must not be the one for ACTIVE.
# same_as_active: a handler that accepts ACTIVE accepts this too.
# no_defect: accepting and refusing are both right, but not with a broken or unsafe page.
Expectation = Literal["accept", "differ_from_active", "same_as_active", "no_defect"]


class Visit(NamedTuple):
    """One request of a browser, a link scanner or a prefetch.

    `{connection}` and `{user}` in the query are replaced by the ids in use.
    """

    query: str
    method: str = "GET"
    prefetch: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """One redirect, or several in a row.

    `good_handler` continues the sentence "A good handler …".
    """

    name: str
    basis: Basis
    visits: tuple[Visit, ...]
    expectation: Expectation
    good_handler: str


_ACTIVE, _PENDING, _REJECTED = (f"connection={{connection}}&state={state}" for state in STATES)
_COMPLETE = f"{_ACTIVE}&user={{user}}"
_ESCAPED_SCRIPT = "%3Cscript%3E%2F%2Awych-kit%2A%2F%3C%2Fscript%3E"
_REDIRECT_PARAMETERS = "&".join(
    f"{name}=https%3A%2F%2F{ELSEWHERE}%2F"
    for name in ("next", "redirect", "redirect_uri", "return_to", "url")
)
# A null, a byte that is not UTF-8, a macron, an emoji, a line break with a header, SQL.
_ODD_CHARACTERS = (
    f"connection=%00%FF%C4%81%F0%9F%90%A6&state=ACTIVE%0D%0A{HEADER}:%201&user=%27%3B--"
)

# In the order in which they are sent. The other responses are compared with that to the first.
CASES = (
    Case(
        "active", "documented", (Visit(_COMPLETE),), "accept",
        "asks the API whether the connection is ACTIVE, then thanks the customer.",
    ),
    # The list of parameters names user, but the published sample has none.
    Case(
        "active-without-user", "documented", (Visit(_ACTIVE),), "accept",
        "does not need user, because the published sample has none.",
    ),
    Case(
        "pending", "documented", (Visit(f"{_PENDING}&user={{user}}"),), "accept",
        "says that the consent is not complete, and asks the API again later.",
    ),
    # Wych sends approvals and rejections to the same URL.
    Case(
        "rejected", "documented", (Visit(f"{_REJECTED}&user={{user}}"),), "accept",
        "says that no data is shared, and offers to start again.",
    ),
    Case(
        "rejected-without-user", "documented", (Visit(_REJECTED),), "accept",
        "does not need user here either.",
    ),
    Case(
        "no-parameters", "invented", (Visit(""),), "differ_from_active",
        "shows a page that says where to begin: somebody opened the bare URL.",
    ),
    Case(
        "missing-connection", "invented", (Visit("state=ACTIVE&user={user}"),), "differ_from_active",
        "answers 400 with a page that says that the connection is missing.",
    ),
    Case(
        "missing-state", "invented", (Visit("connection={connection}&user={user}"),),
        "differ_from_active",
        "asks the API for the state, or answers 400 with a page that says what is missing.",
    ),
    # Wych publishes three states, and nobody has promised that there will be no fourth.
    Case(
        "unknown-state", "inferred", (Visit("connection={connection}&state=EXPIRED&user={user}"),),
        "differ_from_active",
        "does not treat an unknown state as ACTIVE.",
    ),
    Case(
        "lower-case-state", "invented", (Visit("connection={connection}&state=active"),),
        "no_defect",
        "accepts it or refuses it with a page, and logs which.",
    ),
    Case(
        "oauth-state", "inferred", (Visit("code=wych-kit-made-this-up&state=af0ifjsldkj-31"),),
        "differ_from_active",
        "recognises the redirect of a login: in the redirect of a consent, state is a status.",
    ),
    Case(
        "unknown-connection", "inferred",
        (Visit("connection=00000000-0000-4000-8000-000000000000&state=ACTIVE"),),
        "differ_from_active",
        "asks the API, which does not know the connection, and refuses: anybody can type this URL.",
    ),
    Case(
        "no-uuid", "inferred", (Visit("connection=42&state=ACTIVE&user=kim"),), "differ_from_active",
        "refuses ids that are not UUIDs before a database or the API sees them.",
    ),
    # Browsers reload, and customers go back.
    Case(
        "repeated", "inferred", (Visit(_COMPLETE), Visit(_COMPLETE)), "same_as_active",
        "does the work once, and gives the same response again when a browser reloads.",
    ),
    Case(
        "rejected-then-active", "inferred", (Visit(_REJECTED), Visit(_ACTIVE)), "same_as_active",
        "accepts the later redirect once the API confirms it: customers change their minds.",
    ),
    # Libraries differ: some take the first of two values, some the last, some both.
    Case(
        "doubled-parameters", "invented", (Visit(f"{_REJECTED}&state=ACTIVE&connection=42"),),
        "differ_from_active",
        "answers 400, because it is not known which of the two values counts.",
    ),
    Case(
        "extra-parameters", "invented", (Visit(f"{_COMPLETE}&utm_source=mail&lang=mi"),),
        "same_as_active",
        "ignores parameters that it does not know.",
    ),
    Case(
        "sent-elsewhere", "invented", (Visit(f"{_COMPLETE}&{_REDIRECT_PARAMETERS}"),), "no_defect",
        "sends the browser only to its own pages, whatever the URL asks for.",
    ),
    Case(
        "odd-characters", "invented", (Visit(_ODD_CHARACTERS),), "no_defect",
        "refuses them with a page, and copies no line break into a header.",
    ),
    # Below the 8000 octets that RFC 9110 section 4.1 recommends servers to support.
    Case(
        "very-long", "invented", (Visit(f"{_ACTIVE}&user={'9' * 6000}"),), "no_defect",
        "refuses it with 400 or 414 before it does any work.",
    ),
    Case(
        "script", "invented",
        (Visit(f"connection={_ESCAPED_SCRIPT}&state={_ESCAPED_SCRIPT}&user={_ESCAPED_SCRIPT}"),),
        "no_defect",
        "escapes what it repeats, or repeats nothing.",
    ),
    # Mail and chat programs open a link before the customer does.
    Case(
        "link-scanner", "invented", (Visit(_COMPLETE, "HEAD"), Visit(_COMPLETE)), "same_as_active",
        "does nothing for HEAD, and accepts the browser that comes after it.",
    ),
    Case(
        "prefetch", "invented", (Visit(_COMPLETE, prefetch=True), Visit(_COMPLETE)),
        "same_as_active",
        "is not harmed by a prefetch, and accepts the visit that comes after it.",
    ),
)  # fmt: skip
