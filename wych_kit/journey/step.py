"""What a step is: what it asks, what it does, what came of it. Knows nothing of Wych, and draws nothing."""

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
# Characters of a fact: a server may send a megabyte as an address, and a form would hold it three
# times.
LONGEST = 500


class StepContext(Protocol):
    """All that a step's runner needs of a session: where the exchanges are noted, and what an error means there."""

    @property
    def journal(self) -> Journal:
        """The exchanges so far."""

    def explain(self, error: WychError) -> Diagnosis:
        """What an error means."""


S = TypeVar("S", bound=StepContext)


@dataclass(frozen=True, slots=True)
class Field:
    """Something a person is asked for.

    `check` gets the text before any network and gives the reason why it will not do, or `None`. `suggestion` is what Enter accepts,
    shown in the open. `optional`: an empty answer will do.
    """

    name: str
    label: str
    help: str = ""
    secret: bool = False
    optional: bool = False
    suggestion: str = ""
    check: Callable[[str], str | None] = lambda _: None

    def check_answer(self, answer: Answer | None) -> str | None:
        """Why this answer will not do, as a sentence; `None` when it will."""
        if not answer:
            return None if self.optional else "an answer is needed here"
        return self.check(answer.reveal() if isinstance(answer, Secret) else answer)


@dataclass(frozen=True, slots=True)
class Fact:
    """A row fit to be shown: a label, a value, and a remark such as the basis of it. What is too long to be read is cut."""

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
    """Several things of one kind, fit to be shown: a title, what the columns are, and a row for each thing.

    `numbers` are the columns whose texts are numbers, which stand to the right, counted from 0.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Done:
    """A step came through. `have` says in a sentence what there is now that was not there before."""

    facts: tuple[Fact, ...]
    have: str
    link: str = ""
    exchanges: tuple[Exchange, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """A step did not come through, and why. `faults` names the fields to correct; `error` is what was raised, if anything was sent."""

    diagnosis: Diagnosis | None
    error: WychError | None = None
    faults: Mapping[str, str] = field(default_factory=dict)
    exchanges: tuple[Exchange, ...] = ()


class Wording(NamedTuple):
    """How a step is put to a person: what it is, why it is there, and what its button says, at first and once it is done.

    `link` is an address to open in a browser meanwhile, `other` what the button says that does it another way, where there is one.
    """

    title: str
    why: str
    button: str
    again: str = "Once more"
    link: str = ""
    other: str = ""


@dataclass(frozen=True, slots=True)
class Step(Generic[S]):
    """One step of a journey over sessions of kind `S`.

    `fields(session)` are those whose answers are not known yet, so a step with none just runs. `act(session, answers, say)` does it;
    `say` is told in a few words what is being waited for. `judge(session, answers)` says what is wrong with answers, each fit by itself,
    when they are seen together; `rewording` is how the step is put where `title` and `why` do not fit. `reopen(session)` makes a step
    that is done ask again; one without is just done again. `turn(session)` asks for it the other way.
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
        """How the step is put to the person of this session."""
        return self.describe(session) or Wording(self.title, self.why, self.title)


def run(
    step: Step[S],
    session: S,
    answers: Mapping[str, Answer] | None = None,
    *,
    say: Callable[[str], None] = lambda _: None,
) -> Done | Failed:
    """Check the answers, act, and say what came of it. Answers to fields that the step does not ask are left alone.

    With a wrong or missing answer nothing is sent. Only this kit's own errors become `Failed`: a bug stays an exception.
    """
    given = answers or {}
    asked = step.fields(session)
    faults = {
        each.name: fault for each in asked if (fault := each.check_answer(given.get(each.name)))
    }
    taken = {each.name: given[each.name] for each in asked if given.get(each.name)}
    if faults := faults or dict(step.validate_together(session, taken)):
        return Failed(None, faults=faults)
    before = session.journal.exchanges
    try:
        done = step.act(session, taken, say)
    except WychError as error:
        faults = error.fields if isinstance(error, Refused) else {}
        return Failed(
            session.explain(error), error, faults, exchanges_since(session.journal, before)
        )
    return replace(done, exchanges=exchanges_since(session.journal, before))


def exchanges_since(journal: Journal, before: Sequence[Exchange]) -> tuple[Exchange, ...]:
    """The exchanges that are not among those before. Holding these keeps a new one from having the identity of one that was forgotten."""
    earlier = {id(exchange) for exchange in before}
    return tuple(exchange for exchange in journal.exchanges if id(exchange) not in earlier)
