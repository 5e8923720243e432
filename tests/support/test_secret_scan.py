"""`wych-kit scan`: a secret is found wherever it was left, its place is named, and it is never shown."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

import pytest

from wych_kit.support import text_sources

# Made when the tests run, so that nothing in this file looks like one.
SECRET = 'Kq7/"' + "zT+9 vXcanary" * 2
KEY = "Canary" + "a1B2" * 6
SHAPED = "aB3d" * 8  # as long as Keycloak's
JWT = ".".join(("eyJ" + "hbGciOiJSUzI1NiJ9", "eyJ" + "zdWIiOiJ4In0", "s1G_" * 20))
PEM = "-----BEGIN PRIVATE" + " KEY-----\n" + "MIIEvQ+/" * 20


@pytest.fixture
def scan(project, kit):
    """Runs the scan in a project with two secrets in force, and holds that no output ever shows one."""
    (project.folder / ".env").write_text(
        f"WYCH_CLIENT_ID=kim\nWYCH_CLIENT_SECRET='{SECRET}'\nWYCH_API_KEY='{KEY}'\n", "utf-8"
    )

    def run(*words):
        ran = kit("scan", *words)
        for secret in (SECRET, KEY, SHAPED, JWT, PEM[30:80]):
            assert secret not in ran.out + ran.err
        return ran

    return run


def notebook(**changes):
    """A notebook with one text and one code cell, changed."""
    code = {
        "cell_type": "code",
        "source": "1 + 1",
        "metadata": {},
        "outputs": [],
        "execution_count": 1,
    } | changes
    cells = [{"cell_type": "markdown", "source": ["# A\n", "b"], "metadata": {}}, code]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


OUTPUT = {"output_type": "stream", "name": "stdout", "text": ["fine\n", f"key {KEY}\n"]}
PLANTED = {
    "source": (
        "a.ipynb",
        notebook(source=["x = 1\n", f"k = {KEY!r}"]),
        "a.ipynb: cell 2, source, line 2: WYCH_API_KEY",
    ),
    "output": (
        "a.ipynb",
        notebook(outputs=[OUTPUT]),
        "a.ipynb: cell 2, output, line 2: WYCH_API_KEY",
    ),
    "metadata": (
        "a.ipynb",
        notebook(metadata={"w": {"value": SECRET}}),
        "a.ipynb: cell 2, metadata, line 1: WYCH_CLIENT_SECRET",
    ),
    "widget state": (
        "a.ipynb",
        json.dumps(
            json.loads(notebook()) | {"metadata": {"widgets": {"state": {"1": {"value": KEY}}}}}
        ),
        "a.ipynb: the notebook's metadata, line 1: WYCH_API_KEY",
    ),
    "checkpoint": (
        ".ipynb_checkpoints/a-checkpoint.ipynb",
        notebook(source=KEY),
        "a-checkpoint.ipynb: cell 2, source, line 1: WYCH_API_KEY",
    ),
    "env-like file": ("deploy/prod.env", f"# x\nAPI={KEY}\n", "prod.env: line 2: WYCH_API_KEY"),
    "log, in an address": (
        "server.log",
        f"GET /?s={quote(SECRET, safe='')}\n",
        "server.log: line 1: WYCH_CLIENT_SECRET",
    ),
    "log, in JSON": (
        "a.log",
        "\n\n" + json.dumps({"s": SECRET}),
        "a.log: line 3: WYCH_CLIENT_SECRET",
    ),
    "shell history": (
        ".bash_history",
        f"ls\ncurl -H 'x: {KEY}'\n",
        ".bash_history: line 2: WYCH_API_KEY",
    ),
    "Basic header": (
        "h.txt",
        "Basic " + base64.b64encode(f"kim:{SECRET}".encode()).decode(),
        "h.txt: line 1: WYCH_CLIENT_SECRET in a Basic header",
    ),
    "broken notebook": ("b.ipynb", '{"cells": [\n' + KEY, "b.ipynb: line 2: WYCH_API_KEY"),
    "token": ("t.txt", f"x\n{JWT}", "t.txt: line 2: a signed token"),
    "private key": ("k.pem", PEM, "k.pem: line 1: a private key"),
    "private key in JSON": ("k.json", json.dumps({"key": PEM}), "k.json: line 1: a private key"),
    "named": (
        "c.yml",
        f"a: 1\nclient_secret: {SHAPED}\n",
        "c.yml: line 2: something as long as a secret",
    ),
    "token after %3D": ("t.log", f"GET /?t%3D{JWT}", "t.log: line 1: a signed token"),
    "token after a spelt-out line break": ("t.log", f"a\\n{JWT}", "t.log: line 1: a signed token"),
    "first of two values": (
        "a.ipynb",
        notebook().replace(
            '"execution_count": 1', f'"execution_count": "{KEY}", "execution_count": 1'
        ),
        "a.ipynb: cell 2, execution_count, line 1: WYCH_API_KEY",
    ),
    "list of name and value": (
        "a.ipynb",
        notebook(metadata={"h": ["client_secret", SHAPED]}),
        "a.ipynb: cell 2, metadata, line 1: something as long as a secret",
    ),
    "named in JSON": (
        "c.json",
        json.dumps({"clientSecret": SHAPED}),
        "c.json: line 1: something as long as a secret",
    ),
}


@pytest.mark.parametrize("case", PLANTED)
def test_a_planted_secret_is_found_with_its_place(project, scan, case):
    """Status 1, one line that ends in file, cell and line, what it is and its eight digits."""
    name, text, line = PLANTED[case]
    path = project.folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    ran = scan(".")
    assert ran.status == 1
    (found,) = ran.out.splitlines()
    assert line in found
    assert re.search(r" \[[0-9a-f]{8}\]$", found)


def test_powershell_writes_utf_16(project, scan):
    """A log in UTF-16 is text all the same."""
    (project.folder / "p.log").write_bytes(f"x\n{KEY}".encode("utf-16"))
    assert "p.log: line 2: WYCH_API_KEY" in scan("p.log").out


def test_a_history_in_sqlite_is_read(project, scan):
    """IPython's history is a SQLite file: found by table and row."""
    with sqlite3.connect(project.folder / "history.sqlite") as base:
        base.execute("CREATE TABLE history (session, line, source TEXT)")
        base.executemany(
            "INSERT INTO history VALUES (1, ?, ?)", [(1, "1 + 1"), (2, f"a\nkey = {KEY!r}")]
        )
    base.close()
    assert "history.sqlite: table history, row 2, line 2: WYCH_API_KEY" in scan(".").out


