"""Where the mock's ids, secrets and keys come from: the system's randomness, or a seed."""

from __future__ import annotations

import random
import string
import uuid

_ALPHABET = string.ascii_letters + string.digits


class Ids:
    """Draws ids and secrets. Without a `seed` nobody can guess the secrets; with one, the same calls in the same order give the same ids."""

    def __init__(self, seed: str | None = None) -> None:
        self._seed = seed
        self._random: random.Random = random.SystemRandom() if seed is None else random.Random(seed)  # noqa: S311 - repeatable is the point
        # A UUID is no secret, and asking the system for each costs the token endpoint a fifteenth of its speed.
        self._open = random.Random() if seed is None else self._random  # noqa: S311 - unique is the point

    def restart(self) -> None:
        """With a seed: begins again with the first id. Without one it changes nothing."""
        self._random.seed(self._seed)

    def uuid(self) -> str:
        """A version 4 UUID in its usual spelling."""
        return str(uuid.UUID(int=self._open.getrandbits(128), version=4))

    def text(self, length: int) -> str:
        """Letters and digits, as Keycloak makes client secrets (32) and AWS makes API keys (40)."""
        return "".join(self._random.choices(_ALPHABET, k=length))

    def digits(self, length: int) -> str:
        """Decimal digits."""
        return "".join(self._random.choices(string.digits, k=length))

    def octets(self, length: int) -> bytes:
        """Bytes."""
        return self._random.getrandbits(8 * length).to_bytes(length, "big")

    def shuffle(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """The same words in an order that differs from start to start."""
        return tuple(self._random.sample(names, len(names)))
