"""A .env file is read as python-dotenv reads it, and saved so that nothing is lost and nobody else can look."""

import io
import os
import pickle
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import traceback
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.traceback import Traceback

from wych_kit.errors import SettingInvalid
from wych_kit.secret import Secret
from wych_kit.settings import env_file_writer, private_files
from wych_kit.settings.env_file import read
from wych_kit.settings.env_file_writer import save

posix = pytest.mark.skipif(os.name != "posix", reason="modes, owners and links of POSIX")
CANARY = "c4nary-Tweet-0815"
storable = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
awkward = st.text(alphabet="ab =#'\"`$\\{}\n\r\t \u00e9\u2028\ufeff", max_size=12)


@pytest.fixture
def env(tmp_path):
    return tmp_path / ".env"


def values(path):
    """By name, what counts, revealed."""
    return {
        name: None if line.value is None else line.value.reveal()
        for name, line in read(path).last_lines().items()
    }


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@given(storable | awkward, storable | awkward)
@settings(max_examples=300)
def test_any_text_survives_a_round_trip(text, other):
    """What is saved is read back equal, by us and by plain python-dotenv, beside another value of any kind."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, ".env")
        save({"WYCH_CLIENT_SECRET": text}, path)
        save({"WYCH_API_KEY": Secret(other), "WYCH_CLIENT_SECRET": Secret(text)}, path)
        assert values(path) == {"WYCH_CLIENT_SECRET": text, "WYCH_API_KEY": other}
        assert dict(dotenv_values(path, interpolate=False)) == values(path)


fragments = st.sampled_from(
    [
        "A=1",
        "export B = two",
        "'C'=x",
        "D",
        "E='it # is'",
        'F="q\\"uote"',
        "# note",
        "",
        "   ",
        "bad line",
        "G='open",
        'H="open',
        "I=a#b",
        "J= # c",
    ]
)


@given(
    st.lists(fragments, max_size=8),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
    st.sampled_from("ABCDEFGHIJK"),
    awkward,
)
@settings(max_examples=300)
def test_saving_changes_one_value_or_nothing(lines, newline, ends, name, text):
    """In a file of any shape, saving sets that value and keeps all others, or refuses and leaves every byte as it was."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, ".env")
        path.write_bytes((newline.join(lines) + (newline if ends else "")).encode())
        before, held = path.read_bytes(), values(path)
        try:
            save({name: text}, path)
        except SettingInvalid:
            assert path.read_bytes() == before
            assert read(path).errors
        else:
            assert values(path) == held | {name: text}
        assert os.listdir(folder) == [".env"]  # noqa: PTH208  # names are what is compared


