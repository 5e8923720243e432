"""Which faults are on, for whom and for how long."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wych_kit.mock.faults.catalogue import FAULTS, PLACES, Fault, Value, known, values
from wych_kit.mock.tokens import presented_credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

    from wych_kit.mock.http.messages import Answer, Request
    from wych_kit.mock.state.clock import Clock
    from wych_kit.mock.state.store import Store
    from wych_kit.mock.tokens.issuer import Mark, Tokens

AGEING = frozenset({"revoked-token", "stale-token"})


@dataclass(slots=True)
class Active:
    """A fault that is on: `left` more times (None: until it is switched off), for one client (None: for all)."""

    fault: Fault
    left: int | None
    client: str | None
    values: dict[str, Value]
    since: Mark | None = field(default=None, repr=False)

    def told(self, answer: Answer, row: str = "") -> Answer:
        """The answer with this fault as its reason."""
        return answer.with_reason(f"fault {self.fault.name}", row)

    def number(self, name: str) -> float:
        """A parameter that is a number."""
        return float(self.values[name])

    def acts_at(self, place: str) -> bool:
        """Whether a place is one of those it was told to act at."""
        where = self.values.get("where", "everywhere")
        return where == place or (
            where == "everywhere" and (place in self.fault.acts or self.fault.acts == PLACES)
        )

    def described(self) -> dict[str, Any]:
        """As data, for JSON."""
        return {
            "name": self.fault.name,
            "times": self.left,
            "client": self.client,
            "parameters": dict(self.values),
        }


class Faults:
    """The faults that are on. `on` is empty when none is: whoever is about to act asks that first, and it costs nothing."""

    def __init__(
        self,
        clock: Clock,
        tokens: Tokens,
        store: Store,
        leaving: asyncio.Event,
        seed: int | str | None,
    ) -> None:
        self.on: dict[tuple[str, str | None], Active] = {}
        # Whether somebody was sent to the login page, which is there from then on.
        self.login_shown = False
        self._clock = clock
        self._tokens = tokens
        self._store = store
        self._leaving = leaving
        self._seed = f"{seed}/latency"
        self._random = random.Random(self._seed)  # noqa: S311 - repeatable is the point

    def switch_on(
        self, name: str, times: int | None, client: str | None, given: dict[str, Any]
    ) -> None:
        """Switches a fault on, in place of the same one for the same client. Raises `ValueError`."""
        active = asked_for(name, times, client, given)
        self.switch_off(name, client, whoever=False)
        if name in AGEING:
            active.since = self._tokens.set_mark()
        self.on[name, client] = active
        self._set_clock()

    def switch_off(
        self, name: str | None, client: str | None = None, *, whoever: bool = True
    ) -> None:
        """Switches off one fault, for whomever it is on or for one client, or all (None). Raises `ValueError` for a name there is not."""
        if name is not None:
            known(name)
        for key in list(self.on):
            if name is None or (key[0] == name and (whoever or key[1] == client)):
                self._tokens.drop_mark(self.on.pop(key).since)
        self._set_clock()

    def due(
        self, name: str, request: Request, fits: Callable[[Active], bool] = lambda _: True
    ) -> Active | None:
        """The fault of this name if it is on for this request's client; counts it."""
        return self.first({name}, request, fits) if self.on else None

    def first(
        self,
        names: Container[str],
        request: Request,
        fits: Callable[[Active], bool] = lambda _: True,
    ) -> Active | None:
        """Of several faults the one that was switched on first and is on for this request's client; counts it."""
        for key, active in self.on.items():
            if active.fault.name in names and fits(active) and self._concerns(active, request):
                if active.left is not None:
                    active.left -= 1
                    if not active.left:
                        self._tokens.drop_mark(self.on.pop(key).since)
                return active
        return None

    def refusal(self, request: Request, answers: Mapping[str, Answer]) -> Answer | None:
        """The answer of the fault, among those that have one here, that is on for this request's client."""
        active = self.first(answers, request)
        return active.told(answers[active.fault.name]) if active else None

    def token_refusal(
        self, request: Request, claims: dict[str, Any], answer: Answer
    ) -> Answer | None:
        """The answer to a token that was there before it was revoked, or before the clock of a test went on."""
        active = self.first(
            AGEING,
            request,
            lambda active: active.since is not None and active.since.covers(claims),
        )
        return active.told(answer) if active else None

    async def wait(self, seconds: float) -> None:
        """Waits, unless the mock is stopping."""
        if seconds > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._leaving.wait(), seconds)

    async def linger(self, request: Request, place: str) -> None:
        """Takes the time that the fault `latency` asks for."""
        if active := self.due("latency", request, lambda active: active.acts_at(place)):
            await self.wait(
                active.number("seconds") + active.number("jitter") * self._random.random()
            )

    def reset(self) -> None:
        """Switches all off."""
        self.switch_off(None)
        self.login_shown = False
        self._random.seed(self._seed)

    def _concerns(self, active: Active, request: Request) -> bool:
        return active.client is None or active.client == presented_credentials.identify_client(
            request, self._store, self._tokens
        )

    def _set_clock(self) -> None:
        ahead, behind = (self.on.get((name, None)) for name in ("clock-ahead", "clock-behind"))
        self._clock.skew = (behind.number("seconds") if behind else 0) - (
            ahead.number("seconds") if ahead else 0
        )


def asked_for(name: str, times: int | None, client: str | None, given: dict[str, Any]) -> Active:
    """What is asked for, checked, not on yet. Raises `ValueError`."""
    fault = known(name)
    if fault.tls:
        raise ValueError(f"{name} is how a mock is started: wych-kit mock --tls {fault.tls}")
    if times is not None and (isinstance(times, bool) or not isinstance(times, int) or times < 1):
        raise ValueError(f"times must be a whole number, 1 or more, not {times!r}")
    if times is not None and not fault.counted:
        raise ValueError(f"{name} is on until it is switched off: leave times out")
    if client is not None and (not isinstance(client, str) or not client):
        raise ValueError(f"client must be a client id, not {client!r}")
    if client is not None and not fault.knows_clients:
        raise ValueError(
            f"{name} acts on {', '.join(fault.acts)}, where no client can be told from another:"
            " leave client out"
        )
    return Active(fault, times, client, values(fault, given))


def spelt(text: str) -> tuple[str, dict[str, Any]]:
    """A fault as a command line has it, `NAME[:times=1,client=ID,seconds=2]`: the name, and what `Mock.fault` takes besides.

    Raises `ValueError`.
    """
    name, _, words = text.partition(":")
    how: dict[str, Any] = {}
    for word in words.split(",") if words else []:
        key, equals, value = word.partition("=")
        if not equals:
            raise ValueError(f"write {name}:{key.strip()}=VALUE, with more after a comma")
        how[key.strip()] = value.strip()
    if "times" in how:
        try:
            how["times"] = int(how["times"])
        except ValueError:
            raise ValueError(
                f"times must be a whole number, 1 or more, not {how['times']!r}"
            ) from None
    asked_for(
        name,
        how.get("times"),
        how.get("client"),
        {key: how[key] for key in how if key not in ("times", "client")},
    )
    return name, how


def catalogued(on: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every fault as data, with `on`: those of the given that are it."""
    return [
        {
            "name": fault.name,
            "does": fault.does,
            "acts": list(fault.acts),
            "row": fault.row,
            "parameters": {name: parameter.default for name, parameter in fault.parameters.items()},
            "tls": fault.tls or None,
            "on": [active for active in on if active["name"] == fault.name],
        }
        for fault in FAULTS.values()
    ]
