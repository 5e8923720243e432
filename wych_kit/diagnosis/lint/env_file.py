"""Lint a `.env` file: what the kit rejects, and what other programs read differently.

Docker, Compose and shells do not agree on the format (wire facts D25).
"""

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

# Wider than python-dotenv's own grammar: it must also match lines that other programs accept.
_LINE = re.compile(r"^\s*(?P<export>export\s+)?(?P<name>[A-Za-z_][\w.-]*)\s*=\s*(?P<value>.*?)\s*$")
_ADDRESSES = tuple(name for name in loading.NAMES if name.endswith("_URL"))
_WHERE = re.compile(r"line (\d+)")


def lint_env(source: Path | str, *, environ: Mapping[str, str] | None = None) -> tuple[Remark, ...]:
    """Return the remarks on a `.env` file (a path), or on its text, in the order of its lines.

    `environ` is the shell above it: this process's for a path, empty for a text. Raises nothing
    for what it finds.
    """
    shell = environ if environ is not None else os.environ if isinstance(source, Path) else {}
    text, file = _read(source)
    loaded = loading.load_settings(file=file, environ=shell)
    lines = text.reveal().split("\n") if text else []
    found = [
        *_check_settings(loaded, lines),
        *_check_shell(loaded, lines),
        *_check_portability(loaded, lines),
        *_check_file(source, lines),
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


def _check_settings(loaded: loading.Settings, lines: list[str]) -> Iterator[Remark]:
    texts = {value.name: value.text for value in loaded.values}
    for problem in loaded.problems():
        value = texts.get(problem.name)
        reference = str(problem.reference)
        origin = str(getattr(problem, "origin", ""))
        line = _WHERE.search(origin)
        where = line[0] if line else "line 1" if reference == "env-file-bom" else origin or "file"
        instead = _correct_line(problem.name, value, reference, str(problem))
        if reference == "env-file-line" and line:
            name = re.match(r"\s*(?:export\s+)?(\w+)", _at(lines, int(line[1])))
            instead = f"{_known_name(name[1]) if name else 'NAME'}={MASK}"
        if reference == "env-file-bom":
            instead = _mask_line(_at(lines, 1))
        yield Remark(reference, where, _why(problem, reference), instead)


def _why(problem: loading.Problem, reference: str) -> str:
    """Return the problem as a sentence, without its place or an unknown name: that may be half a secret."""
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


def _mask_line(line: str) -> str:
    """Return a line with its value masked.

    Any line may be a secret: one that continues from the line before stands where a name would be.
    """
    found = _LINE.match(line.removeprefix("\ufeff").rstrip("\r"))
    return f"{_known_name(found['name'])}={MASK}" if found else MASK


def _known_name(name: str) -> str:
    return name if name in loading.NAMES else "NAME"


def _correct_line(name: str, value: str | Secret | None, reference: str, message: str) -> str:
    """Return the whole corrected line. A URL is shown if it follows from the rule; all else is masked."""
    near = re.search(r"did you mean ([\w-]+)\?", message)
    if reference == "unknown-setting":
        return f"{near[1]}={MASK}" if near else ""
    if reference == "setting-invalid" and near:
        return f"{name}={near[1]}"
    if name in _ADDRESSES and isinstance(value, str) and "@" not in value:
        problem = validation.find_problem(name, value)
        if problem and problem.reference == reference and problem.correction:
            return f"{name}={problem.correction}"
        if reference == "not-https" and value.startswith("http://"):
            return f"{name}=https://{value.removeprefix('http://')}"
    return f"{name}={MASK}"


def _check_shell(loaded: loading.Settings, lines: list[str]) -> Iterator[Remark]:
    for value in loaded.values:
        found = _WHERE.search(value.shadowed or "")
        if found and value.differs:
            why = (
                f"The shell sets {value.name} to a different value, and the shell takes precedence. Run"
                f" `unset {value.name}`, or change it there."
            )
            yield Remark(
                "shell-shadows-file",
                found[0],
                why,
                _mask_line(_at(lines, int(found[1]))),
                certain=False,
            )


def _check_portability(loaded: loading.Settings, lines: list[str]) -> Iterator[Remark]:
    """Yield remarks on what other programs, or people, read differently from this kit."""
    seen: dict[str, int] = {}
    broken = {problem.origin for problem in loaded.file.errors}
    counted = {line.number for line in loaded.file.lines}
    for number, raw in enumerate(lines, 1):
        found = _LINE.match(raw.removeprefix("\ufeff").rstrip("\r"))
        where = f"line {number}"
        if found is None or where in broken or number not in counted:
            continue
        name, value = found["name"], found["value"]
        shown = _known_name(name)
        right = f"{shown}={MASK}"
        if name in seen:
            why = (
                f"{shown} is on line {seen[name]} too. This kit uses the last one, other programs the"
                " first."
            )
            yield Remark("env-file-line", where, why, "", certain=False)
        seen[name] = number
        if not value and name in loading.NAMES:
            yield Remark(
                "setting-missing", where, f"{name} is empty, which means that it is not set.", right
            )
        if found["export"]:
            yield Remark(
                "env-file-line",
                where,
                "Docker's --env-file does not support `export`.",
                right,
                certain=False,
            )
        yield from _check_value(where, shown, value, right)


def _check_value(where: str, name: str, value: str, right: str) -> Iterator[Remark]:
    bare = value[:1] not in ("'", '"')
    if bare and re.search(r"\s#", value):
        why = (
            "A space and # start a comment, so the rest is cut off. Put single quotes around the"
            " value."
        )
        yield Remark("env-file-line", where, why, f"{name}='{MASK}'", certain=False)
    if value[:1] != "'" and re.search(r"\$[{\w]", value) and not _is_placeholder(value):
        why = "Compose and shells replace $NAME with a variable. Single quotes prevent that."
        yield Remark("env-file-line", where, why, f"{name}='{MASK}'", certain=False)
    if not bare and re.fullmatch(r"(['\"])[\w./:@%+,=-]*\1", value):
        why = "Docker's --env-file treats quotes as part of the value. This value needs none."
        yield Remark("quotes-kept", where, why, right, certain=False)


def _is_placeholder(value: str) -> bool:
    return bool(re.fullmatch(r"\$\{?\w+\}?", value.strip("\"'")))


def _check_file(source: Path | str, lines: list[str]) -> Iterator[Remark]:
    ends = [number for number, line in enumerate(lines, 1) if line.endswith("\r")]
    if ends:
        why = (
            "The lines end in CR and LF. Shells and Docker treat the CR as part of the value. Save the"
            " file with LF only."
        )
        yield Remark(
            "env-file-crlf", f"line {ends[0]}", why, _mask_line(_at(lines, ends[0])), certain=False
        )
    if (
        isinstance(source, Path)
        and os.name == "posix"
        and source.is_file()
        and source.stat().st_mode & 0o077
    ):
        why = "Other users of this machine can read the file and its secrets."
        yield Remark("env-file-committable", "file", why, f"chmod 600 {source.name}", certain=False)
