"""Draws what the forms show as HTML, escaped by type.

Every function returns `Html`. A value put into one with `.format` is
escaped unless it is `Html` itself, so no caller has to remember to escape.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

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

KERNEL_GONE = "The kernel of this form has ended. Run the cell again (Shift+Enter)."


class Html(Markup):
    """HTML. What is formatted into it or joined to it is escaped, control characters included."""

    @classmethod
    def escape(cls, s: Any, /) -> Html:
        """Return the text as HTML; `Html` as it is."""
        # A server's control characters could hide text, and half a surrogate pair cannot be sent.
        return cls(super().escape(s if hasattr(s, "__html__") else escape_control_characters(s)))


_EMPTY = Html()
# Notebooks align tables to the right, and the style sheet does not travel with a stored output.
_LEFT = Html('style="text-align:left"')
_LEFT_LONG = Html('style="text-align:left;overflow-wrap:anywhere"')
_RIGHT = Html('style="text-align:right"')


def render_style() -> Html:
    """Return the style sheet of the forms, in JupyterLab's own colours."""
    rules = files("wych_kit.notebook.views").joinpath("style.css").read_text("utf-8")
    gone = f'.wych-page {{ --wych-gone: "{KERNEL_GONE}"; }}'
    return Html(f"<style>{gone}\n{rules}</style>")


def render_kernel_gone() -> Html:
    """Return a style that tells, in a notebook opened without its kernel, to run the cell again.

    It stands after a form, unseen. JupyterLab
    would only say that it found no model.
    """
    child = ".jp-OutputArea-child"
    # A direct child only: a form may stand in other widgets, whose outputs are none of ours.
    own = "> .jp-OutputArea-output > .wych-gone"
    lost = f"{child}:has(+ {child} {own}) > .jp-OutputArea-output.jupyter-widgets:not(:has(*))"
    rules = (
        f"{child}:has({own}) {{ display: none; }}",
        f"{lost} {{ font-size: 0; }}",
        f'{lost}::after {{ content: "{KERNEL_GONE}"; font-size: 13px; }}',
    )
    return Html(f'<style class="wych-gone">{" ".join(rules)}</style>')


def render_banner(environment: Environment) -> Html:
    """Return which Wych this is, in words and in its colour."""
    template = Html('<div class="wych-banner"><b>{}</b> {}</div>')
    return template.format(environment.name, environment.words or environment.note)


def render_step_list(steps: Sequence[tuple[str, str]]) -> Html:
    """Return the list of (title, state) of each step; the state is "done", "now" or "later"."""
    signs = {"done": "✓", "now": "●", "later": "○"}
    current = Html(' aria-current="step"')
    # The sign alone says nothing to a screen reader: the state follows as unseen text.
    item = Html(
        '<li class="wych-{state}"{current}><span aria-hidden="true">{sign}</span> {title}'
        '<span class="wych-unseen"> ({state})</span></li>'
    )
    items = (
        item.format(
            state=state, current=current if state == "now" else "", sign=signs[state], title=title
        )
        for title, state in steps
    )
    return Html('<ol class="wych-road">{}</ol>').format(_EMPTY.join(items))


def render_heading(number: int, total: int, *, title: str, why: str, link: str = "") -> Html:
    """Return the head of a step, with the address to open meanwhile, if there is one."""
    opening = Html(
        '<p class="wych-link">Open <a href="{0}" target="_blank" rel="noopener noreferrer">{0}</a>'
        "</p>"
    )
    # Settings are typed by people: a `javascript:` address must not become a link.
    is_web = link.lower().startswith(("http://", "https://"))
    return Html(
        '<div class="wych-head"><small>Step {} of {}</small><h3>{}</h3><p>{}</p>{}</div>'
    ).format(number, total, title, why, opening.format(link) if is_web else "")


def render_help(field: Field) -> Html:
    """Return the help beside a valid field."""
    return Html('<span class="wych-help">{}</span>').format(capitalise(field.help))


