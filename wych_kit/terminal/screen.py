"""Draws the kit's results in a terminal: tables, steps, exchanges, diagnoses.

Plain output, for pipes, simple terminals and screen readers (`--plain`), has the same words in
the same order, one line each, without colour or drawing. Colour is never the only sign.
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
    from wych_kit.journey.step import Table as TitledTable
    from wych_kit.settings.environments import Environment

# Longer lines are hard to read, however wide the window is.
_MAX_WIDTH = 110
# In a window narrower than this, two columns would break words.
_NARROW = 70
# Characters of a label or a setting's name that are kept on one line.
_LONGEST_NAME = 30
_COLOURS = {"mock": "cyan", "sandbox": "yellow", "production": "bold red"}
# Styles of the columns of a table without titles: label, value, remark.
_FACT_STYLES = ("dim", "", "dim")


class Screen:
    """Draws on a stream. Output is plain by itself where drawing would be unreadable."""

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

    def say(self, message: str = "", style: str = "") -> None:
        """Print a line of text."""
        if self.plain:
            # rich would turn tabs into spaces, and programs split plain tables at tabs.
            print(escape_control_characters(message), file=self.console.file)
        else:
            self._print(_text(message, style))

    def say_unbroken(self, *lines: str) -> None:
        """Print each line in one piece, however long, so that it can be clicked or copied."""
        for line in lines:
            self.console.print(_text(line), soft_wrap=True)

    def show_banner(self, environment: Environment) -> None:
        """Print the environment in words and in its colour."""
        description = environment.words or environment.note
        colour = _COLOURS.get(environment.name, "")
        self.say(f"Wych Kit · {environment.name}: {description}", colour)

    def show_heading(self, title: str, why: str, *, link: str = "") -> None:
        """Print the heading of a step, and an address to open meanwhile."""
        self.say()
        self.say(title, "bold")
        self.say(why, "dim")
        if link:
            self.say_unbroken(f"Open: {link}")

    def show_facts(self, facts: Iterable[Fact]) -> None:
        """Print rows of label, value and remark, as the width of the window allows."""
        rows = [(fact.label, fact.value, fact.remark) for fact in facts]
        if self.plain:
            for label, value, remark in rows:
                self.say(f"  {label}: {value}" + (f" ({remark})" if remark else ""))
            return
        columns = zip(*rows, strict=True)
        # Two columns of space after each column, and two as the indent.
        width = 2 + sum(2 + max(map(cell_len, column)) for column in columns)
        if width <= min(self.console.width, _MAX_WIDTH):
            self.show_table((), rows)
        elif self.console.width >= _NARROW:
            self._show_stacked(rows)
        else:
            for label, value, remark in rows:
                self._print_indented(_text(f"{label}: {value}"))
                if remark:
                    self._print_indented(_text(remark, "dim"), 4)

    def _show_stacked(self, rows: Iterable[tuple[str, str, str]]) -> None:
        """Print each remark under its value, where it has the width of both columns."""
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        table.add_column(style="dim", overflow="fold")
        table.add_column(overflow="fold")
        for label, value, remark in rows:
            table.add_row(escape_control_characters(label), _Wrapped(value))
            if remark:
                table.add_row("", _Wrapped(remark, "dim"))
        self._print_indented(table)

    def show_table(
        self, titles: Iterable[str], rows: Iterable[Iterable[str]], numbers: Container[int] = ()
    ) -> None:
        """Print a table without lines; `numbers` are the indices of columns to align right.

        Plain output has one line for each row, with a tab between two cells.
        """
        heads, lines = list(titles), [list(row) for row in rows]
        if self.plain:
            for line in ([heads] if heads else []) + lines:
                self.say("\t".join(line).rstrip())
            return
        table = Table(box=None, show_header=bool(heads), padding=(0, 2, 0, 0), header_style="dim")
        # A column that is empty in every row would only take width from the others.
        used = [
            column
            for column in range(max(map(len, lines), default=0))
            if any(line[column:][:1] != [""] for line in lines)
        ]
        # Names are searched for and copied, so they are not broken where there is room.
        names_fit = self.console.width >= _NARROW and all(
            len(line[0]) <= _LONGEST_NAME for line in lines
        )
        for column in used:
            side: JustifyMethod = "right" if column in numbers else "left"
            table.add_column(
                heads[column] if heads else "",
                style="" if heads else _FACT_STYLES[column],
                overflow="fold",
                justify=side,
                no_wrap=column == 0 and names_fit,
            )
        for line in lines:
            cells = [_Wrapped(line[column]) if column < len(line) else "" for column in used]
            table.add_row(*cells)
        self._print_indented(table)

    def show_titled_table(self, table: TitledTable) -> None:
        """Print a table under its title."""
        self.say()
        self.say(f"  {table.title}", "bold")
        self.show_table(table.columns, table.rows, table.numbers)

    def show_exchanges(self, exchanges: Iterable[Exchange]) -> None:
        """Print the last exchange in full, and one line for each before it."""
        earlier = list(exchanges)
        if not earlier:
            return
        last = earlier.pop()
        for exchange in earlier:
            self.say(f"  {render_summary(exchange)}", "dim")
        self.show_exchange(last)

    def show_exchange(self, exchange: Exchange, *, whole: bool = False) -> None:
        """Print a request and its response. `whole` prints all headers and the whole body."""
        basis = f" ({exchange.basis})" if exchange.basis else ""
        self._print_block(f"request{basis}", render_request(exchange, whole=whole))
        self._print_block("response", render_response(exchange, whole=whole))

    def show_diagnosis(self, diagnosis: Diagnosis) -> None:
        """Print what happened, the cause, the next step and the basis.

        This takes at most six lines in 80 columns.
        """
        happened = f"Failed: {' '.join(diagnosis.evidence)}"
        rows = diagnosis.rows()
        self.say()
        self.say(happened if self.plain else f"✗ {happened}", "bold red")
        if self.plain:
            for label, message in rows:
                self.say(f"  {label}: {message}")
        else:
            self.show_table((), rows)

    def show_json(self, text: str) -> None:
        """Print a JSON document with indents, and with colours unless plain."""
        self.console.print_json(text, highlight=not self.plain)

    def show_progress(self, title: str) -> AbstractContextManager[Progress]:
        """Show a spinner while the block runs; `update` on the value says what it waits for."""
        return nullcontext(Progress()) if self.plain else _spinner(self.console, title)

    def _print_block(self, label: str, lines: Iterable[str]) -> None:
        self.say(f"  {label}" + (":" if self.plain else ""), "dim")
        for line in lines:
            self._print_indented(Text(line) if self.plain else _Wrapped(line), 4)

    def _print_indented(self, content: RenderableType, columns: int = 2) -> None:
        if self.plain and isinstance(content, Text):
            self.console.print(Text(" " * columns) + content)
        else:
            self._print(Padding(content, (0, 0, 0, columns)))

    def _print(self, content: RenderableType) -> None:
        # The width is read each time, because windows change their size.
        self.console.print(content, width=min(self.console.width, _MAX_WIDTH))


class _Wrapped:
    """Text whose lines end after a word, or after a / in an address too long for one line.

    rich breaks long words anywhere, and an address broken in a name cannot be read.
    """

    def __init__(self, text: str, style: str = "") -> None:
        self._style = style
        self._words = re.findall(r"\S+\s*|\s+", escape_control_characters(text))

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        parts = [part.rstrip() for word in self._words for part in _split_at_slashes(word)]
        return Measurement(max(map(cell_len, parts), default=0), cell_len("".join(self._words)))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        width = options.max_width
        lines = [""]
        for word in self._words:
            fits = cell_len(word.rstrip()) <= width
            for part in [word] if fits else _split_at_slashes(word):
                if lines[-1] and cell_len((lines[-1] + part).rstrip()) > width:
                    lines.append("")
                lines[-1] += part
        yield Text("\n".join(line.rstrip() for line in lines), style=self._style)


def _split_at_slashes(word: str) -> list[str]:
    return re.findall(r"[^/]*/+|[^/]+", word)


class Progress:
    """Shows nothing. A spinner on a terminal overrides `update`."""

    def update(self, message: str) -> None:
        """Say what the program waits for at this moment."""


@contextmanager
def _spinner(console: Console, title: str) -> Iterator[Progress]:
    with console.status(f"{title} …") as status:

        class Spinner(Progress):
            def update(self, message: str) -> None:
                status.update(f"{title}: {message} …")

        yield Spinner()


def _text(message: str, style: str = "") -> Text:
    # Control characters are replaced: a terminal would obey them.
    return Text(escape_control_characters(message), style=style)
