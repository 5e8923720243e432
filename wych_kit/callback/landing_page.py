"""What a browser is shown when it comes back: small pages that need nothing from anywhere."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wych_kit.callback.parsing import Return

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:12vh auto;padding:0"
    " 1.5rem;background:#fff;color:#1b2530}"
    "h1{font-size:1.5rem}dt{font-weight:600}dd{margin:0 0"
    " .6rem;overflow-wrap:anywhere;font-family:ui-monospace,monospace}"
    "@media(prefers-color-scheme:dark){body{background:#12181f;color:#e6edf3}}"
)
_TITLES = {"ACTIVE": "Connected", "PENDING": "Not finished yet", "REJECTED": "Not connected"}
_WORDS = {
    "ACTIVE": "The address says that consent was given. Wych Kit asks Wych whether that is so.",
    "PENDING": "The consent is not given yet. There is no data before it is.",
    "REJECTED": "The customer or the bank said no. Nothing is shared.",
}


def came_back(came: Return) -> str:
    """The page for a return: what came, and that this tab can be closed."""
    words = _WORDS.get(
        came.state,
        "This state is none that is documented. Wych Kit goes on with it in the other window.",
    )
    rows = {
        "connection": came.connection,
        "state": came.state,
        "user": came.user or "not sent, which is fine",
    }
    listed = "".join(
        f"<dt>{name}</dt><dd>{escape(value[:200])}</dd>" for name, value in rows.items()
    )
    return _page(
        _TITLES.get(came.state, "You are back"),
        f"<p>{words}</p><p>You can close this tab.</p><dl>{listed}</dl>",
    )


def refused(title: str, words: str) -> str:
    """The page for what is not taken: why, in a sentence."""
    return _page(title, f"<p>{escape(words)}</p>")


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)} · Wych'
        " Kit</title>"
        '<meta name="viewport"'
        f' content="width=device-width,initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