def capitalise(text: str) -> str:
    """Return the text with a capital letter first, for a line of its own."""
    # Not str.capitalize, which would write "NZBN" as "Nzbn".
    return text[:1].upper() + text[1:]


def render_fault(field: Field, fault: str) -> Html:
    """Return the fault of a field. Screen readers announce it, with the label that others see."""
    return Html(
        '<span class="wych-fault" role="alert">✗ <span class="wych-unseen">{}: </span>{}</span>'
    ).format(field.label, fault)


def render_fields(fields: Iterable[Field]) -> Html:
    """Return the questions as a table, for where no form can be drawn."""
    return render_table(
        (
            field.label,
            MASK if field.secret else field.suggestion and f"such as {field.suggestion}",
            capitalise(field.help),
        )
        for field in fields
    )


def render_table(rows: Iterable[tuple[str, str, str]]) -> Html:
    """Return a table of label, value and remark."""
    row = Html('<tr><th scope="row" {}>{}</th>{}</tr>')
    body = _EMPTY.join(
        row.format(_LEFT, label, _render_cells(value, remark)) for label, value, remark in rows
    )
    return Html('<table class="wych-facts">{}</table>').format(body)


def _render_cells(value: str, remark: str) -> Html:
    # Without a remark the value takes both columns, so that an id stays in one line.
    if not remark:
        return Html('<td {} colspan="2">{}</td>').format(_LEFT_LONG, _break_at_slashes(value))
    return Html('<td {}>{}</td><td {} class="wych-remark">{}</td>').format(
        _LEFT, _break_at_slashes(value), _LEFT_LONG, _break_at_slashes(remark)
    )


def _break_at_slashes(text: str) -> Html:
    """Return the text with a place to break the line after each slash, for long URLs."""
    # `<wbr>` is not copied with the text, unlike a space or a zero-width character.
    return Html("/<wbr>").join(text.split("/"))


def render_facts(facts: Iterable[Fact]) -> Html:
    """Return a table of facts."""
    return render_table((fact.label, fact.value, fact.remark) for fact in facts)


def render_titled_table(table: Table) -> Html:
    """Return a table under its title, with column heads. Numbers are aligned to the right."""
    sides = [_RIGHT if column in table.numbers else _LEFT for column in range(len(table.columns))]
    th, td, tr = Html('<th scope="col" {}>{}</th>'), Html("<td {}>{}</td>"), Html("<tr>{}</tr>")
    head = _EMPTY.join(map(th.format, sides, table.columns))
    body = _EMPTY.join(tr.format(_EMPTY.join(map(td.format, sides, row))) for row in table.rows)
    return Html(
        '<div class="wych-scroll"><table class="wych-table"><caption {}>{}</caption>'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>"
    ).format(_LEFT, table.title, head, body)


def render_exchanges(exchanges: Sequence[Exchange], *, timed: bool = True) -> Html:
    """Return each exchange as sent and as received, folded.

    Nothing is redacted here: that was done when the exchange was recorded.
    """
    if not exchanges:
        return _EMPTY
    # Each is folded for itself too: a page of JSON would push the next exchange out of sight.
    part = Html(
        "<details><summary>{}</summary><p>Request, as sent</p><pre>{}</pre>"
        "<p>Response, as received</p><pre>{}</pre></details>"
    )
    line_end = Html("\n")
    parts = (
        part.format(
            render_summary(exchange, timed=timed),
            line_end.join(map(_break_at_slashes, render_request(exchange))),
            line_end.join(map(_break_at_slashes, render_response(exchange, timed=timed))),
        )
        for exchange in exchanges
    )
    count = len(exchanges)
    return Html('<details class="wych-wire"><summary>{}</summary>{}</details>').format(
        "Show the request and its response"
        if count == 1
        else f"Show the {count} requests and their responses",
        _EMPTY.join(parts),
    )


