"""One token for all processes of a user, in a file that only they can read."""

from __future__ import annotations

import errno
import json
import logging
import os
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from filelock import FileLock

from wych_kit import Refused, Secret, Unreachable
from wych_kit.client import token_cache
from wych_kit.client.backoff import MAX_WAIT
from wych_kit.client.token import Token
from wych_kit.client.token_cache import TokenFile
from wych_kit.client.token_source import Pause

CROWD = 64


def call(wych, auth: httpx.Auth) -> int:
    """One call through a client without sockets; its status."""
    with httpx.Client(
        base_url=wych.api_url, auth=auth, transport=httpx.MockTransport(wych)
    ) as http:
        return http.get("/users").status_code


def files(tmp_path: Path, suffix: str = "") -> list[Path]:
    """What lies in the home of the tests, folders not counted."""
    return sorted(path for path in (tmp_path / "home").rglob("*" + suffix) if path.is_file())


def kept(tmp_path: Path) -> Path:
    """The only token file."""
    (found,) = files(tmp_path, ".json")
    return found


def mode(path: Path) -> int:
    """Its permissions."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_only_the_user_can_read_it(wych, auth_for, tmp_path: Path, umask: int) -> None:
    """The file, its lock and its folder, whatever the umask."""
    before = os.umask(umask)
    try:
        assert call(wych, auth_for(wych, token_cache="disk")) == 200
    finally:
        os.umask(before)
    assert [mode(path) for path in files(tmp_path)] == [0o600, 0o600]
    assert mode(kept(tmp_path).parent) == 0o700


def test_the_file_is_never_readable_by_others(
    wych, auth_for, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even for the moment between creating and filling it: it is created 0600."""
    modes: list[int] = []
    write = os.open

    def opened(path: Any, flags: int, mode: int = 0o777, **given: Any) -> int:
        if flags & os.O_CREAT and str(path).endswith(".new"):
            modes.append(mode)
        return write(path, flags, mode, **given)

    monkeypatch.setattr(os, "open", opened)
    call(wych, auth_for(wych, token_cache="disk"))
    assert modes == [0o600]


def test_two_objects_share_through_the_file(wych, auth_for, tmp_path: Path) -> None:
    """What one asked for, the other uses, without asking anything; also without the library for locks."""
    assert call(wych, auth_for(wych, token_cache="disk")) == 200
    assert call(wych, auth_for(wych, token_cache="disk")) == 200
    assert (wych.token_requests, wych.count("discovery")) == (1, 1)


def test_the_place_may_be_a_text(wych, auth_for, tmp_path: Path) -> None:
    """A path and the same path as a text are one place."""
    assert call(wych, auth_for(wych, token_cache="disk", home=str(tmp_path / "home"))) == 200
    assert call(wych, auth_for(wych, token_cache="disk")) == 200
    assert wych.token_requests == 1


def test_a_token_in_the_file_costs_no_lock(live, auth_for, tmp_path: Path) -> None:
    """A new process that finds a token loads no library for locking: a short command stays short."""
    script = textwrap.dedent("""
        import sys, httpx
        from pathlib import Path
        from wych_kit.client.auth import WychAuth
        url, home, secret, key = sys.argv[1:]
        auth = WychAuth(issuer_url=url + "/realms/partner", client_id="me", client_secret=secret, api_key=key, home=Path(home))
        with httpx.Client(base_url=url + "/v3", auth=auth, trust_env=False, verify=False) as http:
            print(http.get("/users").status_code, "filelock" in sys.modules)
    """)
    from_conftest = auth_for(live, token_cache="disk", client_secret="s", api_key="k")
    call(live, from_conftest)
    command = [sys.executable, "-c", script, live.url, str(tmp_path / "home"), "s", "k"]
    assert subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=20
    ).stdout.split() == ["403", "False"]
    assert live.token_requests == 1


@pytest.mark.parametrize(
    "changed", [{"client_id": "you"}, {"client_secret": "s-other"}, {"issuer_url": "elsewhere"}]
)
def test_nobody_else_gets_it(wych, auth_for, changed: dict[str, str]) -> None:
    """Another client, another secret or another issuer has another file; another API key shares the token."""
    call(wych, auth_for(wych, token_cache="disk"))
    auth = auth_for(wych, token_cache="disk", **changed)
    file = auth._source._file
    assert file.read() is None
    assert auth_for(wych, token_cache="disk", api_key="other")._source._file.read() is not None


def test_parts_cannot_be_shifted_into_each_other(auth_for, tmp_path: Path) -> None:
    """An id with a line break does not make one client's file another's."""
    names = {
        TokenFile(tmp_path, *parts, Secret("s")).path for parts in (("i\nx", "y"), ("i", "x\ny"))
    }
    assert len(names) == 2


