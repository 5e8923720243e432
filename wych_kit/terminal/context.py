"""What the single commands do, after the command line is read and before the process ends. Each gives its exit status."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
import shutil
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from wych_kit.client import claims
from wych_kit.client.api import WychClient
from wych_kit.client.journal.history import History
from wych_kit.diagnosis.connectivity import climb
from wych_kit.diagnosis.connectivity.report import SIGNS, SOUND
from wych_kit.diagnosis.diagnose import diagnose
from wych_kit.errors import SettingInvalid, SettingMissing
from wych_kit.journey.step import Fact, Failed
from wych_kit.secret import Secret
from wych_kit.settings import locations
from wych_kit.settings.locations import env_below, env_path
from wych_kit.settings.url_validation import without_password
from wych_kit.terminal.screen import Screen, Waiting
from wych_kit.terminal.walkthrough import DONE, REFUSED, USAGE, status_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Set as AbstractSet

    import httpx

    from wych_kit.errors import WychError
    from wych_kit.settings.loading import Settings, Value


@contextlib.contextmanager
def _connected(settings: Settings) -> Iterator[WychClient]:
    """A client whose exchanges go into the history, whatever happens."""
    client = WychClient(settings)
    try:
        with client:
            yield client
    finally:
        History(settings.home).add(client.journal.exchanges)


def explain(
    error: WychError,
    settings: Settings | None = None,
    *,
    plain: bool = False,
    as_json: bool = False,
) -> int:
    """Say on standard error, or in a JSON document on standard output, what is wrong; the exit status that it deserves."""
    found = diagnose(error, settings)
    unread = (
        isinstance(error, SettingMissing) and settings is not None and settings.file.path is None
    )
    if unread and (below := env_below()):
        found = dataclasses.replace(
            found, action=f"There is no {env_path()}, but {below}. To use that: cd {below.parent}"
        )
    if as_json:
        print(  # noqa: T201 - this is the output
            json.dumps(
                {"ok": False, "diagnosis": dataclasses.asdict(found)}, indent=2, ensure_ascii=False
            )
        )
    else:
        Screen(plain=plain, file=sys.stderr).wrong(found)
    return status_of(Failed(None, error))


def call(
    settings: Settings,
    method: str,
    path: str,
    *,
    content: dict[str, Any],
    verbose: bool = False,
    plain: bool = False,
) -> int:
    """Any call. The body goes to standard output, formatted for a person and for a pipe as it came, but that JSON ends in a line break.

    What is odd about the request is said on standard error before it goes. It is sent all the same, unless its credentials would
    go to a host they are not for.
    """
    _refuse_dots(path)
    with _connected(settings) as client:
        hooks = client.http.event_hooks
        hooks["request"].append(lambda request: _remark_on(request, settings, plain=plain))
        client.http.event_hooks = hooks
        response = client.request(method.upper(), path, **content)
        if verbose:
            for exchange in client.journal.exchanges:
                Screen(plain=plain, file=sys.stderr).exchange(exchange, whole=True)
        _print_body(response, plain=plain)
        if response.is_success:
            return DONE
        from wych_kit.client.api_errors import refusal_error

        explain(refusal_error(response), settings, plain=plain)
        return REFUSED


def _refuse_dots(path: str) -> None:
    """On the way, every URL library takes dots for steps up, and the call would be another one than the one that was written."""
    if any(part in (".", "..") for part in re.split(r"[/\\]", unquote(path))):
        raise SettingInvalid(
            "path",
            "has a dot for a folder in it: write the whole path instead",
            stage="call",
            reference="wrong-path",
        )


def _remark_on(request: httpx.Request, settings: Settings, *, plain: bool) -> None:
    from wych_kit.diagnosis.lint import lint_request

    for remark in lint_request(request, settings):
        if remark.certain and remark.reference == "wrong-host":
            raise SettingInvalid("address", remark.why, stage="call", reference="wrong-host")
        Screen(plain=plain, file=sys.stderr).say(str(remark), "yellow")


def lint(
    settings: Settings, paths: Sequence[str], *, as_json: bool = False, plain: bool = False
) -> int:
    """Remarks on files, on standard input (`-`), or on the `.env` in force. 0 when there are none, 1 with some.

    Raises `SettingInvalid` for what cannot be read, or is of no kind that is known here.
    """
    from wych_kit.diagnosis.lint.reading import lint_path

    nothing = settings.values[0].origin.startswith("default") and settings.file.path is None
    against = (
        None if nothing else settings
    )  # the default environment is nobody's choice: nothing is judged by it
    if not paths and settings.file.path is None and settings.file.errors:
        raise settings.file.errors[0]
    default = str(settings.file.path or locations.env_path())
    found = {path: lint_path(path, against) for path in paths or [default]}
    rows = [(path, remark) for path, remarks in found.items() for remark in remarks]
    if as_json:
        print(  # noqa: T201 - this is the output
            json.dumps(
                [{"file": path, **dataclasses.asdict(remark)} for path, remark in rows],
                indent=2,
                ensure_ascii=False,
            )
        )
        return REFUSED if rows else DONE
    screen = Screen(plain=plain)
    for path, remark in rows:
        screen.say(
            f"{'' if path == '-' else f'{path}, '}{remark.where}"
            f" {'is' if remark.certain else 'may be'} wrong: {remark.reference}"
        )
        screen.say(f"  {remark.why}")
        screen.say(f"  Write: {remark.instead}" if remark.instead else "  Take it away.")
    if not rows:
        screen.say("Nothing to remark.")
    return REFUSED if rows else DONE


def _print_body(response: httpx.Response, *, plain: bool) -> None:
    if sys.stdout.isatty():
        with contextlib.suppress(ValueError):
            response.json()
            Screen(plain=plain).json(response.text)
            return
        Screen(plain=plain).say(
            response.text
        )  # spells control characters out, which a terminal would obey
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(response.content)
    with contextlib.suppress(
        ValueError, RecursionError
    ):  # anything but JSON may be a file, and stays as it is
        response.json()
        if not response.content.endswith(b"\n"):
            sys.stdout.buffer.write(b"\n")  # the same JSON, and a line to tools that read lines
    sys.stdout.buffer.flush()


def check(settings: Settings, *, as_json: bool = False, plain: bool = False) -> int:
    """Every rung from the host's name to the data, then what is wrong with the broken one; the report's exit status."""
    screen = Screen(plain=plain)
    with contextlib.nullcontext(Waiting()) if as_json else screen.waiting("Checking") as waiting:
        report = climb(settings, say=waiting.now)
    History(settings.home).add(report.exchanges)
    if as_json:
        print(json.dumps(report.as_dict(), indent=2, ensure_ascii=False))  # noqa: T201 - this is the output
        return report.status
    screen.banner(settings.environment)
    screen.table(
        (),
        [
            (
                f"{'' if screen.plain else f'{SIGNS[rung.state]} '}{rung.state}",
                f"{number} {rung.title}",
                rung.observed,
            )
            for number, rung in enumerate(report.rungs, 1)
        ],
    )
    if report.diagnosis is None:
        screen.say(f"{'' if screen.plain else '✓ '}{SOUND}", "green")
    else:
        screen.wrong(report.diagnosis)
    return report.status


def token(settings: Settings, *, raw: bool = False, plain: bool = False) -> int:
    """The token in force, explained: how long it is good for, each claim, the signature. Shown itself only with `raw`."""
    with _connected(settings) as client:
        held = client.token()
        if raw:
            print(held.value.reveal())  # noqa: T201 - asked for in as many words
            return DONE
        provider = client.discover()
        signature = claims.verify(
            held.value, claims.fetch_keys(client.http, provider.jwks_uri), provider.issuer
        )
    screen = Screen(plain=plain)
    sign = {True: "good", False: "not good", None: "unknown"}[signature.verified]
    kept = "memory only" if settings.token_cache == "memory" else "a file only you can read"
    screen.facts(
        [
            Fact(
                "Access token",
                str(held.value),
                f"fingerprint {held.value.fingerprint()}; --raw prints it",
            ),
            Fact("Seconds left", f"{held.seconds_left:.0f}", f"of {held.lifetime:.0f}"),
            Fact("Signature", sign, signature.words),
            Fact("Kept in", kept, "wych-kit forget removes it"),
        ]
    )
    inside = claims.read_claims(held.value)
    if inside is None:
        screen.say(
            "The token is opaque: there is nothing in it to read, and nothing wrong with that."
        )
        return DONE
    screen.say()
    screen.table(
        ("claim", "value", "meaning"),
        [(claim.name, claim.value, claim.meaning) for claim in inside[1]],
    )
    return DONE if signature.verified is not False else REFUSED


def env(settings: Settings, *, as_json: bool = False, plain: bool = False) -> int:
    """Every setting, where it comes from, and what is odd about it. 2 when something is wrong."""
    problems = settings.problems()
    hidden = settings.hidden()
    if as_json:
        rows = [
            {
                "name": each.name,
                "value": _shown(each, hidden),
                "origin": each.origin,
                "note": _note(each),
            }
            for each in settings.values
        ]
        print(  # noqa: T201 - this is the output
            json.dumps(
                {"settings": rows, "problems": [str(problem) for problem in problems]},
                indent=2,
                ensure_ascii=False,
            )
        )
        return USAGE if problems else DONE
    screen = Screen(plain=plain)
    screen.banner(settings.environment)
    screen.table(
        ("setting", "value", "from", "note"),
        [(each.name, _shown(each, hidden), each.origin, _note(each)) for each in settings.values],
    )
    for problem in problems:
        screen.say(f"{'' if screen.plain else '✗ '}{problem}", "yellow")
    return USAGE if problems else DONE


def _shown(value: Value, hidden: AbstractSet[str]) -> str:
    if value.text is None:
        return "-"
    if value.name in hidden:
        secret = Secret(value.text)
        return f"{secret} {secret.fingerprint()}"
    return without_password(str(value.text))


def _note(value: Value) -> str:
    notes = []
    if value.shadowed:
        notes.append(f"wins over {value.shadowed}" + (", which differs" if value.differs else ""))
    if isinstance(value.text, Secret):
        notes.extend(value.text.looks_odd())
    return "; ".join(notes)


def forget(settings: Settings, *, everything: bool = False, plain: bool = False) -> int:
    """Remove the shared token; with `everything` also all tokens and the journal. Settings and the mock's memory stay."""
    removed = []
    if everything:
        folder = locations.tokens(settings.home)
        if folder.exists():
            shutil.rmtree(folder, ignore_errors=True)
            removed.append("all tokens")
        if History(settings.home).clear():
            removed.append("the journal")
    elif WychClient(settings).auth.forget():
        removed.append("the token")
    Screen(plain=plain).say(
        f"Removed: {' and '.join(removed)}." if removed else "There was nothing to remove."
    )
    return DONE
