"""Starting and stopping, what is stored and reset, canned answers, and the mock as a process."""

from __future__ import annotations

import contextlib
import gc
import http.client
import io
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from wych_kit import mock
from wych_kit.mock.options import Options
from wych_kit.mock.state.request_log import ReceivedRequest

DISCOVERY = "/realms/partner/.well-known/openid-configuration"


class Process:
    """A mock as a process; its addresses are on its first line."""

    def __init__(self, *arguments):
        command = [
            sys.executable,
            "-m",
            "wych_kit.mock",
            "--port",
            "0",
            "--json",
            "--no-control",
            *map(str, arguments),
        ]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.addresses = json.loads(self.process.stdout.readline())
        self.port = int(self.addresses["url"].rpartition(":")[2])
        self.credentials = mock.READY_MADE

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end(signal.SIGKILL)

    def end(self, number):
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=10)
        return self.process.returncode, out, err


def test_addresses(wych):
    """The addresses belong together, without a trailing slash, on loopback."""
    assert wych.url == f"http://127.0.0.1:{wych.port}"
    assert [wych.issuer_url, wych.api_url, wych.portal_url, wych.connect_url] == [
        f"{wych.url}{path}" for path in ("/realms/partner", "/v3", "/portal", "/app")
    ]


def test_ready_made_app(caller, wych):
    """Every mock knows the same app, its text hides its secrets, and it works."""
    ready = wych.credentials
    assert ready == mock.READY_MADE
    assert ready.client_secret not in repr(ready)
    assert ready.api_key not in repr(ready)
    assert caller.works(
        {
            name: getattr(ready, name)
            for name in ("client_id", "client_secret", "api_key", "partner_id", "app_id")
        }
    )


def test_stop_frees_the_port_and_leaves_no_thread(caller_for):
    """After `stop` no thread runs and the port is free; a second `stop` does nothing."""
    before = set(threading.enumerate())
    wych = mock.start(ephemeral=True)
    caller_for(wych).token()
    wych.stop()
    wych.stop()
    assert set(threading.enumerate()) == before
    with mock.running(ephemeral=True, port=wych.port) as second:
        assert second.port == wych.port


@pytest.mark.parametrize("act", ["reset", "revoke_tokens"])
def test_a_stopped_mock_raises(act):
    """After `stop`, a method that needs the mock raises RuntimeError."""
    with mock.running(ephemeral=True) as wych:
        pass
    with pytest.raises(RuntimeError, match=wych.url):
        getattr(wych, act)()


def test_stop_does_not_wait_for_a_slow_answer(caller_for):
    """`stop` sends a delayed answer at once."""
    wych = mock.start(ephemeral=True)
    wych.answer_next("discovery", status=200, body=b"late", delay=60)
    response = []
    asking = threading.Thread(
        target=lambda: response.append(caller_for(wych).ask("GET", DISCOVERY).body)
    )
    asking.start()
    while not wych._server.server_state.tasks:
        time.sleep(0.001)
    began = time.monotonic()
    wych.stop()
    asking.join(30)
    assert time.monotonic() - began < 30  # and not the 60 seconds of the delay
    assert response == [b"late"]


def send_half_a_request(wych):
    """Open a connection and send a request whose body is incomplete."""
    connection = socket.create_connection(("127.0.0.1", wych.port))
    connection.sendall(
        b"POST /portal/api/accounts HTTP/1.1\r\nHost: mock\r\nContent-Length: 100\r\n\r\n{}"
    )
    while not wych._server.server_state.tasks:
        time.sleep(0.001)
    return connection


def test_stop_hangs_up_on_half_a_request(caplog):
    """A caller that does not finish its request cannot delay `stop`, and nothing is logged."""
    wych = mock.start(ephemeral=True)
    with send_half_a_request(wych):
        began = time.monotonic()
        wych.stop()
        assert time.monotonic() - began < 60
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