def test_memory_writes_nothing(wych, auth_for, tmp_path: Path) -> None:
    """No folder, no file."""
    assert call(wych, auth_for(wych, token_cache="memory")) == 200
    assert not (tmp_path / "home").exists()


def test_forget_removes_it(wych, auth_for, tmp_path: Path) -> None:
    """For all processes: the next one asks again."""
    auth = auth_for(wych, token_cache="disk")
    call(wych, auth)
    assert auth_for(wych, token_cache="disk").forget() is True
    assert files(tmp_path, ".json") == []
    assert auth_for(wych, token_cache="disk").forget() is False
    assert call(wych, auth_for(wych, token_cache="disk")) == 200
    assert wych.token_requests == 2


GOOD = {"access_token": "t", "lifetime": 900, "expires": 4e9, "scope": ""}


@pytest.mark.parametrize(
    "content",
    [
        "", "{", "[]", "null", "7", '"x"', "[[1, 2]]", "\x00\xff", "[" * 100_000,
        *(json.dumps(GOOD | wrong) for wrong in (
            {"access_token": 7}, {"access_token": None}, {"lifetime": "x"}, {"lifetime": None}, {"expires": "x"}, {"expires": []},
            {"expires": float("nan")}, {"expires": 1e9}, {"lifetime": 0},
        )),
        *(json.dumps({name: value for name, value in GOOD.items() if name != missing}) for missing in GOOD),
        json.dumps({"kind": "Refused", "failure": 7, "at": 4e9}),
        json.dumps({"kind": "Refused", "failure": {"x": 1}, "at": 4e9}),
        json.dumps({"kind": [], "failure": {}, "at": 4e9}),
        json.dumps({"kind": "WychError", "failure": {}, "at": 4e9}),
    ],
)  # fmt: skip
def test_a_spoilt_file_is_no_file(wych, auth_for, tmp_path: Path, content: str) -> None:
    """Whatever is in it, the call works, and afterwards a good one is there."""
    auth = auth_for(wych, token_cache="disk")
    path = auth._source._file.path
    path.parent.mkdir(parents=True)
    path.write_text(content, "latin-1")
    assert call(wych, auth) == 200
    assert wych.token_requests == 1
    assert auth._source._file.read() is not None


