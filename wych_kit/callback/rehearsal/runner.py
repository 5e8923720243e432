"""Scene after scene at a handler."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wych_kit.callback.rehearsal.assessment import Verdict, is_reflected, judge
from wych_kit.callback.rehearsal.browser import Browser
from wych_kit.callback.rehearsal.cases import CONNECTION, SCENES, USER
from wych_kit.client.http_request import parse_url
from wych_kit.errors import SettingInvalid, Unreachable
from wych_kit.secret import Secret
from wych_kit.settings.url_validation import check_callback, hostname

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wych_kit.callback.rehearsal.browser import Answer
    from wych_kit.callback.rehearsal.cases import Scene

# The longest that one visit may take.
SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Played:
    """A scene, the answers to its visits in order, and the verdict."""

    scene: Scene
    answers: tuple[Answer, ...]
    verdict: Verdict

    def as_dict(self) -> dict[str, Any]:
        """For JSON: without the pages themselves."""
        return {
            "name": self.scene.name,
            "basis": self.scene.basis,
            "judgement": self.verdict.judgement,
            "seen": self.verdict.seen,
            "good": f"A good handler {self.scene.good}",
            "answers": [
                {
                    "method": answer.method,
                    "status": answer.status,
                    "location": answer.location or None,
                    "content_type": answer.kind or None,
                    "milliseconds": round(1000 * answer.seconds),
                    "script_unescaped": is_reflected(answer),
                    "failure": answer.failure or None,
                }
                for answer in self.answers
            ],
        }


def rehearse(
    to: str,
    scenes: Sequence[Scene] = SCENES,
    *,
    connection: str | None = None,
    user: str | None = None,
    seconds: float = SECONDS,
) -> Iterator[Played]:
    """Plays the scenes at this address, each in a browser of its own, and gives each when it is over.

    ACTIVE is always played first, to compare with. `connection` and `user` are ids that exist; without them they are made up.
    Raises `SettingInvalid` for an address that cannot be a handler's, and `Unreachable` when nobody is there at the first visit.
    """
    refuse(to)
    ids = {"connection": connection or CONNECTION, "user": user or USER}
    active: Answer | None = None
    for scene in (SCENES[0], *(scene for scene in scenes if scene != SCENES[0])):
        with Browser(to, seconds) as browser:
            answers = tuple(browser.visit(visit, ids) for visit in scene.visits)
        if active is None:
            active = answers[0]
            if not active.reached:
                raise Unreachable(active.failure, stage="call")
        if scene in scenes:
            yield Played(
                scene, answers, judge(scene, answers, active, exists=connection is not None)
            )


def refuse(to: str) -> None:
    """Raises `SettingInvalid` for an address that no handler of one's own can have."""
    if found := check_callback(Secret(to)):
        raise SettingInvalid("--to", found.reason, stage="call", reference=found.reference)
    if parse_url(to) is None:
        raise SettingInvalid(
            "--to", "is no address that can be called", stage="call", reference="bad-address"
        )
    if f".{hostname(Secret(to))}".endswith((".wych.app", ".wych.io")):
        raise SettingInvalid(
            "--to", "is Wych's own host: name your handler's address", stage="call"
        )
