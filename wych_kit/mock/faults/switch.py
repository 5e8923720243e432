"""Switches faults on and off, and says which one acts on a request."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wych_kit.mock.faults.catalogue import FAULTS, PLACES, Fault, Value, find_fault, read_parameters
from wych_kit.mock.tokens import presented_credentials

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from wych_kit.mock.http.messages import Answer, Request
    from wych_kit.mock.state.clock import Clock
    from wych_kit.mock.state.store import Store
    from wych_kit.mock.tokens.issuer import Mark, Tokens

# Faults that act on tokens issued before they were switched on.
TOKEN_FAULTS = frozenset({"revoked-token", "stale-token"})


@dataclass(slots=True)
class ActiveFault:
    """A fault that is on.

    `left`: how many more times, None until it is switched off. `client`: the client id that it acts
    on, None for all. `since` marks the tokens that existed when it was switched on.
    """

    fault: Fault
    left: int | None
    client: str | None
    values: dict[str, Value]
    since: Mark | None = field(default=None, repr=False)

    def explain(self, answer: Answer, row: str = "") -> Answer:
        """Return the answer with this fault as its reason, for the request log."""
        return answer.with_reason(f"fault {self.fault.name}", row)

    def get_number(self, name: str) -> float:
        """Return a parameter that is a number."""
        return float(self.values[name])

    def acts_at(self, place: str) -> bool:
        """Return True if the fault acts at this place."""
        where = self.values.get("where", "everywhere")
        if where != "everywhere":
            return where == place
        return place in self.fault.acts or self.fault.acts == PLACES

    def to_json(self) -> dict[str, Any]:
        """Return the fault as data."""
        return {
            "name": self.fault.name,
            "times": self.left,
            "client": self.client,
            "parameters": dict(self.values),
        }


class Faults:
    """The fault switch. `active` is empty when no fault is on: ask that first, because it is free."""

    def __init__(
        self,
        clock: Clock,
        tokens: Tokens,
        store: Store,
        leaving: asyncio.Event,
        seed: int | str | None,
    ) -> None:
        self.active: dict[tuple[str, str | None], ActiveFault] = {}
        # True once somebody was redirected to the login page, which exists from then on.
        self.login_shown = False
        self._clock = clock
        self._tokens = tokens
        self._store = store
        self._leaving = leaving
        self._seed = f"{seed}/latency"
        self._random = random.Random(self._seed)  # noqa: S311 - must be repeatable, not secret

    def switch_on(
        self, name: str, times: int | None, client: str | None, parameters: dict[str, Any]
    ) -> None:
        """Switch a fault on, in place of the same one for the same client. Raises `ValueError`."""
        fault = parse_fault(name, times, client, parameters)
        self._switch_off_where(lambda key: key == (name, client))
        if name in TOKEN_FAULTS:
            fault.since = self._tokens.set_mark()
        self.active[name, client] = fault
        self._set_clock()

    def switch_off(self, name: str | None) -> None:
        """Switch off one fault for every client, or all faults (None).

        Raises `ValueError` for an unknown name.
        """
        if name is not None:
            find_fault(name)
        self._switch_off_where(lambda key: name is None or key[0] == name)
        self._set_clock()

    def _switch_off_where(self, matches: Callable[[tuple[str, str | None]], bool]) -> None:
        for key in filter(matches, list(self.active)):
            self._tokens.drop_mark(self.active.pop(key).since)

    def first(
        self,
        names: Container[str],
        request: Request,
        applies: Callable[[ActiveFault], bool] = lambda _: True,
    ) -> ActiveFault | None:
        """Return the fault among these that acts on the request, and count it.

        Of several, it is the one that was switched on first.
        """
        for key, fault in self.active.items():
            if fault.fault.name in names and applies(fault) and self._concerns(fault, request):
                if fault.left is not None:
                    fault.left -= 1
                    if not fault.left:
                        self._tokens.drop_mark(self.active.pop(key).since)
                return fault
        return None

    async def wait(self, seconds: float) -> None:
        """Wait, unless the mock is stopping."""
        if seconds > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._leaving.wait(), seconds)

    async def delay(self, request: Request, place: str) -> None:
        """Wait as long as the fault `latency` says, if it is on."""
        fault = self.first({"latency"}, request, lambda fault: fault.acts_at(place))
        if fault:
            jitter = fault.get_number("jitter") * self._random.random()
            await self.wait(fault.get_number("seconds") + jitter)

    def reset(self) -> None:
        """Switch all faults off, and begin the random delays again."""
        self.switch_off(None)
        self.login_shown = False
        self._random.seed(self._seed)

    def _concerns(self, fault: ActiveFault, request: Request) -> bool:
        if fault.client is None:
            return True
        client = presented_credentials.identify_client(request, self._store, self._tokens)
        return fault.client == client

    def _set_clock(self) -> None:
        # If this machine's clock is to be ahead, the mock's goes back.
        ahead, behind = (self.active.get((name, None)) for name in ("clock-ahead", "clock-behind"))
        self._clock.skew = (behind.get_number("seconds") if behind else 0) - (
            ahead.get_number("seconds") if ahead else 0
        )


def parse_fault(
    name: str, times: int | None, client: str | None, parameters: dict[str, Any]
) -> ActiveFault:
    """Return the fault that these values describe, not switched on yet. Raises `ValueError`."""
    fault = find_fault(name)
    if fault.tls:
        raise ValueError(
            f"{name} needs a mock that was started for it: wych-kit mock --tls {fault.tls}"
        )
    if times is not None and (isinstance(times, bool) or not isinstance(times, int) or times < 1):
        raise ValueError(f"times must be a whole number, 1 or more, not {times!r}")
    if times is not None and not fault.counted:
        raise ValueError(f"{name} stays on until you switch it off. Leave times out")
    if client is not None and (not isinstance(client, str) or not client):
        raise ValueError(f"client must be a client id, not {client!r}")
    if client is not None and not fault.knows_clients:
        raise ValueError(
            f"{name} acts on {', '.join(fault.acts)}, where the mock does not know the client."
            " Leave client out"
        )
    return ActiveFault(fault, times, client, read_parameters(fault, parameters))


def parse_fault_text(text: str) -> tuple[str, dict[str, Any]]:
    """Return name and settings of a fault as `wych-kit mock --fault` takes it.

    The text is `NAME[:times=1,client=ID,seconds=2]`; the settings are those of `Mock.fault`. Raises
    `ValueError`.
    """
    name, _, settings_text = text.partition(":")
    settings: dict[str, Any] = {}
    for pair in settings_text.split(",") if settings_text else []:
        key, equals, value = pair.partition("=")
        if not equals:
            raise ValueError(f"write {name}:{key.strip()}=VALUE, with more after a comma")
        settings[key.strip()] = value.strip()
    if "times" in settings:
        try:
            settings["times"] = int(settings["times"])
        except ValueError:
            times = settings["times"]
            raise ValueError(f"times must be a whole number, 1 or more, not {times!r}") from None
    parameters = {key: settings[key] for key in settings if key not in ("times", "client")}
    parse_fault(name, settings.get("times"), settings.get("client"), parameters)
    return name, settings


def list_faults(active: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return every fault as data; `on` lists the active ones of that name."""
    return [
        {
            "name": fault.name,
            "does": fault.does,
            "acts": list(fault.acts),
            "row": fault.row,
            "parameters": {name: parameter.default for name, parameter in fault.parameters.items()},
            "tls": fault.tls or None,
            "on": [row for row in active if row["name"] == fault.name],
        }
        for fault in FAULTS.values()
    ]