BEFORE = """\
# Ours
export WYCH_CLIENT_ID = 'old # id'   # from the portal

WYCH_API_KEY=first
OTHER="keep \\"me\\""
'WYCH_API_KEY'=second # counts
WYCH_APP_ID
"""
AFTER = """\
# Ours
export WYCH_CLIENT_ID=new   # from the portal

WYCH_API_KEY=first
OTHER="keep \\"me\\""
'WYCH_API_KEY'='a b' # counts
WYCH_APP_ID=7
WYCH_CLIENT_SECRET="it's"
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_rest_of_the_file_stays(env, newline):
    """Order, comments, export, quoted names and line endings stay; of two lines with one name the last is changed."""
    env.write_bytes(BEFORE.replace("\n", newline).encode())
    save(
        {
            "WYCH_CLIENT_ID": "new",
            "WYCH_API_KEY": "a b",
            "WYCH_APP_ID": "7",
            "WYCH_CLIENT_SECRET": Secret("it's"),
        },
        env,
    )
    assert env.read_bytes() == AFTER.replace("\n", newline).encode()


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", "N=''"),
        ("plain-1_2./:@%+,=", "N=plain-1_2./:@%+,="),
        ("a#b", "N='a#b'"),
        ("a b", "N='a b'"),
        ("$HOME", "N='$HOME'"),
        ('say "x"', "N='say \"x\"'"),
        ("it's", 'N="it\'s"'),
        ("back\\slash", 'N="back\\\\slash"'),
        ("two\nlines\r", 'N="two\\nlines\\r"'),
        ("m\u0101ori", "N='m\u0101ori'"),
    ],
)
def test_quotes_are_used_where_needed(env, text, written):
    """Plain values have no quotes, which Docker would keep; others the kind of quotes that changes least."""
    save({"N": text}, env)
    assert env.read_text("utf-8") == written + "\n"


def test_the_last_line_need_not_end(env):
    """A file whose last line has no line break gets one before a new line is added."""
    env.write_text("A=1")
    save({"B": "2"}, env)
    assert env.read_text() == "A=1\nB=2\n"


def test_lines_are_numbered_as_a_person_counts(env):
    """Blank lines and values of several lines count; a line that is none is reported with its number, and the rest is read."""
    env.write_text("\n\nA=1\n\n# note\nB='x\ny'\nnot a line\n\nC=3\n")
    found = read(env)
    assert [(line.name, line.number) for line in found.lines] == [("A", 3), ("B", 6), ("C", 10)]
    (problem,) = found.errors
    assert (problem.name, problem.origin, problem.reference) == (".env", "line 8", "env-file-line")


def test_a_byte_order_mark_hides_nothing_from_us(env):
    """The first name is found behind the mark (wire facts D25), the mark is reported, and a save takes it away."""
    env.write_bytes("\ufeffA=1\n".encode())
    assert values(env) == {"A": "1"}
    assert [problem.reference for problem in read(env).warnings] == ["env-file-bom"]
    save({"B": "2"}, env)
    assert env.read_bytes() == b"A=1\nB=2\n"
    assert read(env).warnings == ()


@pytest.mark.parametrize(
    ("content", "key_word"),
    [
        (
            "WYCH_API_KEY=k\n".encode("utf-16"),
            "UTF-16",
        ),
        (
            "WYCH_API_KEY=k\n".encode("utf-16-le"),
            "zero bytes",
        ),
        ("WYCH_API_KEY=\u00e9\n".encode("latin-1"), "not UTF-8"),
    ],
)
def test_a_file_in_another_encoding_is_named(env, content, key_word):
    """Reading says what the file is and what to do; saving refuses for the same reason, and neither touches it."""
    env.write_bytes(content)
    (problem,) = read(env).errors
    assert problem.reference == "env-file-unreadable"
    assert key_word in problem.reason
    with pytest.raises(SettingInvalid, match="Save it as UTF-8") as refusal:
        save({"A": "1"}, env)
    assert env.read_bytes() == content
    assert refusal.value.__context__ is None  # a decoding error would carry the whole file along


def test_a_folder_called_env_is_no_file(tmp_path):
    """A virtual environment named .env is reported as unreadable, and saving there is refused."""
    (tmp_path / ".env").mkdir()
    assert "cannot be read" in read(tmp_path / ".env").errors[0].reason
    with pytest.raises(SettingInvalid, match="ordinary file"):
        save({"A": "1"}, tmp_path / ".env")
    assert [each.name for each in tmp_path.iterdir()] == [".env"]


@posix
def test_a_vaults_pipe_is_read_and_not_replaced(env):
    """Vaults serve .env through a pipe: it is read once, and saving does not put a plain file in its place."""
    os.mkfifo(env)
    vault = threading.Thread(target=env.write_text, args=("A=1\n",))
    vault.start()
    assert values(env) == {"A": "1"}
    vault.join()
    with pytest.raises(SettingInvalid, match="ordinary file"):
        save({"A": "2"}, env)
    assert stat.S_ISFIFO(env.stat().st_mode)


@pytest.mark.parametrize("name", ["", "A B", "1A", "A=B", "A\nB", "\u00c4"])
def test_a_name_must_be_a_name(env, name):
    """What no shell could set is refused, and no file is made."""
    with pytest.raises(SettingInvalid, match="name for a variable"):
        save({name: "x"}, env)
    assert not env.exists()


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
def test_what_no_file_can_hold_is_refused(env, text):
    """A zero byte or half a surrogate pair is refused without repeating the value."""
    with pytest.raises(SettingInvalid, match=r"^A .*character"):
        save({"A": text}, env)


def test_a_quote_left_open_is_not_made_worse(env):
    """A new quoted value could close a quote left open above and swallow what is between; that is refused with the line."""
    env.write_text("A=1\nB='open\nC=3\n")
    with pytest.raises(SettingInvalid, match=r"line 2 has a quote"):
        save({"D": "needs quotes"}, env)
    assert env.read_text() == "A=1\nB='open\nC=3\n"
    save({"D": "plain"}, env)
    assert values(env) == {"A": "1", "C": "3", "D": "plain"}


@posix
@pytest.mark.parametrize("before", [None, 0o644, 0o666, 0o600])
def test_the_file_is_never_anybody_elses(env, monkeypatch, before):
    """New or not, with the laxest umask, every file in the folder that holds the secret is 0600 at every moment."""
    if before is not None:
        env.write_text("A=1\n")
        env.chmod(before)
    seen, real = [], os.fsync

    def look(descriptor):
        seen.extend(mode(each) for each in env.parent.iterdir() if CANARY in each.read_text())
        real(descriptor)

    monkeypatch.setattr(os, "fsync", look)
    umask = os.umask(0)
    try:
        save({"WYCH_CLIENT_SECRET": CANARY}, env)
    finally:
        os.umask(umask)
    assert set(seen) == {0o600}
    assert len(seen) == 2  # the new file, then its folder
    assert mode(env) == 0o600


@posix
def test_a_read_only_file_is_left_alone(env):
    """Whoever took away the right to write meant it, even where root could."""
    env.write_text("A=1\n")
    env.chmod(0o400)
    with pytest.raises(SettingInvalid, match="cannot be written: it is read-only"):
        save({"A": "2"}, env)
    assert (env.read_text(), mode(env)) == ("A=1\n", 0o400)


@posix
@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a file away"
)
def test_root_leaves_a_persons_file_theirs(env):
    """Saved with sudo, the file still belongs to the person it belonged to."""
    env.write_text("A=1\n")
    os.chown(env, 12345, 12345)
    save({"A": "2"}, env)
    assert (env.stat().st_uid, env.stat().st_gid) == (12345, 12345)


@posix
def test_a_link_is_followed(tmp_path):
    """A symbolic link stays one; what it points at is changed, and its real place is returned. A loop is refused."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "env").write_text("A=1\n")
    (tmp_path / ".env").symlink_to(tmp_path / "real" / "env")
    assert save({"A": "2"}, tmp_path / ".env") == (tmp_path / "real" / "env").resolve()
    assert (tmp_path / ".env").is_symlink()
    assert (tmp_path / "real" / "env").read_text() == "A=2\n"
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(SettingInvalid, match="cannot be"):
        save({"A": "2"}, tmp_path / "loop")


