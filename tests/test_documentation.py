"""The README and the guides in docs/: their commands run, their Python works, and their links lead somewhere."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import wych_kit
from wych_kit.terminal.commands import COMMANDS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
NAMES = ("installation", "commands", "environments", "client", "testing", "notebooks", "workshops")
GUIDES = {name: (ROOT / f"docs/{name}.md").read_text("utf-8") for name in NAMES}
PAGES = {"README": README, **GUIDES}

# These keep running until Ctrl-C; tests of their own start and stop them.
SERVERS = {"lab", "mock"}


ANSWERS = """
[connect]
customer_email = "kim@example.com"
callback = "demo"
app_name = "Ready-made app"
"""


def blocks(page, language=""):
    """List the code blocks of a page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def commands(page):
    """List the `wych-kit` lines in a page's blocks, as they would be typed."""
    lines = [line for block in blocks(page) for line in block.splitlines()]
    return [line for line in lines if line.startswith("wych-kit")]


def arguments(line):
    """List the words of a command line after `wych-kit`, without its comment."""
    return shlex.split(line.partition(" < ")[0].replace("…", "x"), comments=True)[1:]


@pytest.mark.parametrize("line", commands(README))
def test_every_command_in_the_readme_runs(line, project, mock_wych, kit):
    """Each one ends with exit status 0 in the project of somebody whose first call worked."""
    project.ready_on(mock_wych)
    assert kit("call", "GET", "users").status == 0
    words = arguments(line)
    if words[0] == "start":  # nobody is here to type, so a file has the answers
        (project.folder / "answers.toml").write_text(ANSWERS, "utf-8")
        words += ["--answers", "answers.toml"]
    ran = kit(*words)
    assert ran.status == 0, ran.out + ran.err


@pytest.mark.parametrize("target", sorted(set(re.findall(r"[`\n]make (\w+)[`\n]", README))))
def test_every_make_target_in_the_readme_starts_its_command(target):
    """`make` would run the command of that name; the command's own tests run it."""
    ran = subprocess.run(
        ["make", "--dry-run", target, f"PYTHON={sys.executable}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert f"-m wych_kit {target}" in ran.stdout


@pytest.mark.parametrize("name", GUIDES)
def test_every_command_in_a_guide_parses(name, parse):
    """Each `wych-kit` line, in a block or in a sentence, is one that the command accepts."""
    sentences = re.findall(r"`(wych-kit [^`]+)`", GUIDES[name])
    for line in (*commands(GUIDES[name]), *sentences):
        if "COMMAND" not in line:  # stands for any of them
            parse(line)


def test_every_command_is_described():
    """The page of commands has an example of each."""
    assert {arguments(line)[0] for line in commands(GUIDES["commands"])} == set(COMMANDS)


@pytest.mark.parametrize("name", PAGES)
def test_every_option_in_a_sentence_is_one(name, kit):
    """Options named in sentences are options of some command."""
    known = " ".join(kit(command, "--help").out for command in COMMANDS)
    named = set(re.findall(r"`(--[a-z-]+)[ `]", PAGES[name]))
    assert [option for option in sorted(named) if option not in known and option != "--help"] == []


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere(name):
    """A relative link or picture is a file of the repository."""
    folder = ROOT if name == "README" else ROOT / "docs"
    links = re.findall(r"\]\(([^)#]+)", PAGES[name])
    assert [
        link for link in links if not link.startswith("https://") and not (folder / link).exists()
    ] == []


@pytest.mark.parametrize(
    "source", [block for page in PAGES.values() for block in blocks(page, "python")]
)
def test_the_python_is_python(source):
    """It compiles, and what it imports from the package is there."""
    names = [
        alias.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]
    assert names
    assert [name for name in names if not hasattr(wych_kit, name)] == []


def test_the_example_for_tests_runs(project, capsys):
    """With the client's call where the dots are, it does what its comments say."""
    source = next(block for block in blocks(GUIDES["testing"], "python"))
    call = (
        "import httpx\n    auth = WychAuth(issuer_url=wych.issuer_url,"
        " client_id=credentials.client_id,\n        client_secret=credentials.client_secret,"
        " api_key=credentials.api_key, token_cache='memory')\n    with"
        " httpx.Client(base_url=wych.api_url, auth=auth) as client:\n        assert"
        " client.get(f'/partner/{credentials.partner_id}/app/{credentials.app_id}/users').status_code"
        " == 200"
    )
    assert "    ..." in source
    exec(compile(re.sub(r"(?<=    )\.\.\..*", lambda _: call, source), "testing.md", "exec"), {})
    assert "users" in capsys.readouterr().out


def test_the_example_for_errors_runs(project, mock_wych, capsys):
    """With a wrong secret it prints what to do next."""
    project.ready_on(mock_wych, client_secret=f"{mock_wych.credentials.client_secret}-1")
    source = next(block for block in blocks(GUIDES["client"], "python") if "diagnose" in block)
    exec(compile(source, "client.md", "exec"), {})
    assert "secret" in capsys.readouterr().out
