"""Draws what the forms show as text, for viewers without widgets, for diffs and terminals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wych_kit.client.journal.transcript import escape_control_characters, render_summary
from wych_kit.journey.step import Done

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from wych_kit.diagnosis.diagnose import Diagnosis
    from wych_kit.journey.step import Failed, Field, Table
    from wych_kit.settings.environments import Environment


def render_banner(environment: Environment) -> str:
    """Return which Wych this is."""
    return f"Wych Kit · {environment.name}: {environment.words or environment.note}"


def render_fields(fields: Iterable[Field]) -> list[str]:
    """Return the questions, a line each, with the example that stands in for no answer."""
    lines = []
    for field in fields:
        help_text = f" ({field.help})" if field.help else ""
        # No secret is printed, not even an example, so that nobody has to tell the two apart.
        example = "has an example" if field.secret else f"such as {field.suggestion}"
        lines.append(f"  {field.label}{help_text}" + (f", {example}" if field.suggestion else ""))
    return ["Fields:", *lines] if lines else []


def render_call(name: str, fields: Sequence[Field]) -> str:
    """Return the code that answers without a form."""
    # `getpass` asks for a secret, so that it is never written into the notebook.
    arguments = "".join(
        f", {field.name}={'getpass()' if field.secret else '…'}" for field in fields
    )
    first = "from getpass import getpass; " if any(field.secret for field in fields) else ""
    return f'{first}kit.step("{name}"{arguments})'


def render_outcome(outcome: Done | Failed, next_step: str) -> list[str]:
    """Return the outcome of a step, a line for each fact and each exchange."""
    # Without times: two runs must read the same, so that a stored notebook does not change.
    summaries = [f"  {render_summary(exchange, timed=False)}" for exchange in outcome.exchanges]
    if isinstance(outcome, Done):
        facts = [
            f"  {fact.label}: {fact.value}" + (f" ({fact.remark})" if fact.remark else "")
            for fact in outcome.facts
        ]
        lines = [f"Done. {outcome.have}", *facts, *render_tables(outcome.tables)]
        return [escape_control_characters(line) for line in (*lines, *summaries, next_step)]
    faults = [f"  {name}: {fault}" for name, fault in outcome.faults.items()]
    if outcome.diagnosis is None:
        return ["Nothing was sent. Correct:", *map(escape_control_characters, faults)]
    # A diagnosis quotes the server, which may send control characters to hide or fake text.
    lines = render_diagnosis(outcome.diagnosis)
    return [escape_control_characters(line) for line in (*lines, *faults, *summaries)]


def render_tables(tables: Iterable[Table]) -> list[str]:
    """Return the tables with aligned columns, an empty line before each and one after all."""
    lines = []
    for table in tables:
        columns = zip(table.columns, *table.rows, strict=True)
        widths = [max(map(len, column)) for column in columns]
        lines += ["", f"  {table.title}"]
        for row in (table.columns, *table.rows):
            cells = (
                cell.rjust(width) if column in table.numbers else cell.ljust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            lines.append(f"  {'  '.join(cells)}".rstrip())
    return [*lines, ""] if lines else []


def render_diagnosis(diagnosis: Diagnosis) -> list[str]:
    """Return what happened, the cause, the next step and the source."""
    rows = (f"  {label}: {message}" for label, message in diagnosis.rows())
    return [f"✗ Failed: {' '.join(diagnosis.evidence)}", *rows]