def fails(*_, **__):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    "broken",
    [(os, "fsync"), (Path, "replace"), (env_file_writer, "_keep_owner")],
    ids=lambda pair: pair[1],
)
@pytest.mark.parametrize("before", [None, "# mine\nA=1\n"])
def test_a_failing_disk_loses_nothing(env, monkeypatch, broken, before):
    """When writing fails at any point the old file is whole, no spare is left, and the reason is told."""
    if before is not None:
        env.write_text(before)
    monkeypatch.setattr(*broken, fails)
    with pytest.raises(SettingInvalid, match=r"^\.env cannot be written: No space left on device$"):
        save({"A": "2"}, env)
    assert (env.read_text() if env.exists() else None) == before
    assert [each.name for each in env.parent.iterdir()] == ([".env"] if before else [])


def test_ctrl_c_loses_nothing(env, monkeypatch):
    """An interruption in the middle is passed on, with the old file whole and no spare left."""
    env.write_text("A=1\n")

    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save({"A": "2"}, env)
    assert [(each.name, each.read_text()) for each in env.parent.iterdir()] == [(".env", "A=1\n")]


@posix
@pytest.mark.parametrize("where", ["os.fsync", "Path.replace"])
def test_kill_9_loses_nothing(env, where):
    """Killed in the middle, the old file is whole and the spare is private; the next save clears it away."""
    env.write_text("A=1\n")
    code = f"""if True:
        import os, sys, time
        from pathlib import Path
        from wych_kit.settings.env_file_writer import save
        def stuck(*_):
            print("in the middle", flush=True)
            time.sleep(600)
        {where} = stuck
        save({{"A": "2"}}, Path(sys.argv[1]))"""
    with subprocess.Popen(
        [sys.executable, "-c", code, str(env)], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout.readline() == "in the middle\n"
        child.send_signal(signal.SIGKILL)
    (spare,) = (each for each in env.parent.iterdir() if each != env)
    assert (env.read_text(), mode(spare)) == ("A=1\n", 0o600)
    save({"B": "3"}, env)
    assert env.read_text() == "A=1\nB=3\n"
    assert [each.name for each in env.parent.iterdir()] == [".env"]


STALLING = """if True:
    import os, sys
    from pathlib import Path
    from wych_kit.settings.env_file_writer import save
    real, calls = os.fsync, []
    def stalled(descriptor):
        if not calls:
            calls.append(1)
            print("in the middle", flush=True)
            sys.stdin.readline()
        real(descriptor)
    os.fsync = stalled
    save({"A": "2"}, Path(sys.argv[1]))"""


@posix
def test_a_stalled_saver_destroys_nothing(env, monkeypatch):
    """While one saver is stuck for longer than the patience the next gives up with a reason; then both values get in."""
    env.write_text("A=1\n")
    monkeypatch.setattr(private_files, "LOCK_TIMEOUT", 0.1)
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", STALLING, str(env)], stdin=pipe, stdout=pipe, text=True
    ) as child:
        assert child.stdout.readline() == "in the middle\n"
        (spare,) = (each for each in env.parent.iterdir() if each != env)
        os.utime(spare, (0, 0))  # however old its work looks
        with pytest.raises(SettingInvalid, match="another program"):
            save({"B": "3"}, env)
        assert env.read_text() == "A=1\n"
        child.communicate("go on\n")
    assert child.returncode == 0
    save({"B": "3"}, env)
    assert values(env) == {"A": "2", "B": "3"}


