"""How things look in a terminal: the banner, a step, a table of facts, an exchange, what is wrong.

Plain output, for pipes, simple terminals and screen readers (`--plain`), has the same words in the same order, one line each, and
neither colour nor drawing. Colour is never the only sign of anything.
"""

from __future__ import annotations

import os
import re
import sys
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from wych_kit.client.journal.transcript import (
    escape_control_characters,
    render_request,
    render_response,
    render_summary,
)

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator
    from contextlib import AbstractContextManager
    from typing import TextIO

    from rich.console import ConsoleOptions, JustifyMethod, RenderableType

    from wych_kit.client.journal.recorder import Exchange
    from wych_kit.diagnosis.diagnose import Diagnosis
    from wych_kit.journey.step import Fact
    from wych_kit.journey.step import Table as Rows
    from wych_kit.settings.environments import Environment

_WIDEST = 110
_NARROW = 70
# Characters of a label or a setting's name that are kept in one line.
_LONGEST_NAME = 30
_COLOURS = {"mock": "cyan", "sandbox": "yellow", "production": "bold red"}


class Screen:
    """Where output goes, and in which dress. `plain` is chosen by itself where nothing else would be readable."""

    def __init__(self, *, plain: bool = False, file: TextIO | None = None) -> None:
        stream = file or sys.stdout
        self.plain = plain or not stream.isatty() or os.environ.get("TERM") in ("dumb", "unknown")
        self.console = Console(
            file=stream,
            highlight=False,
            emoji=False,
            soft_wrap=self.plain,
            no_color=True if self.plain else None,
            markup=False,
        )

    def say(self, words: str = "", style: str = "") -> None:
        """A line of text."""
        if self.plain:  # rich would make spaces of the tabs
            print(escape_control_characters(words), file=self.console.file)
        else:
            self._print(_text(words, style))

    def whole(self, *lines: str) -> None:
        """Lines in one piece each, however long, so that they can be clicked or copied."""
        for words in lines:
            self.console.print(_text(words), soft_wrap=True)

    def banner(self, environment: Environment) -> None:
        """Which Wych this is, in words and in its colour."""
        self.say(
            f"Wych Kit · {environment.name}: {environment.words or environment.note}",
            _COLOURS.get(environment.name, ""),
        )

    def heading(self, number: int, total: int, title: str, why: str, link: str = "") -> None:
        """The head of a step, and an address to open meanwhile."""
        self.say()
        self.say(f"Step {number} of {total}: {title}", "bold")
        self.say(why, "dim")
        if link:
            self.whole(f"Open: {link}")

    def facts(self, facts: Iterable[Fact]) -> None:
        """Rows of label, value and remark."""
        rows = list(facts)
        if self.plain:
            for fact in rows:
                self.say(
                    f"  {fact.label}: {fact.value}" + (f" ({fact.remark})" if fact.remark else "")
                )
            return
        columns = [
            [fact.label for fact in rows],
            [fact.value for fact in rows],
            [fact.remark for fact in rows],
        ]
        if 2 + sum(2 + max(map(cell_len, column), default=0) for column in columns) <= min(
            self.console.width, _WIDEST
        ):
            self.table((), [(fact.label, fact.value, fact.remark) for fact in rows])
        elif self.console.width >= _NARROW:
            self._stacked(rows)
        else:
            for fact in rows:  # two columns would leave no word whole
                self._indented(_text(f"{fact.label}: {fact.value}"))
                if fact.remark:
                    self._indented(_text(fact.remark, "dim"), 4)

    def _stacked(self, facts: Iterable[Fact]) -> None:
        """The remark under its value, which has the room of both."""
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        table.add_column(style="dim", overflow="fold")
        table.add_column(overflow="fold")
        for fact in facts:
            table.add_row(escape_control_characters(fact.label), _Broken(fact.value))
            if fact.remark:
                table.add_row("", _Broken(fact.remark, "dim"))
        self._indented(table)

    def table(
        self, titles: Iterable[str], rows: Iterable[Iterable[str]], numbers: Container[int] = ()
    ) -> None:
        """A table without lines, these columns to the right; in plain dress, one line a row, with tabs between."""
        heads, lines = list(titles), [list(row) for row in rows]
        if self.plain:
            for line in ([heads] if heads else []) + lines:
                self.say("\t".join(line).rstrip())
            return
        table = Table(box=None, show_header=bool(heads), padding=(0, 2, 0, 0), header_style="dim")
        used = [
            number
            for number in range(max(map(len, lines), default=0))
            if any(line[number:][:1] != [""] for line in lines)
        ]
        for number in used:
            style = "" if heads else ("dim", "", "dim")[number]
            side: JustifyMethod = "right" if number in numbers else "left"
            named = (
                number == 0
                and self.console.width >= _NARROW
                and all(len(line[0]) <= _LONGEST_NAME for line in lines)
            )
            table.add_column(
                heads[number] if heads else "",
                style=style,
                overflow="fold",
                justify=side,
                no_wrap=named,
            )
        for line in lines:
            table.add_row(*(_Broken(line[number]) if number < len(line) else "" for number in used))
        self._indented(table)

    def titled(self, table: Rows) -> None:
        """A table under its title; numbers stand to the right."""
        self.say()
        self.say(f"  {table.title}", "bold")
        self.table(table.columns, table.rows, table.numbers)

    def exchanges(self, exchanges: Iterable[Exchange]) -> None:
        """What went over the wire: the last exchange as sent and as answered, those before it in a line each."""
        earlier = list(exchanges)
        if not earlier:
            return
        last = earlier.pop()
        for exchange in earlier:
            self.say(f"  {render_summary(exchange)}", "dim")
        self.exchange(last)

    def exchange(self, exchange: Exchange, *, whole: bool = False) -> None:
        """One exchange, as sent and as answered. `whole` shows all headers and the whole body."""
        self._block(
            "as sent" + (f" ({exchange.basis})" if exchange.basis else ""),
            render_request(exchange, whole=whole),
        )
        self._block("as answered", render_response(exchange, whole=whole))

    def wrong(self, diagnosis: Diagnosis) -> None:
        """What is wrong: what was seen, the likely cause, what to do, and how we know. Six lines at most in 80 columns."""
        rows = [
            ("Cause", diagnosis.judged),
            ("Do", diagnosis.action),
            ("Basis", diagnosis.known_from),
        ]
        self.say()
        self.say(
            ("" if self.plain else "✗ ") + f"Not done: {' '.join(diagnosis.evidence)}", "bold red"
        )
        if self.plain:
            for label, words in rows:
                self.say(f"  {label}: {words}")
        else:
            self.table((), rows)

    def json(self, text: str) -> None:
        """A JSON document, laid out and coloured."""
        self.console.print_json(text, highlight=not self.plain)

    def waiting(self, title: str) -> AbstractContextManager[Waiting]:
        """Shows that something is on the way; the value's `now()` says what."""
        return nullcontext(Waiting()) if self.plain else _spinner(self.console, title)

    def _block(self, label: str, lines: Iterable[str]) -> None:
        self.say(f"  {label}" + (":" if self.plain else ""), "dim")
        for line in lines:
            self._indented(Text(line) if self.plain else _Broken(line), 4)

    def _indented(self, what: RenderableType, by: int = 2) -> None:
        if self.plain and isinstance(what, Text):
            self.console.print(Text(" " * by) + what)
        else:
            self._print(Padding(what, (0, 0, 0, by)))

    def _print(self, what: RenderableType) -> None:
        self.console.print(
            what, width=min(self.console.width, _WIDEST)
        )  # asked each time: windows change their size