def test_half_a_request_is_not_answered(wych, caplog):
    """If the caller hangs up within the body, nothing is done or logged."""
    send_half_a_request(wych).close()
    while wych._server.server_state.tasks:
        time.sleep(0.001)
    assert wych.requests == []
    assert caplog.records == []


def test_port_in_use(wych):
    """A port in use is an error that names the port and the option; the other mock goes on."""
    with pytest.raises(mock.CannotStart, match=rf"Port {wych.port} on 127\.0\.0\.1 .*--port 0"):
        mock.start(port=wych.port, ephemeral=True)


def test_failed_start_leaves_nothing(tmp_path):
    """When the file cannot be used the port is free again and no thread runs."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    before = set(threading.enumerate())
    (tmp_path / "mock.sqlite").write_text(
        "this is not a database, and long enough to be read as one" * 20
    )
    with pytest.raises(mock.CannotStart, match=r"mock\.sqlite"):
        mock.start(port=port, path=tmp_path / "mock.sqlite")
    assert set(threading.enumerate()) == before
    with socket.create_server(("127.0.0.1", port)):
        pass
    gc.collect()


def test_directory_instead_of_a_file(tmp_path):
    """A path that is a directory is refused with what to do."""
    with pytest.raises(mock.CannotStart, match=r"--path"):
        mock.start(path=tmp_path)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"port": 70_000}, "port must be"),
        ({"expires_in": 0}, "expires_in must be 1 or more"),
        ({"rate": 0}, "rate must be more than 0"),
        ({"rate": float("nan")}, "rate must be more than 0"),
        ({"rate": float("inf")}, "rate must be more than 0"),
        ({"burst": 3}, "burst needs a rate"),
        ({"quota": -1}, "quota must be 0 or more"),
        ({"path": "x", "ephemeral": True}, "ephemeral"),
    ],
)
def test_invalid_options(options, says):
    """An invalid option is a ValueError before anything starts."""
    with pytest.raises(ValueError, match=says):
        mock.start(**options)


def test_default_file(tmp_path, monkeypatch):
    """The default file is in WYCH_HOME, else in the user's data directory."""
    monkeypatch.setenv("WYCH_HOME", str(tmp_path))
    assert Options().memory == tmp_path / "mock.sqlite"
    monkeypatch.delenv("WYCH_HOME")
    assert Options().memory.parts[-2:] == ("wych-kit", "mock.sqlite")
    assert Options(ephemeral=True).memory is None


def test_credentials_and_token_survive_a_restart(tmp_path, caller_for):
    """An app and an unexpired token still work after a restart on the same file and port."""
    file = tmp_path / "deep" / "mock.sqlite"
    with mock.running(path=file) as wych:
        caller = caller_for(wych)
        app, *_ = caller.register()
        headers, port = caller.headers(), wych.port
        user = caller.call("/user", "POST", b'{"email":"new@example.com"}').json
    with mock.running(path=file, port=port) as wych:
        caller = caller_for(wych)
        assert caller.works(app)
        assert user in caller.ask("GET", f"{caller.base}/users", headers).json


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_only_the_user_can_read_the_file(tmp_path):
    """Nobody else may read the file."""
    with mock.running(path=tmp_path / "mock.sqlite"):
        modes = {stat.S_IMODE(part.stat().st_mode) for part in tmp_path.iterdir()}
    assert modes == {0o600}


@pytest.mark.slow
def test_a_confirmed_registration_survives_kill_9(tmp_path, caller_for):
    """An app is stored even if the process is killed right after its 201."""
    file = tmp_path / "mock.sqlite"
    with Process("--path", file) as process:
        app, *_ = caller_for(process).register()
        process.end(signal.SIGKILL)
    with mock.running(path=file) as wych:
        assert caller_for(wych).works(app)


def test_another_process_on_the_same_file(tmp_path, caller_for):
    """An app created in one mock works in another on the same file."""
    file = tmp_path / "mock.sqlite"
    with mock.running(path=file) as first, mock.running(path=file) as second:
        app, *_ = caller_for(first).register()
        assert caller_for(second).works(app)