def test_a_row_in_sqlite_is_read_as_a_whole(project, scan):
    """A token in a BLOB, and a secret in the cell after its name."""
    with sqlite3.connect(project.folder / "jar.sqlite") as base:
        base.execute("CREATE TABLE kept (name TEXT, value)")
        base.executemany(
            "INSERT INTO kept VALUES (?, ?)",
            [("a", JWT.encode()), ("client_secret", SHAPED), (None, b"\0\1")],
        )
    base.close()
    found = scan(".").out.splitlines()
    assert [line.partition(" [")[0] for line in found] == [
        "jar.sqlite: table kept, row 1, line 1: a signed token (JWT)",
        (
            "jar.sqlite: table kept, row 2, line 1: something as long as a secret after the name"
            " of one"
        ),
    ]


@pytest.fixture
def locked(monkeypatch):
    """Makes a folder one that may not be listed, nor looked into; for root as well, who otherwise may everything."""

    def lock(folder):
        def refusing(real):
            def call(path=".", *args, **kwargs):
                inside = isinstance(path, str | os.PathLike) and Path(path).absolute()
                if inside and (
                    folder in inside.parents or (inside == folder and real is not real_stat)
                ):
                    raise PermissionError(13, "Permission denied", str(path))
                return real(path, *args, **kwargs)

            return call

        real_stat = os.stat
        for name in ("stat", "scandir"):
            monkeypatch.setattr(os, name, refusing(getattr(os, name)))

    return lock


def test_a_folder_that_cannot_be_read_is_said(project, scan, locked):
    """Below the named folder it is passed over, by name and reason; named itself it is no clean bill, but status 2."""
    (project.folder / "shut").mkdir()
    locked(project.folder / "shut")
    ran = scan(".")
    assert ran.status == 0
    assert "cannot be read (Permission denied): shut" in ran.err
    ran = scan("shut")
    assert (ran.status, ran.err) == (2, "shut cannot be read: Permission denied.\n")


def test_a_link_to_a_folder_is_said(project, scan, tmp_path):
    """It is not followed, as it may lead anywhere, and that is said."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.txt").write_text(KEY, "utf-8")
    (project.folder / "link").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    ran = scan(".")
    assert ran.status == 0
    assert "a link to a folder: link" in ran.err
    assert scan("link").status == 1


def test_a_git_that_will_not_say_is_not_taken_for_a_no(project, scan):
    """In a clone whose git fails, as over one of another owner, `.env` is looked into."""
    subprocess.run(
        "git init -q && git add -f .env && echo '[broken' > .git/config",
        shell=True,
        check=True,
        cwd=project.folder,
    )
    ran = scan(".")
    assert ran.status == 1
    assert ".env: line 2: WYCH_CLIENT_SECRET" in ran.out


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_name_cannot_forge_a_line(project, scan):
    """A file's name with control characters and line breaks is shown in one harmless line, found or passed over."""
    (project.folder / "x\x1b[2J\nclean.txt: nothing").write_text(KEY, "utf-8")
    (project.folder / "y\x1b[2J\nz").write_bytes(b"\0")
    ran = scan(".")
    assert ran.out.count("\n") == 1
    assert r"x\x1b[2J\nclean.txt: nothing: line 1" in ran.out
    assert r"binary: y\x1b[2J\nz" in ran.err
    assert "\x1b" not in ran.out + ran.err


