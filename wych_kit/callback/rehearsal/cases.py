"""The returns that are played: data, each with what it rests on and what a good handler does with it (API facts section 6, API facts section 8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from wych_kit.callback.rules import STATES

if TYPE_CHECKING:
    from wych_kit.client.endpoints import Basis

# The connection of the published sample.
CONNECTION = "8c2c7d1a-77ad-4aa0-befd-fd1131851a9b"
USER = "3f0d8a52-6c1e-4b7f-9a44-0d2b7c9e5f10"
# What must not come back in a page as it was sent.
SCRIPT = "<script>/*wych-kit*/</script>"
# A host that nobody has (RFC 2606), to which no handler should send a browser.
ELSEWHERE = "elsewhere.example"
# A header that is there only when a line break in a value was taken for one in the answer.
HEADER = "x-wych-kit"

# `taken`: documented, so never refused. `apart`: not answered as ACTIVE is. `alike`: taken where
# ACTIVE is. `any`: no defect.
Due = Literal["taken", "apart", "alike", "any"]


class Visit(NamedTuple):
    """One request of a browser, or of a program that is there before it. `{connection}` and `{user}` stand for the ids in use."""

    query: str
    method: str = "GET"
    prefetch: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """One return, or a few in a row: `visits`, their `basis`, what is `due`, and in a sentence what a `good` handler does."""

    name: str
    basis: Basis
    visits: tuple[Visit, ...]
    due: Due
    good: str


_ACTIVE, _PENDING, _REJECTED = (f"connection={{connection}}&state={state}" for state in STATES)
_WHOLE = f"{_ACTIVE}&user={{user}}"
_ESCAPED = "%3Cscript%3E%2F%2Awych-kit%2A%2F%3C%2Fscript%3E"

# In the order in which they are played. The first is also what the others are compared with.
SCENES = (
    Scene(
        "active", "documented", (Visit(_WHOLE),), "taken",
        "asks the API whether the connection is ACTIVE, then thanks the customer or sends them on.",
    ),
    Scene(
        "active-without-user", "documented", (Visit(_ACTIVE),), "taken",
        "does without user: the list of parameters has it, the published sample has not.",
    ),
    Scene(
        "pending", "documented", (Visit(f"{_PENDING}&user={{user}}"),), "taken",
        "says that the consent is not given yet, and asks the API again later.",
    ),
    Scene(
        "rejected", "documented", (Visit(f"{_REJECTED}&user={{user}}"),), "taken",
        "says that nothing is shared, and offers to start again. The same URL gets approvals and rejections.",
    ),
    Scene(
        "rejected-without-user", "documented", (Visit(_REJECTED),), "taken",
        "does without user here too.",
    ),
    Scene(
        "no-parameters", "invented", (Visit(""),), "apart",
        "shows a page that says where to begin: somebody opened the bare address.",
    ),
    Scene(
        "missing-connection", "invented", (Visit("state=ACTIVE&user={user}"),), "apart",
        "answers 400 with a page that says so: nothing tells which connection is meant.",
    ),
    Scene(
        "missing-state", "invented", (Visit("connection={connection}&user={user}"),), "apart",
        "asks the API for the state, or answers 400 with a page that says so.",
    ),
    Scene(
        "unknown-state", "inferred", (Visit("connection={connection}&state=EXPIRED&user={user}"),), "apart",
        "does not take a state that it does not know for ACTIVE: others than the three are not published.",
    ),
    Scene(
        "lower-case-state", "invented", (Visit("connection={connection}&state=active"),), "any",
        "takes it or refuses it with a page, and writes down which.",
    ),
    Scene(
        "oauth-state", "inferred", (Visit("code=wych-kit-made-this-up&state=af0ifjsldkj-31"),), "apart",
        "knows this for the return of a login, not of a consent: here state is a status.",
    ),
    Scene(
        "unknown-connection", "inferred", (Visit("connection=00000000-0000-4000-8000-000000000000&state=ACTIVE"),), "apart",
        "asks the API, learns that there is no such connection, and says no: anybody can type this address.",
    ),
    Scene(
        "no-uuid", "inferred", (Visit("connection=42&state=ACTIVE&user=kim"),), "apart",
        "refuses ids that are no UUIDs, before a database or the API sees them.",
    ),
    Scene(
        "repeated", "inferred", (Visit(_WHOLE), Visit(_WHOLE)), "alike",
        "does the work once and answers as before: browsers reload, and customers go back.",
    ),
    Scene(
        "rejected-then-active", "inferred", (Visit(_REJECTED), Visit(_ACTIVE)), "alike",
        "lets the later return count once the API confirms it: customers change their minds.",
    ),
    Scene(
        "doubled-parameters", "invented", (Visit(f"{_REJECTED}&state=ACTIVE&connection=42"),), "apart",
        "answers 400: which of the two counts is not known, and libraries differ.",
    ),
    Scene(
        "extra-parameters", "invented", (Visit(f"{_WHOLE}&utm_source=mail&lang=mi"),), "alike",
        "ignores parameters that it does not know.",
    ),
    Scene(
        "sent-elsewhere", "invented",
        (Visit(f"{_WHOLE}&" + "&".join(
            f"{name}=https%3A%2F%2F{ELSEWHERE}%2F" for name in ("next", "redirect", "redirect_uri", "return_to", "url")
        )),), "any",
        "sends the browser only to pages of its own, whatever the address asks for.",
    ),
    Scene(
        "odd-characters", "invented",
        (Visit(f"connection=%00%FF%C4%81%F0%9F%90%A6&state=ACTIVE%0D%0A{HEADER}:%201&user=%27%3B--"),), "any",
        "refuses them with a page, and copies no line break into a header.",
    ),
    Scene(
        "very-long", "invented", (Visit(f"{_ACTIVE}&user={'9' * 6000}"),), "any",
        "refuses it, 400 or 414, before it does any work.",
    ),
    Scene(
        "script", "invented", (Visit(f"connection={_ESCAPED}&state={_ESCAPED}&user={_ESCAPED}"),), "any",
        "escapes whatever it repeats, or repeats nothing.",
    ),
    Scene(
        "link-scanner", "invented", (Visit(_WHOLE, "HEAD"), Visit(_WHOLE)), "alike",
        "does nothing at HEAD, and takes the browser that comes after: mail and chat programs look first.",
    ),
    Scene(
        "prefetch", "invented", (Visit(_WHOLE, prefetch=True), Visit(_WHOLE)), "alike",
        "can be fetched ahead without harm, and takes the visit that comes after.",
    ),
)  # fmt: skip
