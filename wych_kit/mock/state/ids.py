"""Draw ids, secrets and keys at random or, with a seed, repeatably."""

from __future__ import annotations

import random
import string
import uuid

_ALPHABET = string.ascii_letters + string.digits


class Ids:
    """A source of ids and secrets.

    Without a `seed` nobody can guess the secrets. With one, the same calls in the same order give
    the same ids.
    """

    def __init__(self, seed: str | None = None) -> None:
        self._seed = seed
        seeded = random.Random(seed)  # noqa: S311 - a seed must be repeatable
        self._random: random.Random = random.SystemRandom() if seed is None else seeded
        # A UUID is not a secret. Asking the system for each one made the token endpoint a fifteenth
        # slower.
        self._public = random.Random() if seed is None else self._random  # noqa: S311 - not secret

    def restart(self) -> None:
        """With a seed, begin again with the first id. Without one this changes nothing."""
        self._random.seed(self._seed)

    def uuid(self) -> str:
        """Return a version 4 UUID in its usual spelling."""
        return str(uuid.UUID(int=self._public.getrandbits(128), version=4))

    def text(self, length: int) -> str:
        """Return letters and digits; Keycloak's client secrets have 32, AWS's API keys 40."""
        return "".join(self._random.choices(_ALPHABET, k=length))

    def digits(self, length: int) -> str:
        """Return decimal digits."""
        return "".join(self._random.choices(string.digits, k=length))

    def octets(self, length: int) -> bytes:
        """Return random bytes, most significant first."""
        return self._random.getrandbits(8 * length).to_bytes(length, "big")

    def shuffle(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return the same names in an order that differs from start to start."""
        return tuple(self._random.sample(names, len(names)))
