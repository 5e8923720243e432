"""Render the small pages that the listener shows. They load nothing from anywhere."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wych_kit.callback.parsing import CallbackParameters

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:12vh auto;"
    "padding:0 1.5rem;background:#fff;color:#1b2530}"
    "h1{font-size:1.5rem}dt{font-weight:600}"
    "dd{margin:0 0 .6rem;overflow-wrap:anywhere;font-family:ui-monospace,monospace}"
    "@media(prefers-color-scheme:dark){body{background:#12181f;color:#e6edf3}}"
)
_TITLES = {"ACTIVE": "Connected", "PENDING": "Not finished yet", "REJECTED": "Not connected"}
_EXPLANATIONS = {
    "ACTIVE": "The redirect reports that you gave consent. Wych Kit now asks Wych to confirm it.",
    "PENDING": "The consent is not complete. No data is available until it is.",
    "REJECTED": "The customer or the bank rejected the consent. No data is shared.",
}
_UNKNOWN_STATE = "Wych's documentation does not name this state. Continue in Wych Kit."
# A value can be as long as a URL; the page shows enough of it to recognise it.
_MAX_VALUE_CHARACTERS = 200


def render_return_page(parameters: CallbackParameters) -> str:
    """Return the page for a redirect: its parameters, and that this tab can be closed."""
    values = {
        "connection": parameters.connection,
        "state": parameters.state,
        "user": parameters.user or "not sent (it is optional)",
    }
    # Anybody can write the URL, so each value is escaped before it becomes part of a page.
    rows = "".join(
        f"<dt>{name}</dt><dd>{escape(value[:_MAX_VALUE_CHARACTERS])}</dd>"
        for name, value in values.items()
    )
    return _render_page(
        _TITLES.get(parameters.state, "You are back"),
        f"<p>{_EXPLANATIONS.get(parameters.state, _UNKNOWN_STATE)}</p>"
        f"<p>You can close this tab.</p><dl>{rows}</dl>",
    )


def render_refusal_page(title: str, explanation: str) -> str:
    """Return the page for a request that is not the expected redirect."""
    return _render_page(title, f"<p>{escape(explanation)}</p>")


def _render_page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)} · Wych Kit</title>"
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}</style></head>"
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
