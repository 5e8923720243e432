"""`wych-kit lab`: what it starts answers, and is gone afterwards; what a person changed survives."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest

from wych_kit.terminal import jupyter_server, notebook_files

pytestmark = pytest.mark.slow


ROOT = Path(__file__).parents[2]
NOTEBOOKS = ROOT / "notebooks"


def free_port():
    """A port that nothing listens at just now."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """The folder for temporary files of whatever is started."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture
def opened(project, scratch):
    """`wych-kit lab` in a process group of its own, as a shell gives it, with a mock to start: the process, its address and token."""
    mock_port = free_port()
    project.write_env(environment="mock", issuer_url=f"http://127.0.0.1:{mock_port}/realms/partner")
    process = subprocess.Popen(
        [sys.executable, "-m", "wych_kit", "lab", "--no-browser"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        printed = next((line for line in process.stdout if "token=" in line), "")
        url, token = re.search(
            r"(http://127\.0\.0\.1:\d+)/lab/tree/0_start_here\.ipynb\?token=(\S+)", printed
        ).groups()
        yield process, url, token, mock_port
    finally:
        process.terminate()
        process.wait(15)
        process.stdout.close()


def command_line(process):
    """A process's command line; empty for one that ended meanwhile."""
    try:
        return " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return ""


@pytest.mark.skipif(os.name == "nt", reason="signals as POSIX has them")
@pytest.mark.parametrize("stop", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_what_it_started_answers_and_is_gone_after_a_signal(opened, project, scratch, stop):
    """JupyterLab answers on the printed address, with its token only, without the news; Ctrl-C ends it, its kernel and the mock.

    So does the end of the terminal, and the folder with the token is gone too.
    """
    process, url, token, mock_port = opened
    with httpx.Client(
        base_url=url, headers={"Authorization": f"token {token}"}, trust_env=False, timeout=20
    ) as person:
        assert "version" in person.get("/api").json()
        assert httpx.get(f"{url}/api/contents", trust_env=False).status_code == 403
        assert person.get("/api/contents/0_start_here.ipynb").json()["content"]["cells"]
        assert person.get("/lab/tree/0_start_here.ipynb").status_code == 200
        news = person.get("/lab/api/settings/@jupyterlab/apputils-extension:notification").json()[
            "schema"
        ]["properties"]
        assert (news["fetchNews"]["default"], news["checkForUpdates"]["default"]) == (
            "false",
            False,
        )
        assert person.post("/api/kernels").status_code == 201
        assert person.put(
            "/lab/api/workspaces/default", json={"data": {}, "metadata": {"id": "default"}}
        ).is_success
        (kept,) = project.folder.parent.rglob("*.jupyterlab-workspace")
        assert scratch in kept.parents, "another folder's tabs would open here"
    socket.create_connection(("127.0.0.1", mock_port), timeout=5).close()
    started = psutil.Process(process.pid).children(recursive=True)
    assert len(started) >= 2, "the server and its kernel"
    assert token not in " ".join(map(command_line, started))
    if stop == "SIGINT":
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.send_signal(getattr(signal, stop))
    assert process.wait(15) == 0
    assert psutil.wait_procs(started, timeout=5)[1] == []
    assert list(scratch.iterdir()) == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", mock_port), timeout=5)


def test_a_taken_port_is_said(project, kit, mock_wych):
    """A port that somebody has is named, with what to do; nothing is started."""
    project.ready_on(mock_wych)
    ran = kit("lab", "--no-browser", "--port", mock_wych.port)
    assert ran.status == 2
    assert f"port {mock_wych.port} " in ran.err
    assert "--port" in ran.err


@pytest.mark.parametrize(
    "case",
    [((), "jupyterlab", "notebook"), (("--app",), "voila", "app")],
    ids=["JupyterLab", "Voilà"],
)
def test_what_is_missing_is_said(project, kit, mock_wych, monkeypatch, case):
    """Without JupyterLab or Voilà: which extra brings it, status 2, and no folder made."""
    words, library, extra = case
    project.ready_on(mock_wych)
    monkeypatch.setattr(
        jupyter_server, "find_spec", lambda name: pytest.fail(name) if name != library else None
    )
    ran = kit("lab", *words)
    assert (ran.status, ran.out) == (2, "")
    assert f"pip install 'wych-kit[{extra}]'" in ran.err
    assert not (project.folder / notebook_files.FOLDER).exists()


def test_a_server_that_does_not_come_up_says_its_last_words(project, kit, mock_wych, monkeypatch):
    """A JupyterLab that ends at once is not waited for: what it said is shown, with status 2."""
    project.ready_on(mock_wych)
    monkeypatch.setattr(
        jupyter_server,
        "_LAB",
        jupyter_server._LAB._replace(options=("--ServerApp.no_such_thing=[", "--no-such-option")),
    )
    monkeypatch.setenv("PYTHONHOME", str(project.folder))  # a Python that cannot find itself
    ran = kit("lab", "--no-browser")
    assert ran.status == 2
    assert "did not start" in ran.err
    assert "Python" in ran.err


def test_a_browser_needs_a_screen(monkeypatch):
    """On a machine without a display none is opened, even where one for the terminal is installed."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("webbrowser.get", lambda: "a browser")
    assert not jupyter_server._has_browser()
    monkeypatch.setenv("DISPLAY", ":0")
    assert jupyter_server._has_browser()


# The notebooks ---------------------------------------------------------------------------------------------------------------


def test_in_a_clone_they_are_copied_too(tmp_path):
    """Anywhere in a clone the copies are at its top, where git does not see them: what is typed and saved changes no file of the clone."""
    clone = tmp_path / "clone"
    shutil.copytree(NOTEBOOKS, clone / "notebooks", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".gitignore", clone)
    (clone / "pyproject.toml").touch()
    (clone / "docs").mkdir()
    git = ("git", "-c", "user.name=x", "-c", "user.email=x@example.com", "-C", clone)
    for words in (("init", "-q"), ("add", "."), ("commit", "-qm", "x")):
        subprocess.run([*git, *words], check=True)
    for here in (clone, clone / "notebooks", clone / "docs", clone / notebook_files.FOLDER):
        assert (
            notebook_files.copy_notebooks(here, lambda _: None, clone / "notebooks")
            == clone / notebook_files.FOLDER
        )
    assert all(path.suffix == ".ipynb" for path in (clone / notebook_files.FOLDER).iterdir())
    assert (
        subprocess.run(
            [*git, "status", "--porcelain"], check=True, capture_output=True, text=True
        ).stdout
        == ""
    )


def test_elsewhere_they_are_copied_once(tmp_path):
    """All notebooks are copied to a folder of their own and nothing else is; the second time, and from inside, there is nothing to say."""
    said = []
    folder = notebook_files.copy_notebooks(tmp_path, said.append)
    assert folder == tmp_path / notebook_files.FOLDER
    names = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))
    assert sorted(path.name for path in folder.iterdir()) == names
    assert said == [f"Copied {len(names)} notebooks to {folder}"]
    assert (
        notebook_files.copy_notebooks(tmp_path, pytest.fail)
        == notebook_files.copy_notebooks(folder, pytest.fail)
        == folder
    )


def test_a_changed_notebook_survives(tmp_path):
    """A changed cell stays; the kit's notebook is laid beside it, once, and it is said which cell differs. One only run is no change."""
    folder = notebook_files.copy_notebooks(tmp_path, lambda _: None)
    changed, run, broken = (
        folder / name for name in ("3_token.ipynb", "2_discover.ipynb", "1_register.ipynb")
    )
    book = json.loads(changed.read_text("utf-8"))
    book["cells"][2]["source"] = ["mine\n", "and mine"]
    changed.write_text(json.dumps(book), "utf-8")
    book = json.loads(run.read_text("utf-8"))
    for cell in book["cells"]:
        cell.update({"outputs": [], "execution_count": 7} if cell["cell_type"] == "code" else {})
    run.write_text(json.dumps(book), "utf-8")
    broken.write_text("half a noteb", "utf-8")
    before = {path: path.read_bytes() for path in (changed, run, broken)}
    for _ in range(2):
        said = []
        notebook_files.copy_notebooks(tmp_path, said.append)
        broken_line, changed_line = said
        assert "1_register.ipynb" in broken_line
        assert "1_register.new.ipynb" in broken_line
        assert "3_token.ipynb" in changed_line
        assert "cell 3 " in changed_line
        assert "3_token.new.ipynb" in changed_line
    assert {path: path.read_bytes() for path in before} == before
    assert (folder / "3_token.new.ipynb").read_bytes() == (NOTEBOOKS / "3_token.ipynb").read_bytes()
    assert len(list(folder.glob("*.new*"))) == 2


def test_half_a_copy_does_not_stay(tmp_path, monkeypatch):
    """Interrupted while it writes, nothing is left that would pass for the person's own; the next time all are copied."""

    def interrupted(_):
        raise KeyboardInterrupt

    whole = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", interrupted)
    with pytest.raises(KeyboardInterrupt):
        notebook_files.copy_notebooks(tmp_path, pytest.fail)
    assert list((tmp_path / notebook_files.FOLDER).iterdir()) == []
    monkeypatch.setattr(Path, "read_bytes", whole)
    said = []
    notebook_files.copy_notebooks(tmp_path, said.append)
    assert len(said) == 1


@pytest.mark.parametrize("links", [True, False])
def test_a_copy_is_a_file_like_any_other(tmp_path, monkeypatch, links):
    """Readable as the person's new files are, also where the file system has no links."""

    def refuse(*_):
        raise OSError(95, "Operation not supported")

    if not links:
        monkeypatch.setattr(Path, "hardlink_to", refuse)
    folder = notebook_files.copy_notebooks(tmp_path, lambda _: None)
    (tmp_path / "usual").touch()
    assert {path.stat().st_mode for path in folder.iterdir()} == {
        (tmp_path / "usual").stat().st_mode
    }
    assert {path.name for path in folder.iterdir()} == {
        path.name for path in NOTEBOOKS.glob("*.ipynb")
    }


def test_the_new_one_beside_survives_too(tmp_path):
    """Who works on in `3_token.new.ipynb` keeps that as well: the next is `3_token.new2.ipynb`."""
    folder = notebook_files.copy_notebooks(tmp_path, lambda _: None)
    for name in ("3_token.ipynb", "3_token.new.ipynb"):
        (folder / name).write_text('{"cells": []}', "utf-8")
    said = []
    notebook_files.copy_notebooks(tmp_path, said.append)
    assert "3_token.new2.ipynb" in said[0]
    assert (folder / "3_token.new.ipynb").read_text("utf-8") == '{"cells": []}'


def test_a_wheel_brings_them(tmp_path):
    """Installed from a wheel, the package itself has the notebooks, and they are copied even where a pyproject.toml is above."""
    origin = tmp_path / "site-packages" / "wych_kit" / "notebooks"
    shutil.copytree(
        NOTEBOOKS, origin, ignore=shutil.ignore_patterns("*.py", "*.cfg", "__pycache__", ".*")
    )
    (tmp_path / "project").mkdir()
    (tmp_path / "pyproject.toml").touch()
    folder = notebook_files.copy_notebooks(tmp_path / "project", lambda _: None, origin)
    assert (folder / "0_start_here.ipynb").read_bytes() == (
        NOTEBOOKS / "0_start_here.ipynb"
    ).read_bytes()
