"""Split a command line into words as a shell does; a variable becomes a mark such as `‹NAME›`.

Nothing is looked up or run. `shlex` does not know `$'…'`, continuations or Windows' cmd, and no
kept pure-Python parser does (bashlex stopped in 2023).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_VARIABLE = re.compile(r"\$\{(\w+)[^}]*\}|\$(\w+)|\$\([^)]*\)|`[^`]*`")
# A $NAME inside single quotes that stands alone, as in a header: surely meant as a variable.
_LITERAL = re.compile(r"(?<![^\s=:/\"&])\$\{?[A-Z][A-Z0-9_]{2,}\}?(?![^\s/\"&,])")
_ANSI = {
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "v": "\v",
    "e": "\x1b",
    "0": "\0",
}
_SEPARATORS = "\n;|&<>"


@dataclass
class Command:
    """One command: its words, and the variables that single quotes keep from being replaced."""

    words: list[str] = field(default_factory=list)
    literal: list[str] = field(default_factory=list)


def split_commands(text: str) -> list[Command]:
    """Return the commands in a text. Raises `ValueError` for a quote that is never closed."""
    reader = _Reader(_join_lines(text))
    reader.read()
    return [command for command in reader.commands if command.words]


def _join_lines(text: str) -> str:
    """Join continued lines and translate cmd.exe's ^ escapes and %NAME% into POSIX form."""
    text = text.replace("\r\n", "\n")
    if re.search(r'\^[ \t]*\n|\^"', text):
        text = re.sub(r"\^[ \t]*\n\s*", " ", text)
        text = re.sub(r"\^(.)", r"\1", text)
        return re.sub(r"%([A-Z][A-Z0-9_]+)%", r"$\1", text)
    return re.sub(r"\\[ \t]*\n", " ", text)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.commands = [Command()]
        self.word: list[str] | None = None

    def read(self) -> None:
        """Read the whole text, one construct after the other."""
        while self.at < len(self.text):
            mark = self.text[self.at]
            if mark in _SEPARATORS:
                self._end_word()
                self.commands.append(Command())
                self.at += 1
            elif mark.isspace():
                self._end_word()
                self.at += 1
            elif mark == "#" and self.word is None:
                self.at = (self.text.find("\n", self.at) + 1 or len(self.text) + 1) - 1
            else:
                self._piece(mark)
        self._end_word()

    def _piece(self, mark: str) -> None:
        if mark == "'":
            end = self._closing("'", self.at + 1)
            self._add_literal(self.text[self.at + 1 : end])
            self.at = end + 1
        elif self.text.startswith("$'", self.at):
            self._ansi()
        elif mark == '"':
            self._double()
        elif mark == "\\":
            self._add(self.text[self.at + 1 : self.at + 2])
            self.at += 2
        else:
            self._variable_or(mark)

    def _double(self) -> None:
        self._add("")
        self.at += 1
        while (mark := self._here()) != '"':
            if mark == "\\" and self.text[self.at + 1 : self.at + 2] in ('"', "\\", "$", "`"):
                self._add(self.text[self.at + 1])
                self.at += 2
            else:
                self._variable_or(mark)
        self.at += 1

    def _ansi(self) -> None:
        self._add("")
        self.at += 2
        while (mark := self._here()) != "'":
            escape = re.compile(r"\\(x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|.)", re.DOTALL).match(
                self.text, self.at
            )
            if escape is None:
                self._add(mark)
                self.at += 1
            else:
                code = escape[1]
                self._add(chr(int(code[1:], 16)) if len(code) > 1 else _ANSI.get(code, code))
                self.at = escape.end()
        self.at += 1

    def _variable_or(self, mark: str) -> None:
        variable = _VARIABLE.match(self.text, self.at)
        if variable is None:
            self._add(mark)
            self.at += 1
        else:
            name = re.sub("[^A-Z_]", "_", (variable[1] or variable[2] or "command").upper())
            self._add(f"‹{name}›")
            self.at = variable.end()

    def _here(self) -> str:
        if self.at >= len(self.text):
            raise ValueError("a quotation mark is never closed")
        return self.text[self.at]

    def _closing(self, mark: str, at: int) -> int:
        end = self.text.find(mark, at)
        if end < 0:
            raise ValueError("a quotation mark is never closed")
        return end

    def _add(self, piece: str) -> None:
        self.word = self.word or []
        self.word.append(piece)

    def _add_literal(self, piece: str) -> None:
        self.commands[-1].literal += _LITERAL.findall(piece)
        self._add(piece)

    def _end_word(self) -> None:
        if self.word is not None:
            self.commands[-1].words.append("".join(self.word))
        self.word = None
