"""Draw the pages with jinja2, always escaped.

Their headers forbid all that a page does not need.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

_DRAWN = Environment(
    loader=PackageLoader("wych_kit.mock.portal.pages"),
    autoescape=True,
    # A misspelt name in a template fails in a test instead of showing nothing.
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
STYLE = (files("wych_kit.mock.portal.pages") / "style.css").read_bytes()
HEADERS = {
    "x-content-type-options": "nosniff",
    # A link with a one-time token must not reach the next site in a Referer header.
    "referrer-policy": "no-referrer",
    # Pages show secrets once; the browser's back button must not show them again.
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
    """A page refuses a request.

    `status` is HTTP's, `title` and `text` say what is wrong and what to do, `onward` where to go.
    """

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
    """Return a page. `leads_to` is the origin at which its forms may end besides this one.

    Browsers check where the answer to a form redirects to, so a consent must name the callback's
    origin.
    """
    html = _DRAWN.get_template(template).render(values)
    policy = f"{_POLICY} {leads_to}" if leads_to else _POLICY
    return HTMLResponse(html, status, {**HEADERS, "content-security-policy": policy})


def refusal(refused: Refused, world: str) -> Response:
    """Return the page of a refusal."""
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
    """Return a 303: loading the page again then sends the form no second time."""
    return RedirectResponse(path, 303, {**HEADERS, "content-security-policy": _POLICY})


def style() -> Response:
    """Return the stylesheet."""
    return Response(
        STYLE,
        headers={
            **HEADERS,
            # The one answer without anything private.
            "cache-control": "max-age=60",
            "content-type": "text/css; charset=utf-8",
        },
    )
