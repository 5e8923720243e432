"""Lists the commands of `wych-kit`; each has a module here, imported only when it is chosen.

A command's module has two functions: `configure(parser)` adds its options and examples, and
`run(arguments)` does the work and returns the exit status. It imports libraries inside its
functions, so that `--help` and a mistyped option answer at once.
"""

from __future__ import annotations

from typing import NamedTuple


class Command(NamedTuple):
    """A command: its name, its module in this package, one sentence of help, and its group."""

    name: str
    module: str
    summary: str
    group: str


# The groups in the order of the overview: title and sentence.
GROUPS = {
    "Start": "Register, get a token and make the first call.",
    "Call": "Use the API with your credentials.",
    "When it fails": "Find the cause and the fix.",
    "Practise": "Learn from faults that do no harm.",
    "Before you ship": "Test what you have built.",
}

_ROWS = (
    Command("start", "start", "walk through every step to your first API call", "Start"),
    Command("lab", "lab", "open the same steps as notebooks in JupyterLab", "Start"),
    Command("mock", "mock", "run the mock: a local simulation of Wych", "Start"),
    Command("call", "call", "send any request with your credentials", "Call"),
    Command("token", "token", "show your access token, claim by claim", "Call"),
    Command("endpoints", "endpoints", "list the API's endpoints and where each is known from", "Call"),
    Command("env", "env", "show every setting and where its value comes from", "Call"),
    Command("forget", "forget", "remove the saved access token", "Call"),
    Command("check", "check", "test every stage from DNS to data; report the first failure", "When it fails"),
    Command("explain", "explain", "describe a known problem, its cause and its fix", "When it fails"),
    Command("journal", "journal", "show the last requests and responses", "When it fails"),
    Command("lint", "lint", "find mistakes in a .env file, curl command or HAR; send nothing", "When it fails"),
    Command("bundle", "bundle", "write a zip for a support ticket, without secrets", "When it fails"),
    Command("drill", "drill", "find and fix one fault in a prepared exercise", "Practise"),
    Command("fault", "fault", "make the mock fail on purpose", "Practise"),
    Command("callback", "callback", "send your callback handler every redirect Wych can send", "Before you ship"),
    Command("scan", "scan", "find secrets in files, without printing them", "Before you ship"),
)  # fmt: skip

COMMANDS = {command.name: command for command in _ROWS}
