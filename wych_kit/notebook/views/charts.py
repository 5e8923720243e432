"""Draws a customer's data as charts, or as tables where no front end draws Vega-Lite."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import altair as alt

from wych_kit.journey.customer_tables import accounts_table, category_tables
from wych_kit.journey.statements import daily_balances, sum_by_category
from wych_kit.notebook.views import text
from wych_kit.notebook.views.usage_errors import without_traceback
from wych_kit.settings import validation

if TYPE_CHECKING:
    from wych_kit.journey.statements import CustomerData
    from wych_kit.journey.step import Table

VEGA = "application/vnd.vegalite.v5+json"
_WIDTH = 620
_GREY, _FAINT = "#7b7b7b", "#80808055"


class Chart:
    """One chart of a customer's data.

    `spec` is its Vega-Lite, for your own tools.
    Amounts are floats in it, for drawing only.
    """

    def __init__(self, name: str, data: CustomerData) -> None:
        """Raise `KeyError` for a name that no chart has."""
        if name not in _CHARTS:
            near = validation.suggest_nearest(name, _CHARTS) or f". Use: {', '.join(_CHARTS)}"
            raise without_traceback(KeyError(f"There is no chart {name}{near}"))
        draw, tabulate = _CHARTS[name]
        self.spec = draw(data)
        self._tables = tabulate(data)

    def __repr__(self) -> str:
        return "\n".join(text.render_tables(self._tables)).strip("\n")

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        # No HTML: JupyterLab would show that instead of the chart.
        return {VEGA: self.spec, "text/plain": repr(self)}


def _draw_balances(data: CustomerData) -> dict[str, Any]:
    rows = [
        {
            "Account": name,
            "Currency": statement.account.currency,
            "Day": day.isoformat(),
            "Balance": float(amount),  # Vega-Lite has no decimals, and a chart no cents
        }
        for name, statement in zip(data.names, data.statements, strict=True)
        for day, amount in daily_balances(statement, data.since, data.until)
    ]
    chart = (
        alt.Chart(
            alt.InlineData(values=rows),
            title=f"Balance at the end of each day, {data.days} days",
            width=_WIDTH,
            height=260,
        )
        # A balance stays as it is until the next movement. A slope would invent values between.
        .mark_line(interpolate="step-after")
        .encode(
            x=alt.X("Day:T", title=None),
            y=alt.Y("Balance:Q", title=", ".join(data.currencies), axis=alt.Axis(format=",.0f")),
            color=alt.Color(
                "Account:N", title=None, legend=alt.Legend(orient="bottom", labelLimit=300)
            ),
            # Some people cannot tell the colours apart.
            strokeDash=alt.StrokeDash("Account:N", title=None),
            tooltip=[
                "Account:N",
                alt.Tooltip("Day:T", format="%-d %b %Y"),
                alt.Tooltip("Balance:Q", format=",.2f"),
                "Currency:N",
            ],
        )
    )
    return _render_for_any_theme(chart)


def _draw_categories(data: CustomerData) -> dict[str, Any]:
    rows = []
    for currency in data.currencies:
        for flow in sum_by_category(data, currency):
            # The sign only says on which side of zero a bar is drawn.
            sides = (("In", flow.incoming, 1), ("Out", flow.outgoing, -1))
            rows += [
                {
                    "Category": flow.category,
                    "Currency": currency,
                    "Way": way,
                    "Amount": float(amount),
                    "Drawn": sign * float(amount),
                }
                for way, amount, sign in sides
                if amount
            ]
    chart = (
        alt.Chart(
            alt.InlineData(values=rows),
            title=f"Money in and out by category, {data.days} days",
            width=_WIDTH - 120,
        )
        .mark_bar()
        .encode(
            x=alt.X(
                "Drawn:Q",
                title=f"out ← {', '.join(data.currencies)} → in",
                axis=alt.Axis(format=",.0f"),
            ),
            y=alt.Y(
                "Category:N",
                title=None,
                sort=alt.EncodingSortField("Amount", op="sum", order="descending"),
            ),
            color=alt.Color(
                "Way:N",
                title=None,
                scale=alt.Scale(domain=["In", "Out"], range=["#1f77b4", "#e07b39"]),
            ),
            tooltip=["Category:N", "Way:N", alt.Tooltip("Amount:Q", format=",.2f"), "Currency:N"],
        )
    )
    return _render_for_any_theme(chart)


def _render_for_any_theme(chart: alt.Chart) -> dict[str, Any]:
    # JupyterLab does not draw a chart again when its theme is switched, so these colours can be
    # read on light and on dark.
    texts = {"labelColor": _GREY, "titleColor": _GREY}
    lines = dict.fromkeys(("gridColor", "domainColor", "tickColor"), _FAINT)
    chart = (
        chart.configure(background="transparent")
        .configure_axis(**texts, **lines)
        .configure_legend(**texts)
        .configure_title(color=_GREY)
        .configure_view(stroke=_FAINT)
    )
    return dict(chart.to_dict())


_Draw = Callable[["CustomerData"], dict[str, Any]]
_Tabulate = Callable[["CustomerData"], "tuple[Table, ...]"]
_CHARTS: dict[str, tuple[_Draw, _Tabulate]] = {
    "balances": (_draw_balances, lambda data: (accounts_table(data),)),
    "categories": (_draw_categories, category_tables),
}