class _Broken:
    """Text whose lines end after a word, or after a / of an address that has no room in one line."""

    def __init__(self, words: str, style: str = "") -> None:
        self._style = style
        self._words = re.findall(r"\S+\s*|\s+", escape_control_characters(words))

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        longest = max(
            (cell_len(part.rstrip()) for word in self._words for part in _parts(word)), default=0
        )
        return Measurement(longest, cell_len("".join(self._words)))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        lines = [""]
        for word in self._words:
            for part in [word] if cell_len(word.rstrip()) <= options.max_width else _parts(word):
                if lines[-1] and cell_len((lines[-1] + part).rstrip()) > options.max_width:
                    lines.append("")
                lines[-1] += part
        yield Text("\n".join(line.rstrip() for line in lines), style=self._style)


def _parts(word: str) -> list[str]:
    return re.findall(r"[^/]*/+|[^/]+", word)


class Waiting:
    """Something that is on the way."""

    def now(self, words: str) -> None:
        """What is being waited for at this moment."""


@contextmanager
def _spinner(console: Console, title: str) -> Iterator[Waiting]:
    with console.status(f"{title} …") as status:

        class Spinning(Waiting):
            def now(self, words: str) -> None:
                status.update(f"{title}: {words} …")

        yield Spinning()


def _text(words: str, style: str = "") -> Text:
    return Text(escape_control_characters(words), style=style)
