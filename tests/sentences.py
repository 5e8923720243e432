"""What people read, made comparable: two runs differ in ports, ids, times and folders, and in nothing else."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

# In this order: an id's hexadecimal digits would otherwise be taken for something else.
VARIABLE = (
    # A set, which the mock sends in any order, as Keycloak does.
    (r"email profile|profile email", "profile email"),
    (r"\b(?=\w*\d)(?=\w*[A-Z])(\w{32}|\w{40})\b", "SECRET"),
    (r"\bport \d+", "port PORT"),
    (r"'[\w+/]{43}='", "'HASH'"),
    (r"127\.0\.0\.1:\d+|localhost:\d+", "127.0.0.1:PORT"),
    (r"\beyJ[\w.-]+", "TOKEN"),
    (r"(x-amzn-requestid|x-amz-apigw-id|x-request-id): \S+", r"\1: REQUEST-ID"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "ID"),
    (r"\b[0-9a-f]{8}…", "ID…"),
    (r"(fingerprint )[0-9a-f]{8}", r"\1DIGITS"),
    (r"\bclient_\d+", "client_NUMBER"),
    (r"\b20\d\d-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?(\.\d+)?( ?UTC|Z|\+00:00)?", "TIME"),
    (r"\b20\d\d-\d\d-\d\d", "DATE"),
    (r"\b[\d.]+ ms\b", "N ms"),
    (r"\b(89\d|900) seconds", "900 seconds"),
    (r"\b(14 minutes and )?\d+ (more )?lines?\b", "N lines"),
)


def steady(text, *folders):
    """The text with everything that two runs cannot have in common replaced; `folders` are this test's own."""
    # The command is named by the path at which a shell finds it.
    text = re.sub(r"[^\s`]*/wych-kit\b", "wych-kit", text)
    for folder in sorted(map(str, (*folders, Path(sys.prefix))), key=len, reverse=True):
        text = text.replace(folder, "FOLDER")
    for pattern, name in VARIABLE:
        text = re.sub(pattern, name, text)
    return "\n".join(line.rstrip() for line in text.splitlines())


INLINE = {
    "a",
    "abbr",
    "b",
    "code",
    "em",
    "i",
    "kbd",
    "small",
    "span",
    "strong",
    "wbr",
    "time",
    "meter",
}


class _Text(HTMLParser):
    """A page's words, a block a line; of fields and pictures what a screen reader would say."""

    def __init__(self):
        super().__init__()
        self.text, self._unseen = "", 0

    def handle_starttag(self, tag, attrs):
        self._unseen += tag in {"style", "script"}
        self._break_before(tag)
        for name, value in attrs:
            if name in {"placeholder", "aria-label", "alt", "title"} and value:
                self.text += f" [{name}: {value}] "

    def handle_endtag(self, tag):
        self._unseen -= tag in {"style", "script"}
        self._break_before(tag)

    def handle_data(self, data):
        if not self._unseen:
            self.text += data

    def _break_before(self, tag):
        if tag not in INLINE:
            self.text += "\n"


def words_of(html):
    """The words of a page or a form, without its tags and empty lines."""
    page = _Text()
    # As plain text: added to other text, `Html` would be escaped a second time.
    page.feed(str(html))
    return "\n".join(filter(None, (" ".join(line.split()) for line in page.text.splitlines())))
