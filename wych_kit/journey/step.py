"""Defines a step: its fields, its action, its outcome. It knows nothing of Wych and draws nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

from wych_kit.errors import Refused, WychError
from wych_kit.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from wych_kit.client.journal.recorder import Exchange, Journal
    from wych_kit.diagnosis.diagnose import Diagnosis

Answer = str | Secret
# Characters of a fact. A server may send a megabyte as a URL, and a form would contain it three times.
LONGEST = 500
_MINUTE = 60


class StepContext(Protocol):
    """What `run` needs of a session: its journal, and how to explain an error."""

    @property
    def journal(self) -> Journal:
        """The exchanges so far."""

    def explain(self, error: WychError) -> Diagnosis:
        """Return what an error means."""


S = TypeVar("S", bound=StepContext)


@dataclass(frozen=True, slots=True)
class Field:
    """One question to the user.

    `check` is called before any network with the text, and returns what is wrong with it in whole
    sentences, or None. `suggestion` is shown, and Enter accepts it. An `optional` field may be empty.
    """

    name: str
    label: str
    help: str = ""
    secret: bool = False
    optional: bool = False
    suggestion: str = ""
    check: Callable[[str], str | None] = lambda _: None

    def check_answer(self, answer: Answer | None) -> str | None:
        """Return what is wrong with this answer, in whole sentences, or None."""
        if not answer:
            return None if self.optional else "Required"
        return self.check(answer.reveal() if isinstance(answer, Secret) else answer)


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of an outcome: a label, a value, and a remark such as the value's basis.

    Texts longer than `LONGEST` are cut.
    """

    label: str
    value: str
    remark: str = ""

    def __post_init__(self) -> None:
        for name in ("label", "value", "remark"):
            text = getattr(self, name)
            if len(text) > LONGEST:
                object.__setattr__(self, name, f"{text[:LONGEST]}…")


@dataclass(frozen=True, slots=True)
class Table:
    """A table of an outcome.

    `numbers` are the columns (counted from 0) whose texts are numbers, which are aligned to the right.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Done:
    """The outcome of a step that succeeded. `have` says in sentences what the user now has."""

    facts: tuple[Fact, ...]
    have: str
    link: str = ""
    exchanges: tuple[Exchange, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """The outcome of a step that failed.

    `faults` says by field what to correct. `error` is what was raised, or None if nothing was sent.
    """

    diagnosis: Diagnosis | None
    error: WychError | None = None
    faults: Mapping[str, str] = field(default_factory=dict)
    exchanges: tuple[Exchange, ...] = ()


class Wording(NamedTuple):
    """The texts of a step: its title, its reason, and its buttons, before and after it is done.

    `link` is a URL to open in a browser, or "". `other` is the button that switches to the other way
    of doing the step, or "".
    """

    title: str
    why: str
    button: str
    again: str = "Run again"
    link: str = ""
    other: str = ""


@dataclass(frozen=True, slots=True)
class Step(Generic[S]):
    """One step of a journey over sessions of type `S`.

    `fields(session)` returns the fields whose answers are not known yet; a step with none just runs.
    `act(session, answers, say)` does the step and calls `say` with what it waits for, in a few words.
    `validate_together(session, answers)` returns what is wrong with answers that are right one by one.
    `describe(session)` returns the texts where `title` and `why` do not fit, else None.
    `reset(session)` makes a finished step ask again; without it, the step is just run again.
    `switch_mode(session)` switches to the other way of doing the step.
    """

    name: str
    title: str
    why: str
    fields: Callable[[S], Sequence[Field]]
    act: Callable[[S, Mapping[str, Answer], Callable[[str], None]], Done]
    validate_together: Callable[[S, Mapping[str, Answer]], Mapping[str, str]] = lambda *_: {}
    describe: Callable[[S], Wording | None] = lambda _: None
    reset: Callable[[S], None] | None = None
    switch_mode: Callable[[S], None] = lambda _: None

    def wording(self, session: S) -> Wording:
        """Return the texts of the step for this session."""
        return self.describe(session) or Wording(
            self.title, self.why, self.title, again=f"Run again: {self.title}"
        )


def run(
    step: Step[S],
    session: S,
    answers: Mapping[str, Answer] | None = None,
    *,
    say: Callable[[str], None] = lambda _: None,
) -> Done | Failed:
    """Check the answers, do the step, and return its outcome.

    Nothing is sent with a wrong or missing answer. Answers to other fields are ignored.
    """
    answers = answers or {}
    fields = step.fields(session)
    faults = {
        field.name: fault
        for field in fields
        if (fault := field.check_answer(answers.get(field.name)))
    }
    accepted = {field.name: answers[field.name] for field in fields if answers.get(field.name)}
    if faults := faults or dict(step.validate_together(session, accepted)):
        return Failed(None, faults=faults)
    before = session.journal.exchanges
    try:
        done = step.act(session, accepted, say)
    # Only this kit's own errors: a bug stays an exception.
    except WychError as error:
        faults = error.fields if isinstance(error, Refused) else {}
        return Failed(
            session.explain(error), error, faults, exchanges_since(session.journal, before)
        )
    return replace(done, exchanges=exchanges_since(session.journal, before))


def exchanges_since(journal: Journal, before: Sequence[Exchange]) -> tuple[Exchange, ...]:
    """Return the exchanges of the journal that are not among `before`."""
    # Exchanges are told apart by id(). `before` keeps its own alive, so that no new one gets the id
    # of one that the journal dropped.
    earlier = {id(exchange) for exchange in before}
    return tuple(exchange for exchange in journal.exchanges if id(exchange) not in earlier)


def format_duration(seconds: float) -> str:
    """Return a duration as "15 minutes", or as "895 seconds" if it is not whole minutes."""
    whole = round(seconds)
    number, unit = (
        (whole // _MINUTE, "minute") if whole and not whole % _MINUTE else (whole, "second")
    )
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
