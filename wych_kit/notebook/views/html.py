"""What the forms say, as HTML. Everything that is not written here is escaped, control characters included."""

from __future__ import annotations

from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from wych_kit.client.journal.transcript import (
    escape_control_characters,
    render_request,
    render_response,
    render_summary,
)
from wych_kit.journey.step import Done
from wych_kit.secret import MASK

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from wych_kit.client.journal.recorder import Exchange
    from wych_kit.diagnosis.diagnose import Diagnosis
    from wych_kit.journey.step import Fact, Failed, Field, Table
    from wych_kit.settings.environments import Environment


_LEFT = (  # notebooks align tables to the right, and the style sheet does not travel with an output
    'style="text-align:left"'
)
GONE = "The kernel of this form has ended: run the cell again (Shift+Enter)."
_LONG = 'style="text-align:left;overflow-wrap:anywhere"'


def text(words: str) -> str:
    """Any text as HTML."""
    return escape(escape_control_characters(words))


def style() -> str:
    """The style sheet of the forms, in JupyterLab's own colours."""
    rules = files("wych_kit.notebook.views").joinpath("style.css").read_text("utf-8")
    return f'<style>.wych-page {{ --wych-gone: "{GONE}"; }}\n{rules}</style>'


def gone() -> str:
    """What stands after a form, unseen: in a notebook that is opened once its kernel has ended, JupyterLab says that it finds no model."""
    child, own = (
        ".jp-OutputArea-child",
        "> .jp-OutputArea-output > .wych-gone",
    )  # not one further in: forms may stand in other widgets
    lost = f"{child}:has(+ {child} {own}) > .jp-OutputArea-output.jupyter-widgets:not(:has(*))"
    rules = f"{child}:has({own}) {{ display: none; }}", f"{lost} {{ font-size: 0; }}"
    return (
        f'<style class="wych-gone">{" ".join(rules)} {lost}::after {{ content: "{GONE}"; font-size:'
        " 13px; }</style>"
    )


def banner(environment: Environment) -> str:
    """Which Wych this is, in words and in its colour."""
    return (
        f'<div class="wych-banner"><b>{text(environment.name)}</b>'
        f" {text(environment.words or environment.note)}</div>"
    )


def steps(titles: Sequence[tuple[str, str]]) -> str:
    """Where one stands: (title, state) of each step; the state is "done", "now" or "later"."""
    signs = {"done": "✓", "now": "●", "later": "○"}
    current = {"now": ' aria-current="step"'}
    items = (
        f'<li class="wych-{state}"{current.get(state, "")}><span'
        f' aria-hidden="true">{signs[state]}</span> {text(title)}<span class="wych-unseen">'
        f" ({state})</span></li>"
        for title, state in titles
    )
    return f'<ol class="wych-road">{"".join(items)}</ol>'


def heading(number: int, total: int, title: str, why: str, link: str = "") -> str:
    """The head of a step, and an address to open meanwhile."""
    head = f"<small>Step {number} of {total}</small><h3>{text(title)}</h3><p>{text(why)}</p>"
    return f'<div class="wych-head">{head}{_opening(link)}</div>'


def _opening(link: str) -> str:
    if not link.lower().startswith(("http://", "https://")):
        return ""
    return (
        f'<p class="wych-link">Open <a href="{text(link)}" target="_blank" rel="noopener'
        f' noreferrer">{text(link)}</a></p>'
    )


def help_text(field: Field) -> str:
    """What is said beside a field while nothing is wrong with it."""
    return f'<span class="wych-help">{text(field.help)}</span>'


def fault(field: Field, words: str) -> str:
    """What is wrong with a field, announced to screen readers."""
    named = (  # seen, the label stands right above
        f'<span class="wych-unseen">{text(field.label)}: </span>'
    )
    return f'<span class="wych-fault" role="alert">✗ {named}{text(words)}</span>'


def fields(asked: Iterable[Field]) -> str:
    """The questions as a table, for where no form can be drawn."""
    rows = (
        (
            each.label,
            MASK if each.secret else each.suggestion and f"such as {each.suggestion}",
            each.help,
        )
        for each in asked
    )
    return table(rows)


def table(rows: Iterable[tuple[str, str, str]]) -> str:
    """Rows of label, value and remark."""
    body = "".join(
        f'<tr><th scope="row" {_LEFT}>{text(label)}</th>{_cells(value, remark)}</tr>'
        for label, value, remark in rows
    )
    return f'<table class="wych-facts">{body}</table>'


def _cells(value: str, remark: str) -> str:
    """A value without a remark has the room of both, so that an id stays in one line; an address breaks after a slash."""
    shown, said = (text(words).replace("/", "/<wbr>") for words in (value, remark))
    if not said:
        return f'<td {_LONG} colspan="2">{shown}</td>'
    return f'<td {_LEFT}>{shown}</td><td {_LONG} class="wych-remark">{said}</td>'


def facts(rows: Iterable[Fact]) -> str:
    """A table of facts."""
    return table((fact.label, fact.value, fact.remark) for fact in rows)


