"""What the forms say, as text: for viewers without widgets, for diffs, and for whoever reads with a screen reader in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wych_kit.client.journal.transcript import escape_control_characters, render_summary
from wych_kit.journey.step import Done
from wych_kit.secret import MASK

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from wych_kit.diagnosis.diagnose import Diagnosis
    from wych_kit.journey.step import Failed, Field, Table
    from wych_kit.settings.environments import Environment


def banner(environment: Environment) -> str:
    """Which Wych this is."""
    return f"Wych Kit · {environment.name}: {environment.words or environment.note}"


def fields(asked: Iterable[Field]) -> list[str]:
    """The questions, a line each."""
    lines = []
    for each in asked:
        about = [each.help] if each.help else []
        if each.suggestion:
            about.append(f"such as {MASK if each.secret else each.suggestion}")
        lines.append(f"  {each.label}" + (f" ({'; '.join(about)})" if about else ""))
    return lines


def call(name: str, asked: Sequence[Field]) -> str:
    """The code that answers without a form. A secret is asked for, so that it is not written in the notebook."""
    given = ", ".join(f"{each.name}={'getpass()' if each.secret else '…'}" for each in asked)
    first = "from getpass import getpass; " if any(each.secret for each in asked) else ""
    return f'{first}kit.step("{name}"{f", {given}" if given else ""})'


def outcome(found: Done | Failed, after: str) -> list[str]:
    """What came of a step, a line for each fact and each exchange. No times: two runs read the same."""
    wire = [f"  {render_summary(each, timed=False)}" for each in found.exchanges]
    if isinstance(found, Done):
        rows = [
            f"  {each.label}: {each.value}" + (f" ({each.remark})" if each.remark else "")
            for each in found.facts
        ]
        return [
            escape_control_characters(line)
            for line in (
                f"Done. {found.have}",
                *rows,
                *tables(found.tables),
                *wire,
                after,
            )
        ]
    faults = [f"  {name}: {words}" for name, words in found.faults.items()]
    if found.diagnosis is None:
        return ["Not sent:", *map(escape_control_characters, faults)]
    return [
        escape_control_characters(line) for line in (*diagnosis(found.diagnosis), *faults, *wire)
    ]


def tables(found: Iterable[Table]) -> list[str]:
    """Tables, columns under each other, an empty line before and after."""
    lines = []
    for each in found:
        widths = [max(map(len, column)) for column in zip(each.columns, *each.rows, strict=True)]
        lines += ["", f"  {each.title}"]
        for row in (each.columns, *each.rows):
            cells = (
                cell.rjust(width) if place in each.numbers else cell.ljust(width)
                for place, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            lines.append(f"  {'  '.join(cells)}".rstrip())
    return [*lines, ""] if lines else []


def diagnosis(why: Diagnosis) -> list[str]:
    """What went wrong, how we know, and what to do."""
    lines = [
        f"Not done ({why.stage})",
        f"  Seen: {' '.join(why.evidence)}",
        f"  Cause: {why.qualified_cause}",
        f"  Do: {why.action}",
    ]
    return [*lines, f"  Basis: {why.provenance}"]
