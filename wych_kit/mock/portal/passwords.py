"""Hash and compare passwords with scrypt, each with a salt of its own."""

from __future__ import annotations

import hashlib
from functools import partial
from hmac import compare_digest

# 4 MiB and about 10 ms: the accounts are invented, but people reuse passwords.
_scrypt = partial(hashlib.scrypt, n=4096, r=8, p=1)
# The "hash" of an account that does not exist: no password has an empty one.
_NOBODY = "00" * 16 + "$"


def hash_password(password: str, salt: bytes) -> str:
    """Return the hash of a password with its salt, as text."""
    return f"{salt.hex()}${_scrypt(password.encode('utf-8', 'surrogatepass'), salt=salt).hex()}"


def is_password(password: str, kept: str | None) -> bool:
    """Return True if this is the password of that hash.

    Without a hash it takes as long to say no, so that the time tells nobody which accounts exist.
    """
    kept = kept or _NOBODY
    # `compare_digest` takes as long for a difference in the first digit as for one in the last.
    return compare_digest(hash_password(password, bytes.fromhex(kept.partition("$")[0])), kept)