def test_a_clock_that_was_set_back_stretches_no_life(
    wych, auth_for, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token that seems to have more than its whole life left is not believed; nor is one that has ended."""
    auth = auth_for(wych, token_cache="disk")
    call(wych, auth)
    now = time.time()
    for jump, believed in ((0, True), (-3600, False), (1000, False)):
        monkeypatch.setattr(time, "time", lambda jump=jump: now + jump)
        assert (auth._source._file.read() is not None) == believed


def test_the_life_left_in_the_file_counts_down(wych, auth_for, clock) -> None:
    """A process that starts late gets the rest, not the whole."""
    call(wych, auth_for(wych, token_cache="disk"))
    clock.ahead = 600
    file = auth_for(wych, token_cache="disk")._source._file
    assert file.read().seconds_left == pytest.approx(300, abs=2)
    clock.ahead = 880
    assert call(wych, auth_for(wych, token_cache="disk")) == 200
    assert wych.token_requests == 2


def test_a_place_that_cannot_be_written_degrades_to_memory(
    wych, auth_for, tmp_path: Path, caplog, canaries
) -> None:
    """The call works, one line in the log says so, and there is no secret in it."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "tokens").write_text("a file where a folder should be")
    with caplog.at_level(logging.DEBUG):
        assert call(wych, auth_for(wych, token_cache="disk")) == 200
    ours = [record for record in caplog.records if record.name.startswith("wych_kit")]
    assert [record.levelname for record in ours] == ["WARNING"]
    assert "not shared" in ours[0].getMessage()
    assert [secret for secret in (*canaries, "0paque") if secret in caplog.text] == []


@pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="a full disk is had only where /dev/full is"
)
def test_a_disk_that_fills_up_degrades_too(
    wych, auth_for, caplog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writing fails after the lock was had: the token is used all the same, and no half file stays behind."""
    opened = os.open

    def full(path: Any, *given: Any, **more: Any) -> int:
        if not str(path).endswith(".new"):
            return opened(path, *given, **more)
        os.close(opened(path, *given, **more))
        return opened("/dev/full", os.O_WRONLY)

    monkeypatch.setattr(os, "open", full)
    auth = auth_for(wych, token_cache="disk")
    assert call(wych, auth) == 200
    assert "No space left" in caplog.text
    assert "0paque" not in caplog.text
    assert list(auth._source._file.path.parent.glob("*.new")) == []


@pytest.mark.parametrize(
    "error", [NotImplementedError("no flock here"), OSError(38, "Function not implemented")]
)
def test_a_disk_without_locks_still_serves(
    wych, auth_for, caplog, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Some network disks know no locks: processes then ask side by side, which is better than not at all."""

    def refuse(self: FileLock, **_: Any) -> None:
        raise error

    monkeypatch.setattr(FileLock, "acquire", refuse)
    assert call(wych, auth_for(wych, token_cache="disk")) == 200
    assert "cannot be locked" in caplog.text


@pytest.mark.skipif(sys.platform == "win32", reason="flock is of Unix")
def test_a_disk_without_flock_is_not_waited_for(
    wych, auth_for, caplog, clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As above, where it is the system call that is missing: nobody waits, and no lock is left that only is a file."""
    import fcntl

    def missing(fd: int, operation: int) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(fcntl, "flock", missing)
    for _ in range(2):
        assert call(wych, auth_for(wych, token_cache="disk")) == 200
        clock.ahead += 1000
    assert clock.naps == []
    assert "cannot be locked" in caplog.text
    assert wych.token_requests == 2


def test_a_filelock_that_knows_no_fallback_serves_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Older versions refuse the word for it."""

    def older(path: Path, *, mode: int, thread_local: bool) -> FileLock:
        return FileLock(path, mode=mode, thread_local=thread_local)

    monkeypatch.setattr("filelock.FileLock", older)
    lock = TokenFile(tmp_path, "i", "c", Secret("s")).lock()
    assert token_cache.try_acquire(lock)
    assert lock.is_locked
    lock.release()


def test_a_refused_token_is_refused_by_value(wych, auth_for) -> None:
    """One object's refused token is not taken out of the file again by another; a newer one there is used without asking."""
    first, second = (auth_for(wych, token_cache="disk") for _ in range(2))
    assert (call(wych, first), call(wych, second)) == (200, 200)
    wych.revoke()
    assert call(wych, first) == 200
    assert wych.token_requests == 2
    assert call(wych, second) == 200
    assert wych.token_requests == 2


def test_a_token_is_only_removed_by_who_holds_the_same(tmp_path: Path) -> None:
    """A late 401 for an old token leaves the new one in the file."""
    file = TokenFile(tmp_path, "i", "c", Secret("s"))
    old, new = (Token(Secret(text), 900.0, time.monotonic() + 900) for text in ("old", "new"))
    file.write(new)
    assert file.remove(old) is False
    assert file.read().value == new.value
    assert file.remove(new) is True
    assert file.read() is None


def test_a_refusal_reaches_who_waits_for_the_lock_and_nobody_later(tmp_path: Path) -> None:
    """It is kept with its moment, and comes back equal."""
    file = TokenFile(tmp_path, "i", "c", Secret("s"))
    began = time.time()
    error = Refused(
        "no",
        stage="token",
        status=401,
        code="invalid_client",
        description="d",
        reference="unknown-client",
    )
    file.write_failure(error)
    again = file.failure_since(began)
    assert again is not None
    assert {name: value for name, value in vars(again).items() if name != "retry_after"} == {
        name: value for name, value in vars(error).items() if name != "retry_after"
    }
    assert file.failure_since(time.time() + 1) is None
    assert file.read() is None


def test_an_unreachable_endpoint_is_tried_once_for_all_who_wait(wych, auth_for) -> None:
    """The processes that wait for the lock are told that nothing answered; whoever comes later tries anew."""
    first, second, later = (auth_for(wych, token_cache="disk")._source.acquire() for _ in range(3))
    assert isinstance(next(first), httpx.Request)
    assert isinstance(next(second), Pause)
    failure = Unreachable("nobody there", stage="token", reference="connection-refused")
    with pytest.raises(Unreachable):
        first.throw(failure)
    with pytest.raises(Unreachable) as caught:
        second.send(None)
    assert (str(caught.value), caught.value.stage, caught.value.reference) == (
        str(failure),
        "token",
        "connection-refused",
    )
    assert isinstance(next(later), httpx.Request)
    later.close()


@pytest.mark.slow
def test_a_lock_that_is_never_given_up_ends_in_an_error(wych, auth_for, clock) -> None:
    """Another process hangs with the lock: after long enough this one says so instead of hanging too."""
    auth = auth_for(wych, token_cache="disk")
    lock = auth._source._file.lock()
    assert token_cache.try_acquire(lock)
    with pytest.raises(Unreachable) as caught:
        call(wych, auth)
    assert caught.value.reference == "token-lock"
    assert MAX_WAIT < sum(clock.naps) < 3 * MAX_WAIT
    lock.release()
    assert call(wych, auth) == 200


def test_a_killed_process_leaves_no_lock(live, auth_for, tmp_path: Path) -> None:
    """The operating system frees it: the next process asks at once."""
    script = textwrap.dedent("""
        import os, signal, sys, threading, httpx
        from pathlib import Path
        from wych_kit.client.auth import WychAuth
        url, home, secret, key = sys.argv[1:]
        auth = WychAuth(issuer_url=url + "/realms/partner", client_id="me", client_secret=secret, api_key=key, home=Path(home))
        def die(request):
            if request.method == "POST": os.kill(os.getpid(), signal.SIGKILL)
        with httpx.Client(base_url=url + "/v3", auth=auth, trust_env=False, verify=False, event_hooks={"request": [die]}) as http:
            http.get("/users")
    """)
    command = [sys.executable, "-c", script, live.url, str(tmp_path / "home"), "s", "k"]
    assert subprocess.run(command, check=False, timeout=120).returncode == -9
    began = time.monotonic()
    assert call(live, auth_for(live, token_cache="disk", client_secret="s", api_key="k")) == 403
    assert time.monotonic() - began < 25
    assert live.token_requests == 1


CHILDREN = textwrap.dedent("""
    import os, sys, time
    from pathlib import Path
    import filelock, httpcore, httpx  # once here rather than in every child
    from wych_kit.client.auth import WychAuth
    from wych_kit.errors import WychError

    url, home, secret, key, number = sys.argv[1:]
    monotonic, wall = time.monotonic, time.time
    ready, go, done = os.pipe(), [os.pipe() for _ in range(2)], os.pipe()

    def child():
        for pipe in go: os.close(pipe[1])
        auth = WychAuth(issuer_url=url + "/realms/partner", client_id="me", client_secret=secret, api_key=key, home=Path(home))
        with httpx.Client(base_url=url + "/v3", auth=auth, trust_env=False, verify=False, timeout=20) as http:
            for gate, ahead in zip(go, (0, 1000)):
                time.monotonic, time.time = lambda: monotonic() + ahead, lambda: wall() + ahead
                os.write(ready[1], b".")
                os.read(gate[0], 1)
                try: word = str(http.get("/users").status_code)
                except WychError as error: word = type(error).__name__ + str(error.status)
                os.write(done[1], (word + "\\n").encode())
        os._exit(0)

    for _ in range(int(number)):
        if os.fork() == 0:
            try: child()
            finally: os._exit(1)
    for gate in go:
        got = b""
        while len(got) < int(number): got += os.read(ready[0], 100)
        os.close(gate[1])
        words = b""
        while words.count(b"\\n") < int(number): words += os.read(done[0], 4096)
        print(*sorted(set(words.decode().split())), flush=True)
        sys.stdin.readline()
    for _ in range(int(number)): os.wait()
""")


def processes(
    live, tmp_path: Path, canaries: tuple[str, str], number: int = CROWD
) -> subprocess.Popen[str]:
    """Start so many processes that wait at a gate, call together, wait, and call again when the token has run out."""
    command = [
        sys.executable,
        "-c",
        CHILDREN,
        live.url,
        str(tmp_path / "home"),
        *canaries,
        str(number),
    ]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_sixty_four_processes_cold_and_at_expiry(live, tmp_path: Path, canaries) -> None:
    """One token request for all of them, and one more when it has run out; all calls succeed."""
    live.token_pause = 0.2
    with processes(live, tmp_path, canaries) as started:
        assert started.stdin
        assert started.stdout
        for requests in (1, 2):
            assert started.stdout.readline() == "200\n"
            assert live.token_requests == requests
            started.stdin.write("\n")
            started.stdin.flush()
    assert started.returncode == 0


@pytest.mark.slow
def test_a_refused_secret_is_sent_once_by_many_processes(live, tmp_path: Path, canaries) -> None:
    """Those who waited for the lock get the refusal of the one who had it."""
    live.token_pause = 0.5
    live.answers["token"] += [
        httpx.Response(401, json={"error": "unauthorized_client"}) for _ in range(20)
    ]
    with processes(live, tmp_path, canaries, 16) as started:
        assert started.stdin
        assert started.stdout
        for requests in (1, 2):
            assert started.stdout.readline() == "Refused401\n"
            assert live.token_requests == requests
            started.stdin.write("\n")
            started.stdin.flush()
    assert started.returncode == 0
