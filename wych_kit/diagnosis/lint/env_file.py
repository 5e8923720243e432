"""A `.env` file, and what other programs would make of it: Docker, Compose and shells read the same lines in other ways (wire facts D25)."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from wych_kit.diagnosis.lint.remark import Remark
from wych_kit.errors import SettingInvalid
from wych_kit.secret import MASK, Secret
from wych_kit.settings import env_file, loading, validation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LINE = re.compile(r"^\s*(?P<export>export\s+)?(?P<name>[A-Za-z_][\w.-]*)\s*=\s*(?P<value>.*?)\s*$")
_ADDRESSES = tuple(name for name in loading.NAMES if name.endswith("_URL"))
_WHERE = re.compile(r"line (\d+)")


def lint_env(source: Path | str, *, environ: Mapping[str, str] | None = None) -> tuple[Remark, ...]:
    """What is wrong with a `.env` file (a path), or with a text that would be one, by line.

    `environ` is the shell that would be over it: this process's for a path, none for a text. Never raises over what it finds.
    """
    shell = environ if environ is not None else os.environ if isinstance(source, Path) else {}
    text, file = _read(source)
    loaded = loading.load_settings(file=file, environ=shell)
    lines = text.reveal().split("\n") if text else []
    found = [
        *_judged(loaded, lines),
        *_shadowed(loaded, lines),
        *_written(loaded, lines),
        *_file(source, lines),
    ]
    found.sort(key=_number)
    return tuple(dict.fromkeys(found))


def _read(source: Path | str) -> tuple[Secret, env_file.EnvFile]:
    if isinstance(source, str):
        return Secret(source), env_file.parse(Secret(source), Path(".env"))
    with contextlib.suppress(OSError, UnicodeDecodeError):
        text = Secret(source.read_bytes().decode())
        return text, env_file.read(source)
    return Secret(""), env_file.read(source)


def _number(remark: Remark) -> int:
    found = _WHERE.search(remark.where)
    return int(found[1]) if found else 0


def _judged(loaded: loading.Settings, lines: list[str]) -> Iterator[Remark]:
    texts = {value.name: value.text for value in loaded.values}
    for problem in loaded.problems():
        held = texts.get(problem.name)
        reference = str(problem.reference)
        origin = str(getattr(problem, "origin", ""))
        line = _WHERE.search(origin)
        where = line[0] if line else "line 1" if reference == "env-file-bom" else origin or "file"
        instead = _corrected(problem.name, held, reference, str(problem))
        if reference == "env-file-line" and line:
            name = re.match(r"\s*(?:export\s+)?(\w+)", _at(lines, int(line[1])))
            instead = f"{_named(name[1]) if name else 'NAME'}={MASK}"
        if reference == "env-file-bom":
            instead = _shown(_at(lines, 1))
        yield Remark(reference, where, _why(problem, reference), instead)


def _why(problem: loading.Problem, reference: str) -> str:
    """The problem as a sentence, without the place, and without a name that is none of ours: it may be half a secret."""
    if not isinstance(problem, SettingInvalid):
        return f"{problem}."
    subject = (
        "The name"
        if reference == "unknown-setting"
        else "The line"
        if reference == "env-file-line"
        else problem.name
    )
    return f"{subject} {problem.reason.rstrip('.')}."


def _at(lines: list[str], number: int) -> str:
    return lines[number - 1] if 0 < number <= len(lines) else ""


def _shown(line: str) -> str:
    """A line with its value masked. Any line may hold a secret, in a name's place too when it goes on from the line before."""
    found = _LINE.match(line.removeprefix("\ufeff").rstrip("\r"))
    return f"{_named(found['name'])}={MASK}" if found else MASK


def _named(name: str) -> str:
    return name if name in loading.NAMES else "NAME"


