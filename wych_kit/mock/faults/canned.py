"""Queues prepared answers that replace the mock's own."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from wych_kit.mock.faults.catalogue import PLACES
from wych_kit.mock.http.messages import Answer, answer

if TYPE_CHECKING:
    from collections.abc import Mapping

Where = Literal["discovery", "keys", "token", "api", "portal"]


@dataclass(frozen=True, slots=True)
class Canned:
    """One answer, sent after `delay` seconds."""

    answer: Answer
    delay: float = 0.0


class CannedAnswers:
    """One queue of prepared answers for each place. They are sent before anything is checked."""

    def __init__(self) -> None:
        self._queues: dict[str, deque[Canned]] = {where: deque() for where in PLACES}

    def answer_next(
        self,
        where: Where,
        *,
        status: int,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        times: int = 1,
        delay: float = 0.0,
    ) -> None:
        """Answer the next `times` requests at `where` like this, each after `delay` seconds.

        Raises `ValueError` for a place that the mock does not have.
        """
        if where not in self._queues:
            raise ValueError(f"there is no place {where!r}; use one of {', '.join(self._queues)}")
        fields = [
            (name.encode("latin-1"), text.encode("latin-1"))
            for name, text in (headers or {}).items()
        ]
        canned = Canned(
            answer(status, body, *fields, row="canned", reason="a prepared answer"), delay
        )
        self._queues[where].extend([canned] * times)

    def next(self, where: str) -> Canned | None:
        """Remove the next prepared answer and return it; None if there is none."""
        queue = self._queues.get(where)
        return queue.popleft() if queue else None

    def reset(self) -> None:
        """Remove all prepared answers."""
        for queue in self._queues.values():
            queue.clear()
