"""Tests that search everything that one part of the journey left behind."""

from __future__ import annotations

import os
import re
import stat

import pytest

from tests.silence.collector import SECRETS, Leftover
from tests.silence.search import search

WHERE = {
    "standard output": r": stdout$|in colour",
    "standard error": r": stderr$",
    "logs": r"^log$",
    "the journal's file": r": journal file$",
    "tracebacks with locals": r": (traceback|rich)$",
    "errors": r": (error|diagnosis)$",
    "objects": r"^(repr|vars|slots) of |httpx client",
    "warnings": r"^warning$",
    "the mock": r"^mock",
}


class LeavesNoSecret:
    """The tests of what one part of the journey left behind; each file makes its own class of them."""

    @pytest.mark.parametrize("where", WHERE)
    def test_no_secret_is_left_behind(self, collector, where):
        """No secret, key, password, session or token is there, in any way of writing it, whole or in part."""
        texts = [text for text in collector.leftovers if re.search(WHERE[where], text.where)]
        if where != "warnings":
            assert texts, "there is something to search"
        assert sorted(set(search(texts, SECRETS, collector.tokens))) == []

    def test_every_text_is_searched(self, collector):
        """Each text that was left behind belongs to one of the places above."""
        known = "|".join(f"(?:{pattern})" for pattern in WHERE.values())
        assert {
            text.where for text in collector.leftovers if not re.search(known, text.where)
        } == set()

    def test_only_two_files_hold_a_secret(self, collector):
        """The `.env` file and the shared token's, both 0600; not the journal's, the locks, nor the mock's memory."""
        holding = []
        for path in sorted(collector.folder.rglob("*")):
            if not path.is_file() or path.name == "answers.toml":
                continue
            text = path.read_bytes().decode("utf-8", "replace")
            if search([Leftover(path.name, text)], SECRETS, collector.tokens):
                holding.append(path)
                assert stat.S_IMODE(path.stat().st_mode) == 0o600 or os.name != "posix"
        tokens = [path for path in holding if path.parent.name == "tokens"]
        assert sorted(holding) == sorted([collector.env, *tokens])
        assert len(tokens) == 1

    def test_there_was_something_to_hide(self, collector):
        """The odd secrets were really used, tokens were issued, and the log heard every library."""
        assert len(collector.tokens) > 8
        heard = {line.split(".")[0].split(" ")[0] for line in collector.log.lines}
        assert {"httpx", "httpcore", "filelock"} <= heard
        assert len({text.where for text in collector.leftovers}) > 50