def _corrected(name: str, held: str | Secret | None, reference: str, words: str) -> str:
    """The whole line as it should be. An address is repeated when the correction follows from it, everything else is masked."""
    near = re.search(r"did you mean ([\w-]+)\?", words)
    if reference == "unknown-setting":
        return f"{near[1]}={MASK}" if near else ""
    if reference == "setting-invalid" and near:
        return f"{name}={near[1]}"
    if name in _ADDRESSES and isinstance(held, str) and "@" not in held:
        problem = validation.find_problem(name, held)
        if problem and problem.reference == reference and problem.correction:
            return f"{name}={problem.correction}"
        if reference == "not-https" and held.startswith("http://"):
            return f"{name}=https://{held.removeprefix('http://')}"
    return f"{name}={MASK}"


def _shadowed(loaded: loading.Settings, lines: list[str]) -> Iterator[Remark]:
    for value in loaded.values:
        found = _WHERE.search(value.shadowed or "")
        if found and value.differs:
            why = (
                f"{value.name} is set in the shell to another value, which wins: run `unset"
                f" {value.name}`, or change it there."
            )
            yield Remark(
                "shell-shadows-file",
                found[0],
                why,
                _shown(_at(lines, int(found[1]))),
                certain=False,
            )


def _written(loaded: loading.Settings, lines: list[str]) -> Iterator[Remark]:
    """What a line says to other programs, or to a person, and not to this kit."""
    seen: dict[str, int] = {}
    broken = {problem.origin for problem in loaded.file.errors}
    counted = {line.number for line in loaded.file.lines}
    for number, raw in enumerate(lines, 1):
        found = _LINE.match(raw.removeprefix("\ufeff").rstrip("\r"))
        where = f"line {number}"
        if found is None or where in broken or number not in counted:
            continue
        name, value = found["name"], found["value"]
        shown = _named(name)
        right = f"{shown}={MASK}"
        if name in seen:
            why = (
                f"{shown} is on line {seen[name]} too: this kit takes the last, other programs the"
                " first."
            )
            yield Remark("env-file-line", where, why, "", certain=False)
        seen[name] = number
        if not value and name in loading.NAMES:
            yield Remark(
                "setting-missing", where, f"{name} is empty, which counts as not given.", right
            )
        if found["export"]:
            yield Remark(
                "env-file-line",
                where,
                "Docker's --env-file does not know `export`.",
                right,
                certain=False,
            )
        yield from _value(where, shown, value, right)


def _value(where: str, name: str, value: str, right: str) -> Iterator[Remark]:
    bare = value[:1] not in ("'", '"')
    if bare and re.search(r"\s#", value):
        why = (
            "What follows a space and # is a comment and cut off; put single quotes round a value"
            " that has it."
        )
        yield Remark("env-file-line", where, why, f"{name}='{MASK}'", certain=False)
    if value[:1] != "'" and re.search(r"\$[{\w]", value) and not _is_placeholder(value):
        why = "Compose and shells fill in what follows a $; single quotes keep it as it is."
        yield Remark("env-file-line", where, why, f"{name}='{MASK}'", certain=False)
    if not bare and re.fullmatch(r"(['\"])[\w./:@%+,=-]*\1", value):
        why = "Docker's --env-file keeps quotes as part of the value; this value needs none."
        yield Remark("quotes-kept", where, why, right, certain=False)


def _is_placeholder(value: str) -> bool:
    return bool(re.fullmatch(r"\$\{?\w+\}?", value.strip("\"'")))


def _file(source: Path | str, lines: list[str]) -> Iterator[Remark]:
    ends = [number for number, line in enumerate(lines, 1) if line.endswith("\r")]
    if ends:
        why = (
            "Lines end in CR and LF, and shells and Docker take the CR for a part of the value:"
            " save with LF alone."
        )
        yield Remark(
            "env-file-crlf", f"line {ends[0]}", why, _shown(_at(lines, ends[0])), certain=False
        )
    if (
        isinstance(source, Path)
        and os.name == "posix"
        and source.is_file()
        and source.stat().st_mode & 0o077
    ):
        why = "Others on this machine can read the file, and the secrets in it."
        yield Remark("env-file-committable", "file", why, f"chmod 600 {source.name}", certain=False)