@posix
def test_without_locks_a_stalled_saver_still_destroys_nothing(env, monkeypatch):
    """On a disk that knows no locks an update may be lost, but each saver has its own spare and the file is always whole."""
    import fcntl

    def no_locks(*_):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    env.write_text("A=1\n")
    real, seen = os.fsync, []

    def overtaken(descriptor):
        monkeypatch.setattr(os, "fsync", real)
        save({"B": "3"}, env)
        seen.append(values(env))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", overtaken)
    save({"A": "2"}, env)
    assert seen == [{"A": "1", "B": "3"}]
    assert values(env) == {"A": "2"}


def test_savers_at_the_same_time_lose_nothing(env):
    """Three processes and four threads, each saving its own names, all find their values in the end."""
    code = (
        "import sys; from pathlib import Path; from wych_kit.settings.env_file_writer import save\n"
    )
    code += "for n in range(10): save({f'P{sys.argv[2]}_{n}': 'x y'}, Path(sys.argv[1]))"
    children = [
        subprocess.Popen([sys.executable, "-c", code, str(env), str(which)]) for which in range(3)
    ]
    threads = [
        threading.Thread(
            target=lambda w=which: [save({f"T{w}_{n}": "x y"}, env) for n in range(10)]
        )
        for which in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [child.wait() for child in children] == [0, 0, 0]
    wanted = {f"P{which}_{n}" for which in range(3) for n in range(10)} | {
        f"T{which}_{n}" for which in range(4) for n in range(10)
    }
    assert values(env) == dict.fromkeys(wanted, "x y")


def test_a_system_without_posix_calls_can_save(env, monkeypatch):
    """Where folders cannot be synced and owners not changed, as on Windows, saving works all the same."""
    monkeypatch.delattr(os, "O_DIRECTORY", raising=False)
    monkeypatch.delattr(os, "fchown", raising=False)
    save({"A": "1"}, env)
    save({"A": "2"}, env)
    assert env.read_text() == "A=2\n"


@pytest.mark.parametrize(
    "broken",
    [(os, "fsync"), (Path, "replace"), (env_file_writer, "_refuse_changed")],
    ids=lambda pair: pair[1],
)
def test_a_failing_save_shows_no_secret(env, monkeypatch, broken):
    """Neither Python's traceback with locals nor rich's shows what was being saved, nor what the file held."""
    env.write_text(f"A={CANARY}\n")

    def bug(*_):
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr(*broken, bug)
    with pytest.raises(RuntimeError) as failure:
        save({"WYCH_CLIENT_SECRET": Secret(CANARY)}, env)
    error = failure.value
    assert CANARY not in "".join(
        traceback.TracebackException.from_exception(error, capture_locals=True).format()
    )
    console = Console(file=io.StringIO(), width=200)
    console.print(
        Traceback.from_exception(
            type(error), error, error.__traceback__, show_locals=True, locals_max_string=None
        )
    )
    assert CANARY not in console.file.getvalue()


def test_what_was_read_shows_no_secret(env):
    """The file as read can be printed and its problems pickled: every value is a Secret, whatever its name."""
    env.write_text(f"NAME_OF_ANY_KIND={CANARY}\nbroken {CANARY} line\n")
    found = read(env)
    assert CANARY not in repr(found)
    assert CANARY.encode() not in pickle.dumps(found.errors)


git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A git work tree of its own, whatever the machine's git settings and the environment say."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nobody"))
    folder = tmp_path / "work"
    folder.mkdir()
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    return folder


@git
def test_a_file_that_git_would_commit_is_refused(repository):
    """Not ignored: refused with the line to add, before anything is written; once added, saved."""
    with pytest.raises(
        SettingInvalid,
        match=r"the line `\.env` to \.gitignore",
    ) as refusal:
        save({"A": "1"}, repository / ".env")
    assert refusal.value.reference == "env-file-committable"
    assert [each.name for each in repository.iterdir()] == [".git"]
    (repository / ".gitignore").write_text(".env\n")
    save({"A": "1"}, repository / ".env")
    assert (repository / ".env").read_text() == "A=1\n"


@git
def test_a_tracked_file_is_refused_though_ignored(repository):
    """Already in the index, .gitignore does not help: the refusal says how to take it out."""
    (repository / ".env").write_text("A=1\n")
    subprocess.run(["git", "-C", str(repository), "add", ".env"], check=True)
    (repository / ".gitignore").write_text(".env\n")
    with pytest.raises(SettingInvalid, match=r"is tracked by git.*`git rm --cached \.env`"):
        save({"A": "2"}, repository / ".env")


@git
def test_a_hooks_environment_does_not_mislead(repository, tmp_path, monkeypatch):
    """GIT_DIR of another repository, as git hooks set it, changes nothing about the judgement."""
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    with pytest.raises(SettingInvalid, match="would be committed"):
        save({"A": "1"}, repository / ".env")


@git
def test_the_links_target_is_what_git_is_asked_about(repository, tmp_path):
    """A link inside the repository to a file outside of it commits no secret."""
    (repository / ".env").symlink_to(tmp_path / "outside.env")
    save({"A": "1"}, repository / ".env")
    assert (tmp_path / "outside.env").read_text() == "A=1\n"


@git
@posix
@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a folder away"
)
def test_somebody_elses_repository_is_judged_all_the_same(repository):
    """A repository mounted into a container has a stranger for owner, which git calls dubious: the answer is still git's."""
    for each in (repository, *repository.rglob("*")):
        os.chown(each, 12345, 12345)
    asked = subprocess.run(
        ["git", "-C", str(repository), "status"], capture_output=True, text=True, check=False
    )
    assert "dubious ownership" in asked.stderr
    with pytest.raises(SettingInvalid, match="would be committed"):
        save({"A": "1"}, repository / ".env")
    (repository / ".gitignore").write_text(".env\n")
    save({"A": "1"}, repository / ".env")
    assert values(repository / ".env") == {"A": "1"}


