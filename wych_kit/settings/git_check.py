"""Asks git whether it would commit a file, and refuses to write secrets where it would."""

from __future__ import annotations

import os
from pathlib import Path

from wych_kit.errors import SettingInvalid

_TIMEOUT = 10  # seconds


def refuse_committable(target: Path) -> Path | None:
    """Raise `SettingInvalid` if git would commit the file or cannot tell; else return git's folder.

    Returns None where nothing can be committed: outside of work trees, and without git.
    """
    if not target.parent.is_dir():  # then nothing can be written there either
        return None
    inside, output = run_git(target, "rev-parse", "--is-inside-work-tree", "--absolute-git-dir")
    if inside is None or output.startswith(("fatal: not a git repository (or any", "false")):
        return None
    ignored, message = (
        run_git(target, "check-ignore", "-q", "--", target.name)
        if inside == 0
        else (inside, output)
    )
    if ignored == 0:
        return Path(output.split("\n")[1])
    # 1 means "not ignored"; every other status means that git failed, and a repository with a
    # broken index can still be committed from once it is repaired.
    if ignored != 1:
        message = message.removeprefix("fatal: ").split("\n")[0]
        reason = (
            f"was not written, because git cannot tell whether it would commit it: {message}."
            " Run `git status` in its folder and follow its advice"
        )
    # A file in the index is committed even if .gitignore names it.
    elif run_git(target, "ls-files", "--error-unmatch", "--", target.name)[0] == 0:
        reason = (
            "is tracked by git, so its secrets would be published."
            f" Run `git rm --cached {target.name}` and add the line `{target.name}` to .gitignore."
            " Then replace every secret that was in it"
        )
    else:
        reason = f"would be committed by git. Add the line `{target.name}` to .gitignore first"
    raise SettingInvalid(target.name, reason, reference="env-file-committable")


def run_git(target: Path, *arguments: str) -> tuple[int | None, str]:
    """Run git in the target's folder; return its exit status (None without git) and its output.

    The status is -1 when git could not be started or did not end in time.
    """
    # These two cost more than the rest of this room, and only saving needs them.
    import shutil
    import subprocess

    git = shutil.which("git")
    if git is None:
        return None, ""
    # A git hook sets GIT_DIR, which would make git answer for another repository.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    # A repository mounted into a container belongs to another user, which git calls dubious. It is
    # asked all the same; that trust must not start the file watcher of the repository's own config.
    config = {"safe.directory": "*", "core.fsmonitor": "false"}
    environ |= {"LC_ALL": "C", "GIT_CONFIG_COUNT": str(len(config))}
    for number, (name, value) in enumerate(config.items()):
        environ |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    command = [git, "-C", str(target.parent), *arguments]
    try:
        done = subprocess.run(  # noqa: S603  # no shell, and every argument is ours
            command, env=environ, capture_output=True, check=False, timeout=_TIMEOUT
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return -1, f"running git failed with {type(error).__name__}"
    return done.returncode, os.fsdecode(done.stdout or done.stderr).strip()
