"""Writes files that only their owner can read, whole or not at all.

It knows nothing of what is in them. Every file of the kit that holds a secret, or what a customer's
bank answered, is written here.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from wych_kit.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

# Seconds. A save takes milliseconds: whoever holds the lock longer is stopped, asleep, or on a very
# slow disk.
LOCK_TIMEOUT = 10.0
_BUSY = "another program has been saving in this folder for seconds. Wait until it ends, or stop it"


def write_private_file(path: Path, content: bytes | Secret) -> None:
    """Create or replace the file at `path`, mode 0600. Readers see the old bytes or the new ones.

    The folder must exist. A symbolic link at `path` is replaced, not followed. Not synced to the
    disk: this is for what can be had again. Raises `OSError`; the old file then stays as it was.
    """
    with create_temporary(path.parent, prefix=f"{path.name}.") as file:
        _fill(file, content)
        Path(file.name).replace(path)


def create_private_file(path: Path, content: bytes | Secret) -> bool:
    """Create the file at `path`, mode 0600; return False if that name is taken, which stays.

    The folder must exist. Raises `OSError`; nothing is left behind then.
    """
    with create_temporary(path.parent, prefix=f"{path.name}.") as file:
        _fill(file, content)
        return move_without_replacing(Path(file.name), path)


def replace_durably(file: IO[bytes], target: Path) -> None:
    """Sync a temporary file and give it the target's name; a power cut then loses neither version.

    Both names must be on one disk. Raises `OSError`.
    """
    file.flush()
    os.fsync(file.fileno())
    file.close()  # Windows does not rename an open file
    Path(file.name).replace(target)
    # A new name is on the disk only when its folder is. Windows has no such call.
    if hasattr(os, "O_DIRECTORY"):
        folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextlib.contextmanager
def create_temporary(folder: Path, prefix: str) -> Iterator[IO[bytes]]:
    """Open a new file `<prefix>….new`, mode 0600; remove it at the end unless it was renamed."""
    import tempfile  # not at the top: reading settings, which every command does, needs none

    # Private from its first moment: a mode set later leaves a gap in which others can open it.
    # Windows has no such modes and protects by folder.
    descriptor, name = tempfile.mkstemp(".new", prefix, folder)
    try:
        with open(name, "wb", opener=lambda *_: descriptor) as file:
            yield file
    finally:
        with contextlib.suppress(OSError):
            Path(name).unlink()


def move_without_replacing(finished: Path, path: Path) -> bool:
    """Give a finished file the name `path`; return False if something has that name, which stays.

    The old name may remain as well: whoever created it removes it. Raises `OSError`.
    """
    try:
        # Unlike a rename, a link never replaces a file that somebody created meanwhile.
        path.hardlink_to(finished)
    except FileExistsError:
        return False
    except OSError:
        # A file system without links: reserve the name first, then fill it.
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            return False
        finished.replace(path)
    return True


@contextlib.contextmanager
def lock_folder(folder: Path) -> Iterator[bool]:
    """Let one program at a time work in the folder; yield False where the disk knows no locks.

    The system frees the lock when its holder ends, however it ends. Raises `TimeoutError` after
    `LOCK_TIMEOUT` seconds.
    """
    if not hasattr(os, "O_DIRECTORY"):
        # Windows locks no folders: there it is a file, which is removed with the lock.
        from filelock import FileLock, Timeout

        try:
            lock = FileLock(folder / ".env.lock", LOCK_TIMEOUT, mode=0o600).acquire()
        except Timeout:
            raise TimeoutError(None, _BUSY) from None
        with lock:
            yield True
        return
    # Not filelock here: the folder itself is locked, so that all users and containers agree on the
    # lock, and no lock file appears in a project.
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield _acquire_lock(descriptor)
    finally:
        os.close(descriptor)


def _acquire_lock(folder: int) -> bool:
    import fcntl

    deadline = time.monotonic() + LOCK_TIMEOUT
    while True:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise TimeoutError(None, _BUSY) from None
            time.sleep(0.01)
        except OSError:  # some network disks
            return False
        else:
            return True


def _fill(file: IO[bytes], content: bytes | Secret) -> None:
    # A Secret is revealed inside the call only: no local variable shows it in a traceback.
    file.write(content.reveal().encode() if isinstance(content, Secret) else content)
    file.close()  # Windows does not rename an open file
