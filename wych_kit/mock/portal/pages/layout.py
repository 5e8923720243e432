"""How the pages are drawn: jinja2 templates, always escaped, with headers that let a page do nothing but show itself and send its forms."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

_DRAWN = Environment(
    loader=PackageLoader("wych_kit.mock.portal.pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
STYLE = (files("wych_kit.mock.portal.pages") / "style.css").read_bytes()
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "x-wych-mock-basis": "invented",
}
_POLICY = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action"
    " 'self'"
)


class Refused(Exception):
    """A page says no: `status` is HTTP's, `title` and `text` what is wrong and what to do, `onward` where to go from there."""

    def __init__(
        self, status: int, title: str, text: str, onward: str = "", label: str = ""
    ) -> None:
        super().__init__(text)
        self.status = status
        self.title = title
        self.text = text
        self.onward = onward
        self.label = label


def page(template: str, status: int = 200, *, leads_to: str = "", **values: Any) -> Response:
    """A page; `leads_to` is the origin its forms may end at, besides this one: browsers check where a form's answer redirects to."""
    html = _DRAWN.get_template(template).render(values)
    policy = f"{_POLICY} {leads_to}" if leads_to else _POLICY
    return HTMLResponse(html, status, {**HEADERS, "content-security-policy": policy})


def refusal(refused: Refused, world: str) -> Response:
    """The page of a refusal."""
    return page(
        "refused.html",
        refused.status,
        world=world,
        title=refused.title,
        refused=refused,
        account="",
        errors={},
    )


def onward(path: str) -> Response:
    """See other: what was sent is done, and loading the page again sends nothing."""
    return RedirectResponse(path, 303, {**HEADERS, "content-security-policy": _POLICY})


def style() -> Response:
    """The stylesheet."""
    return Response(
        STYLE,
        headers={
            **HEADERS,
            "cache-control": "max-age=60",
            "content-type": "text/css; charset=utf-8",
        },
    )