@git
@posix
def test_asking_git_runs_nothing_of_the_repositorys(repository, tmp_path):
    """Trusting any owner for one question must not let a stranger's configuration start a program."""
    watcher = tmp_path / "watcher"
    watcher.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    watcher.chmod(0o755)
    (repository / ".env").write_text("A=1\n")
    subprocess.run(["git", "-C", str(repository), "add", ".env"], check=True)
    subprocess.run(
        ["git", "-C", str(repository), "config", "core.fsmonitor", str(watcher)], check=True
    )
    with pytest.raises(SettingInvalid, match="is tracked by git"):
        save({"A": "2"}, repository / ".env")
    assert not (tmp_path / "ran").exists()
    subprocess.run(["git", "-C", str(repository), "status"], check=True, capture_output=True)
    assert (tmp_path / "ran").exists()


@git
@pytest.mark.parametrize(
    ("broken", "content"),
    [
        (".git/config", "no configuration"),
        (".git/index", "no index"),
        (".git", "gitdir: /no/such/place\n"),
    ],
)
def test_when_git_cannot_tell_nothing_is_saved(repository, broken, content):
    """A repository git stumbles over may still be committed from once mended, so the refusal gives git's own words."""
    (repository / ".gitignore").write_text(".env\n")
    if broken == ".git":
        shutil.rmtree(repository / ".git")
    (repository / broken).write_text(content)
    with pytest.raises(
        SettingInvalid,
        match=r"git cannot tell .+\. Run `git status`",
    ):
        save({"A": "1"}, repository / ".env")
    assert not (repository / ".env").exists()


