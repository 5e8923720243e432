"""`wych-kit journal`: what went over the wire in the last commands, as a list, whole, or to be sent again from elsewhere."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING

from wych_kit import __version__
from wych_kit.client.journal.export import render_curl, render_har, render_json_lines, render_python
from wych_kit.client.journal.history import History, is_sent_with
from wych_kit.client.journal.transcript import describe_outcome
from wych_kit.settings import locations
from wych_kit.settings.loading import NAMES
from wych_kit.terminal.screen import Screen
from wych_kit.terminal.walkthrough import DONE, USAGE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wych_kit.client.journal.recorder import Exchange
    from wych_kit.settings.loading import Settings


def journal(
    settings: Settings,
    *,
    number: int | None = None,
    form: str = "list",
    everything: bool = False,
    plain: bool = False,
) -> int:
    """What went over the wire in the last commands, newest last; one exchange by its number, counted from the end.

    That is what these settings may have sent, or with `everything` also what others did.
    """
    found = History(settings.home).read()
    kept = (
        found
        if everything
        else [exchange for exchange in found if is_sent_with(settings, exchange)]
    )
    if len(kept) < len(found):
        words = (
            "Not shown, as they went to other hosts or for another partner:"
            f" {len(found) - len(kept)}. --all shows them."
        )
        Screen(plain=plain, file=sys.stderr).say(words)
    if not found:
        Screen(plain=plain, file=sys.stderr).say(
            "Nothing yet: `wych-kit start` or `wych-kit call GET users` make exchanges."
        )
    if not kept:
        return DONE
    if number is not None and not 1 <= number <= len(kept):
        Screen(plain=plain, file=sys.stderr).say(
            f"There are {len(kept)} exchanges, numbered 1 (the newest) to {len(kept)}."
        )
        return USAGE
    chosen = kept if number is None else [kept[-number]]
    if form == "har":
        print(json.dumps(render_har(chosen, __version__), indent=2, ensure_ascii=False))  # noqa: T201 - this is the output
    elif form == "jsonl":
        print(render_json_lines(chosen), end="")  # noqa: T201 - this is the output
    elif form in ("curl", "python"):
        rendered = "\n\n".join(map(render_curl if form == "curl" else render_python, chosen))
        print(rendered)  # noqa: T201 - this is the output
        told = (
            variables(rendered, chosen, settings) if sys.stderr.isatty() else ()
        )  # somebody looks, wherever the output goes
        Screen(plain=plain, file=sys.stderr).whole(*told)
    elif number is not None:
        Screen(plain=plain).exchange(chosen[0], whole=True)
    else:
        rows = [
            (
                str(len(kept) - place),
                exchange.started,
                f"{exchange.method} {exchange.url}",
                describe_outcome(exchange),
            )
            for place, exchange in enumerate(kept)
        ]
        Screen(plain=plain).table(("number", "when", "request", "answer"), rows)
    return DONE


def variables(rendered: str, chosen: Sequence[Exchange], settings: Settings) -> Iterator[str]:
    """Where each secret comes from that is a variable in a request, in a line each. None is for a shell: it would win over `.env` there."""
    path = settings.file.path
    profile = path.name.removeprefix(".env").removeprefix(".") if path else ""
    for name in dict.fromkeys(re.findall(r"\bWYCH_[A-Z_]+", rendered)):
        if name in NAMES:
            yield f"{name}: in {path or 'your settings'}"
        elif name == "WYCH_ACCESS_TOKEN" and not all(each.whose for each in chosen):
            yield f"{name}: what `{locations.typed('token --raw', profile)}` prints"
        elif name == "WYCH_ACCESS_TOKEN":
            yield f"{name}: the customer's own token, which is kept in memory only"
