"""`wych-kit fault` and the options of `wych-kit mock` that misbehave."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import httpx
import pytest

from wych_kit import mock
from wych_kit.mock.faults.switch import parse_fault_text
from wych_kit.settings import locations

pytestmark = pytest.mark.slow


@pytest.fixture
def controlled(project):
    """A mock with a control port, which the project's `.env` names."""
    with mock.running(ephemeral=True, seed=1, control=True) as wych:
        project.on(wych)
        yield wych


def test_on_list_off(controlled, kit):
    """A fault is switched on, marked in the list, and switched off again."""
    ran = kit(
        "fault",
        "on",
        "latency",
        "--times",
        "2",
        "--client",
        "a",
        "-p",
        "seconds=0.5",
        "-p",
        "where=token",
    )
    assert (ran.status, ran.out.count("latency (2 more) for a")) == (0, 1)
    assert controlled.faults[0]["parameters"] == {"seconds": 0.5, "jitter": 0.0, "where": "token"}
    rows = [line.split("\t") for line in kit("fault", "list").out.splitlines()]
    assert [row[0] for row in rows if row[1] == "on"] == ["latency"]
    assert set(mock.FAULTS) - {row[0] for row in rows} == set()
    assert kit("fault", "off", "latency").status == 0
    assert controlled.faults == []
    kit("fault", "on", "throttled")
    assert kit("fault", "off").status == 0
    assert controlled.faults == []


def test_the_list_as_json(controlled, kit):
    """`--json` prints one document with every fault."""
    controlled.fault("throttled")
    listed = json.loads(kit("fault", "list", "--json").out)["faults"]
    assert [fault["name"] for fault in listed] == list(mock.FAULTS)
    assert [fault["name"] for fault in listed if fault["on"]] == ["throttled"]


def test_what_cannot_be_is_said(controlled, kit):
    """A name that there is not, a parameter without a value: one line and exit status 2."""
    ran = kit("fault", "on", "trottled")
    assert (ran.status, ran.out) == (2, "")
    assert "the nearest is 'throttled'" in ran.err
    assert kit("fault", "on", "throttled", "-p", "seconds").status == 2
    assert kit("fault").status == 2


@pytest.mark.parametrize("words", [("on", "throttled"), ("off",), ("list",)])
def test_no_mock_of_ours(project, kit, mock_wych, words):
    """Where no mock with a control port runs, that is said, with what to do, and exit status 3."""
    project.on(mock_wych)
    ran = kit("fault", *words)
    assert (ran.status, ran.out) == (3, "")
    assert "Start one: wych-kit mock" in ran.err


def test_a_file_left_behind(project, kit, mock_wych):
    """The file of a mock that was killed counts as no mock."""
    project.on(mock_wych)
    with mock.running(ephemeral=True) as gone:
        url = gone.url
    file = locations.control(project.home, mock_wych.port)
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps({"url": url, "token": "old"}))
    assert kit("fault", "list").status == 3


def test_never_another_machine(project, kit, controlled):
    """For an API that is not on this machine nothing is asked, and the host is named."""
    project.write_env(
        environment="sandbox",
        api_url="https://api.example/v3",
        issuer_url="https://login.example/realms/partner",
    )
    ran = kit("fault", "on", "throttled")
    assert (ran.status, ran.out) == (2, "")
    assert "api.example" in ran.err
    assert controlled.faults == []


def test_both_sides_agree_on_the_file(project, monkeypatch):
    """The mock writes its control file where the kit looks for it, with WYCH_HOME and without."""
    from wych_kit.mock import control_port

    assert control_port.folder() / "mock-9924.json" == locations.control(project.home, 9924)
    monkeypatch.delenv("WYCH_HOME")
    assert control_port.folder() / "mock-9924.json" == locations.control(None, 9924)


@pytest.mark.parametrize(
    ("text", "name", "how"),
    [
        ("throttled", "throttled", {}),
        ("throttled:times=2", "throttled", {"times": 2}),
        (
            "latency:times=1,seconds=2,client=a",
            "latency",
            {"times": 1, "seconds": "2", "client": "a"},
        ),
        (
            "redirected:to=https://new.example:8443/x",
            "redirected",
            {"to": "https://new.example:8443/x"},
        ),
    ],
)
def test_spelling(text, name, how):
    """A fault with its parameters is one word of a command line."""
    assert parse_fault_text(text) == (name, how)


def test_a_mock_that_misbehaves_from_the_start(project):
    """`wych-kit mock --fault … --tls …` starts so, as a process, and says where its certificate is."""
    command = [sys.executable, "-m", "wych_kit", "mock", "--port", "0", "--ephemeral"]
    more = ["--fault", "throttled:times=1", "--fault", "latency:seconds=0", "--tls", "private-ca"]
    with subprocess.Popen([*command, *more], stdout=subprocess.PIPE, text=True) as process:
        first, second = process.stdout.readline(), process.stdout.readline()
        port = int(first.split()[3].rstrip(",").rpartition(":")[2])
        project.write_env(environment="mock", api_url=f"https://127.0.0.1:{port}/v3")
        told = [sys.executable, "-m", "wych_kit", "fault", "list", "--json"]
        listed = json.loads(
            subprocess.run(told, capture_output=True, text=True, check=True, timeout=30).stdout
        )["faults"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert [fault["name"] for fault in listed if fault["on"]] == ["throttled", "latency"]
    assert "private-ca" in second
    assert not locations.control(project.home, port).exists()


@pytest.mark.parametrize(
    "word",
    ["trottled", "throttled:x=1", "throttled:times=no", "throttled:times", "tls-interception"],
)
def test_a_misspelt_start_is_said(word):
    """A fault that cannot be is said before anything starts, with exit status 2."""
    command = [
        sys.executable,
        "-m",
        "wych_kit",
        "mock",
        "--port",
        "0",
        "--ephemeral",
        "--fault",
        word,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1


def test_a_mock_that_cannot_be_reached_serves_all_the_same(project):
    """Where no control file can be written, the mock says so on standard error, and serves."""
    project.home.write_text("a file in the folder's place")
    command = [sys.executable, "-m", "wych_kit", "mock", "--port", "0", "--ephemeral", "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        url = json.loads(process.stdout.readline())["url"]
        assert (
            httpx.get(
                f"{url}/realms/partner/.well-known/openid-configuration", trust_env=False
            ).status_code
            == 200
        )
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert "--no-control" in process.stderr.read()