@pytest.mark.slow
def test_many_first_starts_on_one_file(tmp_path):
    """Several mocks that start at once on a file that is not there yet all start."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(6) as pool:
        for wych in list(pool.map(lambda _: mock.start(path=tmp_path / "mock.sqlite"), range(6))):
            wych.stop()


def test_reset_removes_what_came_after_the_start(tmp_path, caller_for):
    """Reset undoes everything since the start: data, secrets, log, canned answers and the clock."""
    file = tmp_path / "mock.sqlite"
    with mock.running(path=file) as wych:
        before, *_ = caller_for(wych).register()
    with mock.running(path=file) as wych:
        caller = caller_for(wych)
        sign_in = caller.send_json(
            "POST",
            "/portal/api/sessions",
            {"email": "kim@example.com", "password": "correct horse"},
        )
        session = sign_in.json["session"]
        caller.send_json("POST", f"/portal/api/apps/{before['app_id']}/credentials", None, session)
        after, *_ = caller.register("tom@example.com")
        caller.call("/user", "POST", b'{"email":"new@example.com"}')
        headers = caller.headers()
        wych.clock.advance(5000)
        wych.answer_next("token", status=500)
        wych.revoke_tokens()
        assert not caller.works(before)

        wych.reset()
        assert (wych.requests, wych.token_requests) == ([], 0)
        assert abs(wych.clock.now() - time.time()) < 5
        assert len(caller.ask("GET", f"{caller.base}/users", headers).json) == 3
        assert caller.works(before)
        assert not caller.works(after)
        assert caller.send_json("POST", "/portal/api/businesses", {}, session).status == 401


def test_seed_repeats_everything(caller_for):
    """Two runs with one seed and a frozen clock issue the same ids, secrets, keys and tokens."""

    def run(seed, port=0):
        with mock.running(seed=seed, ephemeral=True, port=port) as wych:
            wych.clock.freeze(1_800_000_000)
            caller = caller_for(wych)
            response = [
                caller.register()[0],
                caller.token(),
                caller.call("/users").headers,
                caller.call("/user", "POST", b'{"email":"a@b.example"}').json,
            ]
            wych.reset()
            wych.clock.freeze(1_800_000_000)
            assert [caller.register()[0], caller.token()] == response[:2]
            return response, wych.port

    first, port = run(7)
    assert run(7, port)[0] == first
    assert run("7", port)[0] == first
    assert run(8, port)[0][0]["client_secret"] != first[0]["client_secret"]


def test_unseeded_ids_differ(caller_for):
    """Without a seed no two mocks issue the same."""
    secrets = set()
    for _ in range(3):
        with mock.running(ephemeral=True) as wych:
            secrets.add(caller_for(wych).register()[0]["client_secret"])
    assert len(secrets) == 3


def test_seed_on_a_file_does_not_repeat_what_is_there(tmp_path, caller_for):
    """A seeded mock that is started again on its file issues new ids and secrets, not the old ones."""
    apps = []
    for email in ("kim@example.com", "tom@example.com"):
        with mock.running(seed=1, path=tmp_path / "mock.sqlite") as wych:
            apps.append(caller_for(wych).register(email)[0])
    for app in list(apps):
        with mock.running(seed=1, path=tmp_path / "mock.sqlite") as wych:
            caller = caller_for(wych)
            email = "kim@example.com" if app is apps[0] else "tom@example.com"
            person = {"email": email, "password": "correct horse"}
            session = caller.send_json("POST", "/portal/api/sessions", person).json["session"]
            apps.append(
                caller.send_json(
                    "POST", f"/portal/api/apps/{app['app_id']}/credentials", None, session
                ).json
            )
    assert len({app["client_secret"] for app in apps}) == len({app["api_key"] for app in apps}) == 4
    assert not {*apps[0].values()} & (
        {*apps[1].values()} - {apps[1]["issuer_url"], apps[1]["api_url"], apps[1]["connect_url"]}
    )


def test_expires_in(caller_for):
    """A token's lifetime can be set."""
    with mock.running(ephemeral=True, expires_in=2) as wych:
        caller = caller_for(wych)
        headers = caller.headers()
        assert caller.token_request().json["expires_in"] == 2
        wych.clock.advance(3)
        assert caller.ask("GET", f"{caller.base}/users", headers).status == 401