def test_a_long_run_of_beginnings_is_no_trap():
    """A file full of what a token begins with is gone through once: it ends, where going back each time would take an hour."""
    command = [sys.executable, "-m", "wych_kit", "scan", "-"]
    ran = subprocess.run(
        command, input=b"eyJ" * 400_000, capture_output=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr


def test_standard_input_is_read(project, scan, monkeypatch):
    """`-` takes what is piped, so that `git log -p` can be looked through."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f"+a\n+{KEY}\n".encode())))
    ran = scan("-")
    assert (ran.status, ran.out.split(" [")[0]) == (
        1,
        "standard input: line 2: WYCH_API_KEY, as it is in force",
    )


def test_a_file_called_like_a_secret_is_not_shown(project, scan):
    """The place is redacted too."""
    (project.folder / f"{KEY}.txt").write_text(KEY, "utf-8")
    ran = scan(".")
    assert ran.status == 1
    assert "‹WYCH_API_KEY›.txt: line 1" in ran.out


def test_secrets_of_other_profiles_count(project, scan):
    """The secrets in `.env.sandbox` beside are in force as well."""
    (project.folder / ".env.sandbox").write_text("WYCH_API_KEY=sandboxcanary77\n", "utf-8")
    (project.folder / "a.log").write_text("sandboxcanary77", "utf-8")
    ran = scan(".")
    assert "a.log: line 1: WYCH_API_KEY" in ran.out
    assert "sandboxcanary77" not in ran.out + ran.err


def test_env_is_where_secrets_belong_until_git_has_it(project, scan):
    """A folder's `.env` is passed over, and that is said; named itself, or added to git, it is looked into."""
    ran = scan(".")
    assert ran.status == 0
    assert "secrets belong there and git does not have it: .env" in ran.err
    assert scan(".env").status == 1
    subprocess.run("git init -q && git add -f .env", shell=True, check=True, cwd=project.folder)
    ran = scan(".")
    assert (ran.status, ran.out.count("\n")) == (1, 2)


def test_what_is_passed_over_is_said(project, scan, monkeypatch):
    """Binary and huge files, caches and what was installed: by name and reason, status 0."""
    monkeypatch.setattr(text_sources, "MAX_FILE_SIZE", 1 << 20)
    (project.folder / "big.csv").write_text("x" * (1 << 20) + KEY, "utf-8")
    (project.folder / "a.png").write_bytes(b"\x89PNG\0" + KEY.encode())
    for folder, sign in (("venv", "pyvenv.cfg"), ("cache", "CACHEDIR.TAG")):
        (project.folder / folder).mkdir()
        (project.folder / folder / sign).touch()
        (project.folder / folder / "a.txt").write_text(KEY, "utf-8")
    ran = scan(".")
    assert (ran.status, ran.out) == (0, "")
    for words in (
        "larger than 1 MiB: big.csv",
        "binary: a.png",
        "installed or compiled: venv",
        "a cache: cache",
    ):
        assert words in ran.err


def test_the_mocks_own_key_is_no_finding(project, scan):
    """The key that comes with the kit is known, wherever it is, and said to be passed over; without a path it is this folder."""
    (project.folder / "signing.pem").write_bytes(
        files("wych_kit.mock.tokens.keys").joinpath("signing.pem").read_bytes()
    )
    ran = scan()
    assert (ran.status, ran.out) == (0, "")
    assert "signing.pem: line" in ran.err


def test_what_is_allowed_is_one_value(project, scan):
    """`--allow` with a finding's digits lets that value pass and no other, two keys that begin alike included."""
    (project.folder / "one.pem").write_text(PEM + "one", "utf-8")
    first = re.search(r"\[(\w+)\]", scan(".").out)[1]
    (project.folder / "one.json").write_text(json.dumps({"key": PEM + "one\n"}), "utf-8")
    (project.folder / "one.diff").write_text("+" + (PEM + "one\n").replace("\n", "\n+"), "utf-8")
    assert scan(".", "--allow", first).status == 0, "the same key, laid out in another way"
    (project.folder / "two.pem").write_text(PEM + "two", "utf-8")
    ran = scan(".", "--allow", first)
    assert (ran.status, ran.out.count("\n")) == (1, 1)
    assert "two.pem" in ran.out


@pytest.mark.parametrize(
    "text",
    [
        JWT.rpartition(".")[0] + ".c2lnbmF0dXJl",
        "-----BEGIN PRIVATE" + " KEY-----",
        "client_secret: your-client-secret-goes-here-ok",
        "commit " + "0a1b" * 10,
        "WYCH_API_KEY=",
        "mock-only-not-a-real-secret-0001",
    ],
)
def test_what_only_resembles_a_secret_is_left_alone(project, scan, text):
    """Examples too short for a signature, the words before a key, placeholders, commit ids, the mock's published credentials."""
    (project.folder / ".env.mock").write_text(
        "WYCH_CLIENT_SECRET=mock-only-not-a-real-secret-0001\n", "utf-8"
    )
    (project.folder / "a.txt").write_text(text, "utf-8")
    assert scan(".").status == 0


def test_a_path_that_is_not_there_is_an_error(scan):
    """A mistyped path is no clean bill: status 2, by name."""
    ran = scan("no-such-folder")
    assert ran.status == 2
    assert "no-such-folder" in ran.err