@git
@posix
def test_a_killed_saver_leaves_nothing_for_git(repository):
    """With .env alone ignored, what a killed saver leaves is in git's own folder: nothing new to add; the next save clears it."""
    (repository / ".gitignore").write_text(".env\n")
    with subprocess.Popen(
        [sys.executable, "-c", STALLING, str(repository / ".env")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout.readline() == "in the middle\n"
        child.send_signal(signal.SIGKILL)
    status = ["git", "-C", str(repository), "status", "--porcelain", "-uall"]
    assert (
        subprocess.run(status, capture_output=True, text=True, check=True).stdout
        == "?? .gitignore\n"
    )
    assert len([*(repository / ".git").glob(".env.*")]) == 1
    save({"A": "1"}, repository / ".env")
    assert [*(repository / ".git").glob(".env.*")] == []


@git
def test_a_spare_beside_the_file_must_be_ignored_too(repository, monkeypatch):
    """Where git's folder will not do, as it is on another disk or read-only, both names must be ignored."""
    (repository / ".gitignore").write_text(".env\n")
    real = os.access
    monkeypatch.setattr(
        os, "access", lambda path, *rest: not str(path).endswith(".git") and real(path, *rest)
    )
    with pytest.raises(
        SettingInvalid,
        match=r"the line `\.env\.\*` to \.gitignore",
    ):
        save({"A": "1"}, repository / ".env")
    (repository / ".gitignore").write_text(".env\n.env.*\n")
    save({"A": "1"}, repository / ".env")
    assert values(repository / ".env") == {"A": "1"}


@git
def test_without_git_nothing_is_refused(repository, monkeypatch):
    """No git on this machine: nothing can be committed from here, and saving works."""
    monkeypatch.setenv("PATH", "")
    save({"A": "1"}, repository / ".env")
    assert values(repository / ".env") == {"A": "1"}


def test_reading_a_missing_file_is_reported_not_raised(tmp_path):
    """A file that went away between finding and reading is one more reason, not an exception."""
    (problem,) = read(tmp_path / ".env").errors
    assert problem.reason == "cannot be read: No such file or directory"