def test_clock_shows_in_date(caller, wych):
    """The gateway's Date is the mock's clock."""
    wych.clock.freeze(0)
    assert caller.ask("GET", "/v3").headers["date"] == "Thu, 01 Jan 1970 00:00:00 GMT"
    wych.clock.advance(86_401)
    assert caller.ask("GET", "/v3").headers["date"] == "Fri, 02 Jan 1970 00:00:01 GMT"


def test_request_log_has_no_secret(caller, wych):
    """The request log has nothing from headers, query or body."""
    caller.ask("GET", "/v3/partner?token=canary-query", {"Authorization": "Bearer canary-header"})
    caller.token_request(client_secret="canary-secret")
    last = wych.requests[-1]
    assert (last.method, last.path, last.status) == (
        "POST",
        "/realms/partner/protocol/openid-connect/token",
        401,
    )
    assert "canary" not in repr(wych.requests)


def test_record_is_bounded(caller, wych):
    """Only the last thousand requests are kept; the count of token requests goes on."""
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", wych.port)
    for _ in range(1005):
        connection.request("GET", "/realms/partner/protocol/openid-connect/token")
        connection.getresponse().read()
    connection.close()
    assert (len(wych.requests), wych.token_requests) == (1000, 1005)


def test_request_log_has_the_start_of_a_path(caller, wych):
    """The request log has the first 2 KB of a long path."""
    path = "/" + "x" * 5000
    assert caller.ask("GET", path).status == 404
    assert wych.requests[-1].path == path[:2048]


def test_answer_next(caller, wych):
    """A canned answer replaces the real one at one place, for the requested number of times."""
    wych.answer_next("token", status=429, headers={"Retry-After": "1"}, body=b"slow down", times=2)
    assert caller.ask("GET", DISCOVERY).status == 200
    for _ in range(2):
        response = caller.token_request()
        assert (response.status, response.headers, response.body) == (
            429,
            {"retry-after": "1", "content-length": "9"},
            b"slow down",
        )
    assert wych.requests[-1].row == "canned"
    assert caller.token_request().status == 200
    assert wych.token_requests == 3


@pytest.mark.parametrize("where", ["discovery", "keys", "api", "portal"])
def test_answer_next_elsewhere(caller, wych, where):
    """Each place has its own queue."""
    wych.answer_next(where, status=503)
    paths = {
        "discovery": DISCOVERY,
        "keys": "/realms/partner/protocol/openid-connect/certs",
        "api": "/v3/x",
        "portal": "/portal",
    }
    assert {name: caller.ask("GET", path).status == 503 for name, path in paths.items()} == {
        name: name == where for name in paths
    }


def test_answer_next_with_delay(caller, wych):
    """A canned answer can be late."""
    wych.answer_next("discovery", status=200, delay=0.2)
    began = time.monotonic()
    caller.ask("GET", DISCOVERY)
    assert time.monotonic() - began >= 0.2


def test_answer_next_at_an_unknown_place(wych):
    """An unknown place is a ValueError that lists the places."""
    with pytest.raises(ValueError, match=r"'tokens'.*discovery, keys, token, api, portal"):
        wych.answer_next("tokens", status=500)


