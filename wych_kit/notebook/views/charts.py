"""A customer's data as charts: drawn by JupyterLab from Vega-Lite, and as a table wherever nothing draws it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from wych_kit.journey.customer_tables import accounts_table, category_tables
from wych_kit.journey.statements import daily_balances, sum_by_category
from wych_kit.notebook.views import text
from wych_kit.notebook.views.usage_errors import slip
from wych_kit.settings import validation

if TYPE_CHECKING:
    from collections.abc import Callable

    from wych_kit.journey.statements import CustomerData
    from wych_kit.journey.step import Table

VEGA = "application/vnd.vegalite.v5+json"
_WIDTH = 620
_GREY, _FAINT = "#7b7b7b", "#80808055"


class Chart:
    """One chart of a customer's data. `spec` is its Vega-Lite, for your own tools; amounts become floats in it, for drawing only."""

    def __init__(self, name: str, data: CustomerData) -> None:
        drawn = _DRAWN.get(name)
        if drawn is None:
            raise slip(
                KeyError(
                    "there is no chart"
                    f" {name}{validation.suggest_nearest(name, _DRAWN) or '; there are ' + ', '.join(_DRAWN)}"
                )
            )
        draw, tabled = drawn
        self.spec = draw(data)
        self._tables = tabled(data)

    def __repr__(self) -> str:
        return "\n".join(text.tables(self._tables)).strip("\n")

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {
            VEGA: self.spec,
            "text/plain": repr(self),
        }  # no HTML: JupyterLab would show that, not the chart


def _balances(data: CustomerData) -> dict[str, Any]:
    rows = [
        {
            "Account": name,
            "Currency": found.account.currency,
            "Day": day.isoformat(),
            "Balance": float(amount),
        }
        for name, found in zip(data.names, data.statements, strict=True)
        for day, amount in daily_balances(found, data.since, data.until)
    ]
    chart = (
        alt.Chart(
            alt.InlineData(values=rows),
            title=f"Balance at the end of each day, {data.days} days",
            width=_WIDTH,
            height=260,
        )
        .mark_line(interpolate="step-after")
        .encode(
            x=alt.X("Day:T", title=None),
            y=alt.Y("Balance:Q", title=", ".join(data.currencies), axis=alt.Axis(format=",.0f")),
            color=alt.Color(
                "Account:N", title=None, legend=alt.Legend(orient="bottom", labelLimit=300)
            ),
            strokeDash=alt.StrokeDash("Account:N", title=None),
            tooltip=[
                "Account:N",
                alt.Tooltip("Day:T", format="%-d %b %Y"),
                alt.Tooltip("Balance:Q", format=",.2f"),
                "Currency:N",
            ],
        )
    )
    return _in_any_theme(chart)


def _categories(data: CustomerData) -> dict[str, Any]:
    rows = []
    for currency in data.currencies:
        for flow in sum_by_category(data, currency):
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
    return _in_any_theme(chart)


def _in_any_theme(chart: alt.Chart) -> dict[str, Any]:
    """The chart in colours that can be read on light and on dark: JupyterLab does not draw it anew when its theme is switched."""
    words = {"labelColor": _GREY, "titleColor": _GREY}
    lines = dict.fromkeys(("gridColor", "domainColor", "tickColor"), _FAINT)
    chart = (
        chart.configure(background="transparent")
        .configure_axis(**words, **lines)
        .configure_legend(**words)
    )
    return dict(chart.configure_title(color=_GREY).configure_view(stroke=_FAINT).to_dict())


_DRAWN: dict[
    str,
    tuple[Callable[[CustomerData], dict[str, Any]], Callable[[CustomerData], tuple[Table, ...]]],
] = {
    "balances": (_balances, lambda data: (accounts_table(data),)),
    "categories": (_categories, category_tables),
}
