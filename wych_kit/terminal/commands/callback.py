"""`wych-kit callback`: what it prints, and its exit status."""

from __future__ import annotations

import contextlib
import json
import sys
from typing import TYPE_CHECKING, Any

from wych_kit.callback import read
from wych_kit.callback.rehearsal.cases import SCENES
from wych_kit.callback.rehearsal.runner import SECONDS, refuse, rehearse
from wych_kit.callback.rules import MEANINGS
from wych_kit.errors import SettingInvalid, Unreachable
from wych_kit.terminal.screen import Screen, Waiting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wych_kit.callback.rehearsal.browser import Answer
    from wych_kit.callback.rehearsal.cases import Scene
    from wych_kit.callback.rehearsal.runner import Played

_DONE, _WRONG, _USAGE, _UNREACHABLE = 0, 1, 2, 3
_MOST = 64 * 1024 + 1  # characters of standard input: one more than an address may have
_WIDE = 32  # characters of a redirect's target that a line has room for
_SIGNS = {"ok": "✓", "look": "?", "wrong": "✗"}
_COLOURS = {"ok": "green", "look": "yellow", "wrong": "bold red"}
_UNSEEN = (
    "Not seen from outside: whether it asks the API before it believes ACTIVE. It must: anybody can"
    " call this address."
)
_CONFIRM = (
    "Nothing in an address proves who made it: ask the API for the connection's state before you"
    " trust it."
)


def play(
    to: str,
    only: Sequence[str] = (),
    *,
    connection: str | None = None,
    user: str | None = None,
    seconds: float = SECONDS,
    as_json: bool = False,
    plain: bool = False,
) -> int:
    """Play the scenes, or only those named, and say what came of each. 0, or 1 when one was answered wrongly, 3 when nobody is there.

    Raises `SettingInvalid` for an address or a name that cannot be.
    """
    refuse(to)
    scenes = _chosen(only)
    screen = Screen(plain=plain)
    aloud = Screen(plain=plain, file=sys.stderr) if as_json else screen
    requests = sum(len(scene.visits) for scene in {SCENES[0], *scenes})
    aloud.say(
        f"{'1 request goes' if requests == 1 else f'{requests} requests go'} to {to}, none with a"
        " secret."
    )
    played: list[Played] = []
    try:
        with contextlib.nullcontext(Waiting()) if as_json else screen.waiting("Playing") as waiting:
            for number, each in enumerate(
                rehearse(to, scenes, connection=connection, user=user, seconds=seconds), 1
            ):
                waiting.now(f"{number} of {len(scenes)} done")
                played.append(each)
                if not as_json:
                    _show(screen, each)
    except Unreachable as error:
        if as_json:
            _print({"ok": False, "reason": error.observed})
        else:
            Screen(plain=plain, file=sys.stderr).say(
                f"Nobody is there: {error.observed}. Start your handler, or correct --to."
            )
        return _UNREACHABLE
    wrong = any(each.verdict.judgement == "wrong" for each in played)
    if as_json:
        _print(
            {
                "ok": not wrong,
                "to": to,
                "returns": [each.as_dict() for each in played],
                "unseen": _UNSEEN,
            }
        )
    else:
        _sum_up(screen, played)
    return _WRONG if wrong else _DONE


def scenes(only: Sequence[str] = (), *, as_json: bool = False, plain: bool = False) -> int:
    """What would be played: name, basis, and what a good handler does. Sends nothing."""
    chosen = _chosen(only)
    if as_json:
        rows = [
            {
                "name": scene.name,
                "basis": scene.basis,
                "visits": [visit._asdict() for visit in scene.visits],
                "good": f"A good handler {scene.good}",
            }
            for scene in chosen
        ]
        _print({"returns": rows})
        return _DONE
    screen = Screen(plain=plain)
    screen.table(
        ("return", "basis", "a good handler"),
        [(scene.name, scene.basis, scene.good) for scene in chosen],
    )
    return _DONE


def explain(
    address: str, callback_url: str | None, *, as_json: bool = False, plain: bool = False
) -> int:
    """What one address says; `-` is standard input. Raises `SettingInvalid` for what is no return, with what is missing in it."""
    came = read(sys.stdin.read(_MOST) if address == "-" else address, callback_url)
    meaning = MEANINGS.get(came.state, "")
    if as_json:
        facts = {
            "connection": came.connection,
            "state": came.state,
            "user": came.user,
            "documented": came.is_known,
        }
        _print(
            {"ok": True, **facts, "meaning": meaning or None, "notes": came.notes, "do": _CONFIRM}
        )
        return _DONE
    screen = Screen(plain=plain)
    rows = (
        ("connection", came.connection),
        ("state", f"{came.state}: {meaning}" if meaning else came.state),
        ("user", came.user or "not sent, which is fine: treat it as optional"),
    )
    screen.table((), rows)
    for note in came.notes:
        screen.say(f"{'' if screen.plain else '? '}{note}", "yellow")
    screen.say(_CONFIRM)
    return _DONE


def _chosen(only: Sequence[str]) -> tuple[Scene, ...]:
    known = [scene.name for scene in SCENES]
    for name in only:
        if name not in known:
            raise SettingInvalid(
                "--only", f"names {name!r}, which is no return: --list shows them", stage="call"
            )
    return tuple(scene for scene in SCENES if not only or scene.name in only)


def _show(screen: Screen, each: Played) -> None:
    judgement, seen = each.verdict
    head = f"{judgement:<5} {each.scene.name:<22} {_came(each.answers)}"
    screen.say(head if screen.plain else f"{_SIGNS[judgement]} {head}", _COLOURS[judgement])
    lines = [seen] if seen else []
    if judgement != "ok":
        lines.append(f"A good handler {each.scene.good} ({each.scene.basis})")
    if screen.plain:
        for words in lines:
            screen.say(f"  {words}")
    elif lines:
        screen.table((), [("    ", words) for words in lines])


def _came(answers: Sequence[Answer]) -> str:
    """Fit for a line: the last answer whole, of those before it what came first, and the time of all."""
    *earlier, last = answers
    before = "".join(f"{_brief(answer).split(' → ')[0]}, then " for answer in earlier)
    return f"{before}{_brief(last)}, {1000 * sum(answer.seconds for answer in answers):.0f} ms"


def _brief(answer: Answer) -> str:
    """The status, with where the browser is sent or what it is shown."""
    if answer.status is None:
        return "no answer"
    if answer.method == "HEAD":
        return f"HEAD {answer.status}"
    sent = answer.location if len(answer.location) <= _WIDE else f"{answer.location[: _WIDE - 1]}…"
    return f"{answer.status}{f' → {sent}' if sent else f' {answer.kind}' if answer.kind else ''}"


def _sum_up(screen: Screen, played: Sequence[Played]) -> None:
    counts = [(sum(each.verdict.judgement == name for each in played), name) for name in _SIGNS]
    returns = f"{len(played)} {'return' if len(played) == 1 else 'returns'}"
    screen.say()
    screen.say(
        f"{returns}: {', '.join(f'{count} {name}' for count, name in counts if count)}.", "bold"
    )
    screen.say(_UNSEEN)


def _print(facts: dict[str, Any]) -> None:
    print(json.dumps(facts, indent=2, ensure_ascii=False))  # noqa: T201 - this is the output
