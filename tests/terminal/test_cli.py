"""The `wych-kit` command: help, imports, exit statuses and pipes."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import wych_kit
from wych_kit import mock
from wych_kit.mock import CannotStart
from wych_kit.terminal import cli

ROOT = Path(__file__).parents[2]
COMMANDS = (
    "start",
    "lab",
    "mock",
    "fault",
    "call",
    "check",
    "bundle",
    "token",
    "env",
    "journal",
    "forget",
    "lint",
    "callback",
    "explain",
    "endpoints",
    "drill",
    "scan",
)
HEAVY = (
    "httpx",
    "rich",
    "prompt_toolkit",
    "starlette",
    "uvicorn",
    "dotenv",
    "sqlalchemy",
    "jwt",
    "anyio",
)


def python(code, *arguments, env=None, **options):
    """A new Python that runs this."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        timeout=60,
        env={**os.environ, **(env or {})},
        check=False,
        **options,
    )


def free_port():
    """A port that nothing listens at just now."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


def on_port(project, port, **values):
    """A `.env` for a mock at this port, whether one runs there or not."""
    url = f"http://127.0.0.1:{port}"
    addresses = {
        "issuer_url": f"{url}/realms/partner",
        "api_url": f"{url}/v3",
        "portal_url": f"{url}/portal",
    }
    project.write_env(environment="mock", **addresses, **values)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(kit, command):
    """`--help` says what the command does and shows it being used; status 0."""
    ran = kit(command, "--help")
    assert (ran.status, ran.err) == (0, "")
    assert f"usage: wych-kit {command}" in ran.out
    assert f"\n  wych-kit {command}" in re.split("examples?:", ran.out)[1]


def test_the_overview_names_every_command(kit):
    """And where to start; the parser knows no command besides."""
    ran = kit("--help")
    assert ran.status == 0
    listed = re.findall(r"^  ([a-z]+)(?: |$)", ran.out, re.MULTILINE)
    assert sorted(listed) == sorted(COMMANDS)
    assert "wych-kit start" in ran.out


def test_every_example_in_the_help_can_be_typed(kit, parse):
    """What the epilogs show parses as it stands."""
    for command in COMMANDS:
        for line in re.split("examples?:", kit(command, "--help").out)[1].strip().splitlines():
            parse(line.strip())


def test_the_version(kit):
    """One line, status 0."""
    assert kit("--version") == (0, f"wych-kit {wych_kit.__version__}\n", "")


@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], ["call", "--help"], ["nonsense"], ["call", "GET"]]
)
def test_what_needs_no_library_loads_none(words):
    """Help, version and a wrong command line answer without importing anything that costs."""
    code = (
        "import sys\nfrom wych_kit.terminal.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit: pass\n"
        f"print('loaded', *[name for name in {HEAVY} if name in sys.modules])"
    )
    assert python(code, *words).stdout.decode().splitlines()[-1] == "loaded"


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["nonsense"],
        ["call", "GET"],
        ["journal", "one"],
        ["journal", "--as", "xml"],
        ["mock", "--port", "x"],
        ["start", "--answers"],
        ["call", "POST", "user", "--json", "{"],
    ],
)
def test_a_wrong_command_line_is_status_2(kit, project, words):
    """How it is used, on standard error."""
    ran = kit(*words)
    assert (ran.status, ran.out) == (2, "")
    assert "usage: wych-kit" in ran.err


@pytest.mark.parametrize(
    ("missing", "words", "extra"),
    [
        ("rich", ["env"], "terminal"),
        ("prompt_toolkit", ["start"], "terminal"),
        ("starlette", ["mock"], "mock"),
        ("uvicorn", ["call", "GET", "users"], "mock"),
        ("sqlalchemy", ["mock", "--port", "0"], "mock"),
    ],
)
def test_a_missing_extra_is_a_sentence(project, missing, words, extra):
    """Which library, how to get it, status 2, no traceback."""
    on_port(
        project,
        free_port(),
        client_id="c",
        client_secret="s3cret",
        api_key="k",
        partner_id="p",
        app_id="a",
    )
    somebody = (
        "import wych_kit.terminal.commands.start; wych_kit.terminal.commands.start.is_interactive ="
        " lambda: True\n"
        if words == ["start"]
        else ""
    )
    code = (
        f"import sys\n{somebody}sys.modules[{missing!r}] = None\nfrom wych_kit.terminal.cli import"
        " main\nsys.exit(main(sys.argv[1:]))"
    )
    ran = python(code, *words)
    assert ran.returncode == 2
    assert b"Traceback" not in ran.stderr
    assert f"needs {missing}" in ran.stderr.decode()
    assert f"pip install '.[{extra}]'" in ran.stderr.decode()


def test_a_library_missing_inside_is_a_bug(monkeypatch, kit):
    """A module of ours that cannot be found is no extra to install."""

    def broken(*_):
        raise ModuleNotFoundError("no", name="wych_kit.nowhere")

    monkeypatch.setattr(cli.parser, "parse", broken)
    with pytest.raises(ModuleNotFoundError):
        cli.main(["env"])


def test_ctrl_c_is_status_130(monkeypatch):
    """Wherever it comes, without a traceback."""

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.parser, "parse", interrupted)
    assert cli.main(["env"]) == 130


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pipe that can break")
@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["--version"],
        ["env"],
        ["journal", "--as", "jsonl"],
        ["journal", "1", "--as", "curl"],
        ["call", "GET", "users"],
    ],
)
def test_whoever_reads_may_stop(project, mock_wych, kit, monkeypatch, words):
    """Output into a closed pipe is no mistake: status 0, and nothing said, not even by Python at its end."""
    project.ready_on(mock_wych)
    kit("call", "GET", "users")
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)  # or nothing is left for the end
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "wych_kit", *words],
            stdout=writer,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writer)
    assert (ran.returncode, ran.stderr) == (0, b"")


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_an_old_code_page_stops_nothing(project, mock_wych, encoding):
    """Where arrows and dots cannot be written, something readable is; JSON stays JSON."""
    project.ready_on(mock_wych)
    plain = python(
        "import sys; from wych_kit.terminal.cli import main; sys.exit(main(['start']))",
        env={"PYTHONIOENCODING": encoding},
    )
    assert (plain.returncode, plain.stderr) == (0, b"")
    assert b"first authenticated call" in plain.stdout
    as_json = python(
        "import sys; from wych_kit.terminal.cli import main; sys.exit(main(['start', '--json']))",
        env={"PYTHONIOENCODING": encoding},
    )
    assert json.loads(as_json.stdout.decode(encoding))["ok"] is True


def test_a_mock_is_started_when_none_runs(project, kit):
    """For a command on the mock one is there while the command runs, says so on standard error, and remembers."""
    port = free_port()
    on_port(project, port)
    ran = kit("start", "--json")
    assert (ran.status, json.loads(ran.out)["ok"]) == (0, True)
    assert "Started the mock" in ran.err
    assert kit("call", "GET", "users").status == 0, "a new mock knows yesterday's registration"
    with (
        pytest.raises(ConnectionRefusedError),
        socket.create_connection(("127.0.0.1", port), timeout=5),
    ):
        pass


def test_a_running_mock_is_used(project, mock_wych, kit):
    """No second one is started, and nothing is said of it."""
    project.ready_on(mock_wych)
    assert kit("call", "GET", "users").err == ""
    assert mock_wych.requests


@pytest.mark.slow
def test_a_mock_that_cannot_start_says_why(project, kit, monkeypatch):
    """A file it cannot remember in, for one: its words and status 2, no traceback."""
    on_port(
        project,
        free_port(),
        client_id="c",
        client_secret="s3cret",
        api_key="k",
        partner_id="p",
        app_id="a",
    )
    (project.home / "mock.sqlite").mkdir(parents=True)
    ran = kit("call", "GET", "users")
    assert (ran.status, ran.out) == (2, "")
    assert "mock.sqlite" in ran.err
    with pytest.raises(CannotStart):
        mock.start(path=project.home / "mock.sqlite")


@pytest.mark.parametrize(
    "issuer", ["https://127.0.0.1:{}/realms/partner", "https://login.example:{}/realms/partner"]
)
def test_no_mock_is_started_for_an_address_that_is_not_its_own(project, kit, monkeypatch, issuer):
    """Another machine, or TLS: what is there is called, and nothing is put in its place."""
    monkeypatch.setattr(
        "wych_kit.mock.server.Mock.__init__", lambda *_: pytest.fail("a mock was started")
    )
    monkeypatch.setattr("socket.getaddrinfo", _no_name)
    with socket.socket() as held:  # without listening, so that nobody else takes the port meanwhile
        held.bind(("127.0.0.1", 0))
        address = issuer.format(held.getsockname()[1])
        project.write_env(
            environment="mock",
            issuer_url=address,
            client_id="c",
            client_secret="s3cret",
            api_key="k",
        )
        assert kit("token").status == 3


def _no_name(*_args, **_options):
    raise socket.gaierror(socket.EAI_NONAME, "no such name")


def test_the_module_is_the_command(project):
    """`python -m wych_kit` does the same."""
    ran = subprocess.run(
        [sys.executable, "-m", "wych_kit", "--version"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ran.stdout == f"wych-kit {wych_kit.__version__}\n"