def titled(found: Table) -> str:
    """A table under its title, with a head; numbers stand to the right."""
    sides = [
        f'style="text-align:{"right" if place in found.numbers else "left"}"'
        for place in range(len(found.columns))
    ]
    head = "".join(
        f'<th scope="col" {side}>{text(name)}</th>'
        for name, side in zip(found.columns, sides, strict=True)
    )
    rows = (
        "".join(f"<td {side}>{text(cell)}</td>" for cell, side in zip(row, sides, strict=True))
        for row in found.rows
    )
    body = "".join(f"<tr>{cells}</tr>" for cells in rows)
    table = (
        "<caption"
        f" {_LEFT}>{text(found.title)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    )
    return f'<div class="wych-scroll"><table class="wych-table">{table}</table></div>'


def exchanges(made: Sequence[Exchange], *, timed: bool = True) -> str:
    """What went over the wire, folded: each exchange as sent and as answered. Redacted when it was captured."""
    if not made:
        return ""
    parts = "".join(
        f"<details><summary>{text(render_summary(each, timed=timed))}</summary><p>as"
        f" sent</p><pre>{_lines(render_request(each))}</pre><p>as"
        f" answered</p><pre>{_lines(render_response(each, timed=timed))}</pre></details>"
        for each in made
    )
    count = "the exchange" if len(made) == 1 else f"the {len(made)} exchanges"
    return (
        f'<details class="wych-wire"><summary>See {count} as sent and as'
        f" answered</summary>{parts}</details>"
    )


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(text(line).replace("/", "/<wbr>") for line in lines)


def done(outcome: Done, after: str, *, timed: bool = True) -> str:
    """What came of a step that came through; `after` is what comes next, in words."""
    return (
        '<div class="wych-done"><p role="status"><b>✓ Done.</b>'
        f" {text(outcome.have)}</p>{facts(outcome.facts)}"
        f"{''.join(map(titled, outcome.tables))}{exchanges(outcome.exchanges, timed=timed)}{paragraph(after, 'wych-next')}</div>"
    )


def failed(outcome: Failed, asked: Sequence[Field], *, timed: bool = True) -> str:
    """What went wrong, how we know, and what to do."""
    found = outcome.diagnosis
    if found is None:
        return paragraph("✗ Not sent: see the marked fields.", "wych-failed", alert=True)
    names = {each.name for each in asked}
    also = [("Also", words, name) for name, words in outcome.faults.items() if name not in names]
    return (
        "<div"
        f' class="wych-failed">{diagnosis(found, also)}{exchanges(outcome.exchanges, timed=timed)}</div>'
    )


def diagnosis(found: Diagnosis, also: Iterable[tuple[str, str, str]] = ()) -> str:
    """What went wrong, how we know, and what to do, as rows of a table; `also` has more of them."""
    rows = [
        ("Seen", " ".join(found.evidence), ""),
        ("Cause", found.qualified_cause, ""),
        ("Do", found.action, ""),
        ("Basis", found.provenance, ""),
    ]
    return f'<p role="alert"><b>✗ Not done</b> ({text(found.stage)})</p>{table([*rows, *also])}'


def outcome(found: Done | Failed, asked: Sequence[Field], after: str, *, timed: bool = True) -> str:
    """What came of a step, either way."""
    return (
        done(found, after, timed=timed)
        if isinstance(found, Done)
        else failed(found, asked, timed=timed)
    )


def without_a_form(call: str) -> str:
    """For where no form shows: the code that does the same."""
    how = "Where none appears, answer in code; what has an example may be left out:"
    return (
        f"<p><b>Run this cell (click it, then Shift+Enter) and the form appears here.</b> {how}"
        f" <code>{text(call)}</code></p>"
    )


def progress(title: str, stages: Sequence[str]) -> str:
    """Something is on the way: a bar that moves, and the stages by name, the last being the one waited for."""
    named = " ".join(f"<span>✓ {text(stage)}</span>" for stage in stages[:-1])
    now = f"<b>{text(stages[-1])} …</b>" if stages else "<b>starting …</b>"
    return (
        f'<div class="wych-progress" role="status"><progress aria-label="{text(title)}"></progress>'
        f" {named} {now}</div>"
    )


def countdown(seconds: float, lifetime: float) -> str:
    """How long the token still lives."""
    left = max(0, round(seconds))
    if not left:
        return '<p class="wych-clock">The token has expired; the next call asks for a new one.</p>'
    words = f"{left // 60} min {left % 60:02d} s" if left >= 60 else f"{left} s"  # noqa: PLR2004 - a minute
    return (
        f'<p class="wych-clock"><meter min="0" max="{lifetime:.0f}" value="{left}"'
        f' aria-hidden="true"></meter> The token lives for another <b>{words}</b></p>'
    )


def paragraph(words: str, kind: str = "", *, alert: bool = False) -> str:
    """A paragraph, or nothing when there are no words."""
    role = ' role="alert"' if alert else ""
    return f'<p class="{kind}"{role}>{text(words)}</p>' if words else ""
