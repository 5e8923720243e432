"""Send the cases to a handler one after another, and collect the results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wych_kit.callback.rehearsal.assessment import Assessment, assess, has_unescaped_script
from wych_kit.callback.rehearsal.browser import Browser
from wych_kit.callback.rehearsal.cases import CASES, CONNECTION, USER
from wych_kit.client.http_request import parse_url
from wych_kit.errors import SettingInvalid, Unreachable
from wych_kit.secret import Secret
from wych_kit.settings.url_validation import check_callback, hostname

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wych_kit.callback.rehearsal.browser import HandlerResponse
    from wych_kit.callback.rehearsal.cases import Case

# The longest that one visit may take.
SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case, the responses to its visits in order, and the assessment."""

    case: Case
    responses: tuple[HandlerResponse, ...]
    assessment: Assessment

    def as_dict(self) -> dict[str, Any]:
        """Return the result for `--json`, without the pages themselves."""
        return {
            "name": self.case.name,
            "basis": self.case.basis,
            "judgement": self.assessment.judgement,
            "seen": self.assessment.observation,
            "good": f"A good handler {self.case.good_handler}",
            "answers": [
                {
                    "method": response.method,
                    "status": response.status,
                    "location": response.location or None,
                    "content_type": response.content_type or None,
                    "milliseconds": round(1000 * response.seconds),
                    "script_unescaped": has_unescaped_script(response),
                    "failure": response.failure or None,
                }
                for response in self.responses
            ],
        }


def rehearse(
    to: str,
    cases: Sequence[Case] = CASES,
    *,
    connection: str | None = None,
    user: str | None = None,
    seconds: float = SECONDS,
) -> Iterator[CaseResult]:
    """Send the cases to this URL, and yield each result as soon as it is there.

    `connection` and `user` are ids that exist; without them, invented ids are sent. `seconds` is
    the limit for one visit. Raises `SettingInvalid` for a URL that cannot be a handler of one's
    own, and `Unreachable` when nothing listens there.
    """
    require_own_handler(to)
    ids = {"connection": connection or CONNECTION, "user": user or USER}
    active: HandlerResponse | None = None
    # ACTIVE always goes first, because the other responses are compared with it.
    for case in (CASES[0], *(case for case in cases if case != CASES[0])):
        # A browser for each case, so that no cookie of one case changes another.
        with Browser(to, seconds) as browser:
            responses = tuple(browser.visit(visit, ids) for visit in case.visits)
        if active is None:
            active = responses[0]
            if not active.has_connected:
                raise Unreachable(active.failure, stage="call")
        if case in cases:
            is_real = connection is not None
            yield CaseResult(case, responses, assess(case, responses, active, is_real=is_real))


def require_own_handler(to: str) -> None:
    """Raise `SettingInvalid` for a URL that cannot be a handler of one's own."""
    if fault := check_callback(Secret(to)):
        raise SettingInvalid("--to", fault.reason, stage="call", reference=fault.reference)
    if parse_url(to) is None:
        raise SettingInvalid("--to", "is not a valid URL", stage="call", reference="bad-address")
    # The cases include attacks, which nobody should send to a service of somebody else.
    if f".{hostname(Secret(to))}".endswith((".wych.app", ".wych.io")):
        raise SettingInvalid(
            "--to", "is a host of Wych. Give the URL of your own handler", stage="call"
        )