def test_no_answer_waits_for_nagle(wych):
    """Nagle's algorithm, which delays an answer by 40 ms, is off on a kept connection."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", wych.port)) as connection:
        connection.request("GET", DISCOVERY)
        connection.getresponse().read()
        kept = [connection.transport for connection in wych._server.server_state.connections]
        options = [
            transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            for transport in kept
        ]
    assert options
    assert 0 not in options


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_process_ends_cleanly_on_a_signal(number):
    """The process prints one line with its addresses, and exits with 0 on either signal."""
    with Process("--ephemeral", "--seed", "1", "--expires-in", "60") as process:
        addresses = dict(process.addresses)
        assert addresses.pop("pid") == process.process.pid
        assert set(addresses) == {"url", "issuer_url", "api_url", "portal_url", "connect_url"}
        assert process.end(number) == (0, "", "")


def test_process_with_a_port_in_use(wych):
    """A port in use gives one line on stderr and exit status 2."""
    command = [sys.executable, "-m", "wych_kit.mock", "--ephemeral", "--port", str(wych.port)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"Port {wych.port} on 127.0.0.1 ")
    assert done.stderr.count("\n") == 1


def test_warning_beyond_loopback(wych, monkeypatch, capsys):
    """Beyond loopback, the mock warns on stderr who can reach it."""
    from wych_kit.mock import server

    monkeypatch.setattr(wych, "options", Options(host="192.168.1.7", ephemeral=True))
    server._announce(wych, as_json=False)
    out, err = capsys.readouterr()
    assert "data in memory only" in out
    assert "everybody on this network" in err
    assert "plain http" in err
    monkeypatch.setattr(wych, "options", Options(ephemeral=True))
    server._announce(wych, as_json=False)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("0.0.0.0", "127.0.0.1"),
        ("::", "[::1]"),
        ("::1", "[::1]"),
        ("localhost", "localhost"),
        ("10.0.0.1", "10.0.0.1"),
    ],
)
def test_host_in_addresses(host, shown):
    """The host in a URL is one that a client can reach."""
    from wych_kit.mock.http.server import host_in_url

    assert host_in_url(host) == shown


def test_foreign_address():
    """An address of a different computer is refused, with an example of a valid one."""
    with pytest.raises(mock.CannotStart, match=r"127\.0\.0\.1"):
        mock.start(host="192.0.2.1", ephemeral=True)


def test_logging_is_left_alone(monkeypatch):
    """Starting a mock changes no logger and writes nothing."""
    import logging

    monkeypatch.setattr(sys, "stderr", io.StringIO())
    before = [
        (logger.level, list(logger.handlers))
        for logger in (logging.getLogger(), logging.getLogger("uvicorn.error"))
    ]
    with mock.running(ephemeral=True):
        pass
    assert [
        (logger.level, list(logger.handlers))
        for logger in (logging.getLogger(), logging.getLogger("uvicorn.error"))
    ] == before
    assert sys.stderr.getvalue() == ""


def test_process_prints_each_request(caller_for):
    """Without --json every request is a line on the console, with the reason of a refusal."""
    command = [sys.executable, "-m", "wych_kit.mock", "--ephemeral", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            url = process.stdout.readline().split()[3].rstrip(",")
            caller = caller_for(
                SimpleNamespace(port=int(url.rpartition(":")[2]), credentials=mock.READY_MADE)
            )
            caller.token()
            caller.ask("GET", f"{caller.base}/users")
            lines = [process.stdout.readline().rstrip() for _ in range(2)]
        finally:
            process.kill()
    assert lines == [
        "200 POST /realms/partner/protocol/openid-connect/token",
        f"401 GET {caller.base}/users  B3-2 no Authorization header",
    ]


def test_a_printed_path_cannot_command_the_console():
    """Control characters in a path are printed as codes."""
    assert (
        str(ReceivedRequest("GET", "/a\x1b[2J\n\x9b", 200, "A4", ""))
        == r"200 GET /a\x1b[2J\x0a\x9b"
    )


def test_a_missing_extra(monkeypatch):
    """Without the mock's libraries, the error names the missing one and the extra."""
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    for name in ("server", "http.server"):
        monkeypatch.delitem(sys.modules, f"wych_kit.mock.{name}", raising=False)
    with pytest.raises(ModuleNotFoundError, match=r"the mock needs uvicorn.*\[mock\]"):
        _ = mock.running
