"""A real Keycloak for the length of a test run: fetched with Maven, started on a loopback port, stopped by its pid."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from zipfile import ZipFile

VERSION = "26.7.1"
REALMS = Path(__file__).parent / "realm.json"
_ARTIFACT = f"org.keycloak:keycloak-quarkus-dist:{VERSION}:zip"
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"
_FETCHING, _STARTING, _STOPPING = (
    420,
    240,
    30,
)  # seconds at most; on two idle cores it takes 15, 30 and 2
# A server that lives for a minute is faster without the JVM's second compiler.
_JAVA = "-XX:TieredStopAtLevel=1"


class NotHere(Exception):
    """Keycloak cannot run on this machine; the text says what is missing."""


@contextmanager
def running(folder: Path) -> Iterator[int]:
    """The port of a Keycloak that has the realms of `realm.json`; all it needs and writes is in `folder`. Raises `NotHere`."""
    port = _free_port()
    home = _unpacked(folder)
    with (folder / "log").open("wb") as log:
        command = [
            "bash",
            str(home / "bin" / "kc.sh"),
            "start-dev",
            "--import-realm",
            "--http-host=127.0.0.1",
            f"--http-port={port}",
        ]
        surroundings = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("KC_", "KEYCLOAK_"))
        }
        server = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=surroundings | {"JAVA_OPTS_APPEND": _JAVA},
            start_new_session=True,
        )
    try:
        _wait(server, port, folder / "log")
        yield port
    finally:
        _stop(server)


def _unpacked(folder: Path) -> Path:
    for program, package in (
        ("java", "openjdk-17-jre-headless"),
        ("mvn", "maven"),
        ("bash", "bash"),
    ):
        if shutil.which(program) is None:
            raise NotHere(f"{program} is not installed; Debian, Ubuntu: sudo apt install {package}")
    _fetch(folder)
    with ZipFile(folder / f"keycloak-quarkus-dist-{VERSION}.zip") as archive:
        archive.extractall(folder)
    (folder / archive.filename).unlink() if archive.filename else None
    home = folder / f"keycloak-{VERSION}"
    (home / "data" / "import").mkdir(parents=True)
    shutil.copy(REALMS, home / "data" / "import")
    return home


def _fetch(folder: Path) -> None:
    """Lets Maven copy it from its own cache, which is why the network is asked only when it is not there."""
    copy = ["mvn", "-B", "-q", _COPY, f"-Dartifact={_ARTIFACT}", f"-DoutputDirectory={folder}"]
    for command in ([*copy, "--offline"], copy):
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
                timeout=_FETCHING,
                stdin=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired:
            raise NotHere(f"Maven did not bring Keycloak within {_FETCHING} s") from None
        if done.returncode == 0:
            return
    raise NotHere(f"Maven could not bring Keycloak: {(done.stdout or done.stderr).strip()[:300]}")


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + _STARTING
    while time.monotonic() < end:
        try:
            server.wait(0.5)
        except subprocess.TimeoutExpired:
            with suppress(OSError):
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
                connection.request("GET", "/realms/partner")
                answered = connection.getresponse().status
                connection.close()
                if answered == 200:
                    return
        else:
            break
    raise NotHere(f"Keycloak did not start: {log.read_text(errors='replace')[-600:]}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Ends the script and the Java it started: they are a process group of their own."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(server.pid, sign)
        with suppress(subprocess.TimeoutExpired):
            server.wait(_STOPPING)
            return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
