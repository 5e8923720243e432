"""Passwords, kept as scrypt hashes with a salt each."""

from __future__ import annotations

import hashlib
from functools import partial
from hmac import compare_digest

# 4 MiB and about 10 ms: slow enough for a file of pretend accounts that somebody may have given a password they use elsewhere.
_scrypt = partial(hashlib.scrypt, n=4096, r=8, p=1)
_NOBODY = "00" * 16 + "$"


def hashed(password: str, salt: bytes) -> str:
    """What is kept of a password."""
    return f"{salt.hex()}${_scrypt(password.encode('utf-8', 'surrogatepass'), salt=salt).hex()}"


def is_password(password: str, kept: str | None) -> bool:
    """Whether this is the password that was kept; with nothing kept it takes as long to say no."""
    kept = kept or _NOBODY
    return compare_digest(hashed(password, bytes.fromhex(kept.partition("$")[0])), kept)
