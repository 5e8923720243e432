"""`wych-kit journal`: what went over the wire in the last commands, as a list, whole, or to be sent again from elsewhere."""

from __future__ import annotations

import json
import shlex
import sys
from typing import TYPE_CHECKING

from wych_kit import __version__, places
from wych_kit.client.rendering import as_curl, as_har, as_json_lines, as_python
from wych_kit.history import History, sent_with
from wych_kit.screen import Screen
from wych_kit.terminal import DONE, USAGE
from wych_kit.transcript import outcome

if TYPE_CHECKING:
    from wych_kit.settings import Settings


def journal(
    settings: Settings, *, number: int | None = None, form: str = "list", everything: bool = False, plain: bool = False
) -> int:
    """What went over the wire in the last commands, newest last; one exchange by its number, counted from the end.

    That is what these settings may have sent, or with `everything` also what others did.
    """
    found = History(settings.home).exchanges()
    kept = found if everything else [exchange for exchange in found if sent_with(settings, exchange)]
    if len(kept) < len(found):
        words = f"Not shown, as they went to other hosts or for another partner: {len(found) - len(kept)}. --all shows them."
        Screen(plain=plain, file=sys.stderr).say(words)
    if not found:
        Screen(plain=plain, file=sys.stderr).say("Nothing yet: `wych-kit start` or `wych-kit call GET users` make exchanges.")
    if not kept:
        return DONE
    if number is not None and not 1 <= number <= len(kept):
        Screen(plain=plain, file=sys.stderr).say(f"There are {len(kept)} exchanges, numbered 1 (the newest) to {len(kept)}.")
        return USAGE
    chosen = kept if number is None else [kept[-number]]
    if form == "har":
        print(json.dumps(as_har(chosen, __version__), indent=2, ensure_ascii=False))  # noqa: T201 - this is the output
    elif form == "jsonl":
        print(as_json_lines(chosen), end="")  # noqa: T201 - this is the output
    elif form in ("curl", "python"):
        render = as_curl if form == "curl" else as_python
        rendered = "\n\n".join(render(exchange) for exchange in chosen)
        print(rendered)  # noqa: T201 - this is the output
        if sys.stderr.isatty():  # somebody looks, wherever the output goes
            tell_variables(rendered, settings, Screen(plain=plain, file=sys.stderr))
    elif number is not None:
        Screen(plain=plain).exchange(chosen[0], whole=True)
    else:
        rows = [
            (str(len(kept) - place), exchange.started, f"{exchange.method} {exchange.url}", outcome(exchange))
            for place, exchange in enumerate(kept)
        ]
        Screen(plain=plain).table(("number", "when", "request", "answer"), rows)
    return DONE


def tell_variables(rendered: str, settings: Settings, screen: Screen) -> None:
    """Say where the secrets come from that are variables in a request."""
    path = settings.file.path
    if path and any(name in rendered for name in ("WYCH_API_KEY", "WYCH_CLIENT_SECRET")):
        screen.say(f"Its variables: set -a; . {shlex.quote(str(path))}; set +a")
    if "WYCH_ACCESS_TOKEN" in rendered:
        profile = path.name.removeprefix(".env").removeprefix(".") if path else ""
        screen.say(f"The token: export WYCH_ACCESS_TOKEN=$({places.typed('token --raw', profile)})")
