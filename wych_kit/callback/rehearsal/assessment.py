"""What a handler's answers to a scene say about it, as far as that shows from outside."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import urljoin, urlsplit

from wych_kit.callback.rehearsal.cases import ELSEWHERE, SCRIPT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wych_kit.callback.rehearsal.browser import Answer
    from wych_kit.callback.rehearsal.cases import Scene

Judgement = Literal["ok", "look", "wrong"]
_REFUSED = 400
_BROKEN = 500
_UNTAUGHT = ("HEAD", 501)  # an honest answer of small servers, which no customer sees
_BARRED = (401, 403)
_SLOWED = 429
_PAGES = (
    "",
    "text/html",
    "application/xhtml+xml",
    "image/svg+xml",
    "text/xml",
    "application/xml",
)  # run a script; "" is guessed at
_TRACE = re.compile(
    r"Traceback \(most recent call last\)|(?m:^\s+at \S.*[:(]\S+:\d+(:\d+)?\)?\s*$)"
)
_CHANGING = re.compile(
    r"[\w+/=-]{16,}|\d+"
)  # ids, tokens of forms and times differ from page to page
_UNSEEN = "right only if the API was asked, which does not show from outside"


class Verdict(NamedTuple):
    """`ok`, `look` (right or not, a person must say) or `wrong`, and what was `seen` in a sentence; for `ok` it may be empty."""

    judgement: Judgement
    seen: str = ""


def judge(
    scene: Scene, answers: Sequence[Answer], active: Answer | None, *, exists: bool
) -> Verdict:
    """The verdict on a scene. `active` is the answer to the first scene, `exists` whether its connection is one that Wych knows."""
    for answer in answers:
        if seen := next(_defects(answer), ""):
            return Verdict("wrong", seen)
    last = answers[-1]
    if any(_TRACE.search(answer.body) for answer in answers):
        return Verdict("look", "The page shows a stack trace: anybody can read it.")
    taken = active is not None and _is_taken(active)
    if scene.due in ("taken", "alike") and not _is_taken(last):
        return _refusal(scene, last, taken=taken, exists=exists)
    told = scene.due == "apart" or scene.name.startswith(("pending", "rejected"))
    if told and scene.due != "alike" and taken and active and _is_same(last, active):
        if scene.name == "unknown-connection" and not exists:
            return Verdict(
                "ok", "Made up, as the one of ACTIVE is: --connection ID makes it a test."
            )
        why = (
            f": {_UNSEEN}"
            if "connection=" in scene.visits[-1].query
            else ", though no connection is named"
        )
        return Verdict("look", f"Answered just as ACTIVE is{why}.")
    return Verdict("ok")


def is_reflected(answer: Answer) -> bool:
    """Whether the script text came back as it was sent, in something that a browser runs."""
    return SCRIPT in answer.body and answer.kind in _PAGES


def _defects(answer: Answer) -> Iterator[str]:
    if answer.status is None:
        yield f"No answer: {answer.failure}."
    elif answer.status >= _BROKEN and (answer.method, answer.status) != _UNTAUGHT:
        yield f"A server error, {answer.status}: the customer sees a broken page."
    if is_reflected(answer):
        yield "The script text came back unescaped: whoever makes a link runs code on your page."
    if answer.injected:
        yield "A line break in a value became a header of the answer."
    if answer.location and _leads_astray(answer.location):
        yield (
            "The address decides where the browser is sent: whoever makes a link sends your"
            " customers anywhere."
        )


def _refusal(scene: Scene, last: Answer, *, taken: bool, exists: bool) -> Verdict:
    """What to think of a refusal where none was due."""
    if last.status in _BARRED:
        return Verdict(
            "look",
            f"Refused with {last.status}: does it want a session? The rehearsal brings none.",
        )
    if last.status == _SLOWED:
        return Verdict("look", "It asks to slow down: try this one alone, with --only.")
    if taken and scene.name == "active-without-user":
        return Verdict(
            "wrong", f"Refused with {last.status}, though the same with a user is taken."
        )
    if taken and scene.due == "taken":
        return Verdict(
            "look", f"Refused with {last.status}: a customer who did nothing wrong sees an error."
        )
    if taken:
        return Verdict(
            "look", f"Refused with {last.status}, though this return is taken when it comes alone."
        )
    if exists:
        return Verdict(
            "wrong" if scene.due == "taken" else "look",
            f"Refused with {last.status}, though the connection exists.",
        )
    why = (
        f"Refused with {last.status}: right if the API was asked about this made-up connection."
        " Name a real one: --connection ID"
    )
    return Verdict(
        "look", f"{why}, and see that --to is right." if last.status in (404, 405) else f"{why}."
    )


def _is_taken(answer: Answer) -> bool:
    return answer.status is not None and answer.status < _REFUSED


def _is_same(one: Answer, other: Answer) -> bool:
    """Whether a customer would see no difference."""
    return all(
        (
            mine == theirs
            if isinstance(mine, int | None)
            else _CHANGING.sub("", mine) == _CHANGING.sub("", str(theirs))
        )
        for mine, theirs in (
            (one.status, other.status),
            (one.location, other.location),
            (one.body, other.body),
        )
    )


def _leads_astray(location: str) -> bool:
    try:
        parts = urlsplit(urljoin("https://own.invalid/", location.replace("\\", "/")))
    except ValueError:
        return True
    return parts.hostname == ELSEWHERE or parts.scheme not in ("http", "https")