def render_done(outcome: Done, next_step: str, *, timed: bool = True) -> Html:
    """Return the outcome of a step that succeeded, and a sentence on what comes next."""
    return Html(
        '<div class="wych-done"><p role="status"><b>✓ Done.</b> {}</p>{}{}{}{}</div>'
    ).format(
        outcome.have,
        render_facts(outcome.facts),
        _EMPTY.join(map(render_titled_table, outcome.tables)),
        render_exchanges(outcome.exchanges, timed=timed),
        render_paragraph(next_step, "wych-next"),
    )


def render_failure(outcome: Failed, fields: Sequence[Field], *, timed: bool = True) -> Html:
    """Return what happened, the cause and the next step. Faults of `fields` are left out."""
    if outcome.diagnosis is None:
        count = len(outcome.faults)
        marked = "the marked field" if count == 1 else f"the {count} marked fields"
        return render_paragraph(f"✗ Nothing was sent. Correct {marked}.", "wych-failed", alert=True)
    # These stand beside their fields already.
    names = {field.name for field in fields}
    rows = [("Also", fault, name) for name, fault in outcome.faults.items() if name not in names]
    return Html('<div class="wych-failed">{}{}</div>').format(
        render_diagnosis(outcome.diagnosis, rows), render_exchanges(outcome.exchanges, timed=timed)
    )


def render_diagnosis(diagnosis: Diagnosis, rows: Iterable[tuple[str, str, str]] = ()) -> Html:
    """Return what happened, then a table of the cause, the next step and `rows`."""
    cause, action, (_, source) = diagnosis.rows()
    # Folded: it matters to whoever doubts the cause, and would distract everybody else.
    basis = Html(
        '<details class="wych-wire"><summary>How the kit knows this</summary><p>{}</p></details>'
    )
    return Html('<p role="alert"><b>✗ Failed:</b> {}</p>{}{}').format(
        " ".join(diagnosis.evidence),
        render_table([(*cause, ""), (*action, ""), *rows]),
        basis.format(source),
    )


def render_outcome(
    outcome: Done | Failed, fields: Sequence[Field], next_step: str, *, timed: bool = True
) -> Html:
    """Return the outcome of a step, either way."""
    if isinstance(outcome, Done):
        return render_done(outcome, next_step, timed=timed)
    return render_failure(outcome, fields, timed=timed)


def render_call(call: str, *, has_fields: bool) -> Html:
    """Return how to get the form, and the code that does the same without one."""
    alternative = (
        "answer in code. You can leave out what has an example:" if has_fields else "run this code:"
    )
    return Html(
        "<p><b>Run this cell (click it, then press Shift+Enter) and the form appears here.</b>"
        " If no form appears, {} <code>{}</code></p>"
    ).format(alternative, call)


def render_progress(title: str, stages: Sequence[str]) -> Html:
    """Return a moving bar and the stages by name; the last is the one being waited for."""
    finished = Html(" ").join(Html("<span>✓ {}</span>").format(stage) for stage in stages[:-1])
    return Html(
        '<div class="wych-progress" role="status"><progress aria-label="{}"></progress>'
        " {} <b>{} …</b></div>"
    ).format(title, finished, stages[-1] if stages else "starting")


def render_countdown(seconds: float, lifetime: float) -> Html:
    """Return the time that the token has left, as a meter and in words."""
    # Rounded, not cut: a token that was issued this moment would otherwise begin at 14:59.
    left = max(0, round(seconds))
    if not left:
        return Html(
            '<p class="wych-clock">The token has expired. The next call gets a new one.</p>'
        )
    minutes, rest = divmod(left, 60)
    return Html(
        '<p class="wych-clock"><meter min="0" max="{:.0f}" value="{}" aria-hidden="true"></meter>'
        " The token expires in <b>{}</b></p>"
    ).format(lifetime, left, f"{minutes} min {rest:02d} s" if minutes else f"{rest} s")


def render_paragraph(text: str, css_class: str = "", *, alert: bool = False) -> Html:
    """Return a paragraph, or nothing for an empty text."""
    if not text:
        return _EMPTY
    role = Html(' role="alert"') if alert else ""
    return Html('<p class="{}"{}>{}</p>').format(css_class, role, text)
