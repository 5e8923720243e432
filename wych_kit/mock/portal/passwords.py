"""Hash and compare passwords with scrypt, each with a salt of its own."""

from __future__ import annotations

import hashlib
from functools import partial
from hmac import compare_digest

# 4 MiB and about 10 ms: the accounts are invented, but people reuse passwords.
_scrypt = partial(hashlib.scrypt, n=4096, r=8, p=1)
_NOBODY = "00" * 16 + "$"


def hash_password(password: str, salt: bytes) -> str:
    """Return the hash of a password with its salt, as text."""
    return f"{salt.hex()}${_scrypt(password.encode('utf-8', 'surrogatepass'), salt=salt).hex()}"


def is_password(password: str, kept: str | None) -> bool:
    """Return True if this is the password of that hash.

    Without a hash it takes as long to say no, so that the time tells nobody which accounts exist.
    """
    kept = kept or _NOBODY
    return compare_digest(hash_password(password, bytes.fromhex(kept.partition("$")[0])), kept)
