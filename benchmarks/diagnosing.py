"""What a diagnosis costs: of an error, and of a full journal whose last exchange failed."""

from __future__ import annotations

import statistics
import timeit
from collections.abc import Callable, Iterator

from measure import Row

from wych_kit import Refused, diagnose
from wych_kit.client.journal.recorder import Exchange

ROUNDS = 15
REPEATS = 20
FORM = "application/x-www-form-urlencoded"


def rows() -> Iterator[Row]:
    """Of an error; of a journal's hundred exchanges, the worst of three failures."""
    error = Refused(
        "api.wych.example refused GET /v3 with 403",
        stage="call",
        status=403,
        reference="api-key-refused",
    )
    yield Row("diagnose(error)", _took(lambda: diagnose(error)), "≤ 1 ms")
    journals = {name: [*_journal(), failing] for name, failing in _failures()}
    slowest = max(
        (_seconds(lambda journal=journal: diagnose(journal)), name)
        for name, journal in journals.items()
    )
    yield Row("diagnose(100 exchanges)", _written(slowest[0]), "≤ 1 ms", f"slowest: {slowest[1]}")


def _failures() -> Iterator[tuple[str, Exchange]]:
    sent = [("Authorization", "Bearer ‹WYCH_ACCESS_TOKEN›")]
    url = "https://api.wych.example/v3/partner/p/app/a/users"
    yield "no key", _call(url, sent, 403, '{"message":"Forbidden"}')
    yield (
        "stale token",
        _call(url, [*sent, ("x-api-key", "‹WYCH_API_KEY›")], 401, '{"message":"Unauthorized"}'),
    )
    yield "web page", _call(url, sent, 403, "<html>" + "x" * 16_000)


def _call(
    url: str, headers: list[tuple[str, str]], status: int, body: str, second: int = 59
) -> Exchange:
    return Exchange(
        f"2026-01-01T10:00:{second:02d}.000Z",
        "GET",
        url,
        headers,
        "",
        status,
        response_body=body,
        seconds=0.1,
    )


def _journal() -> list[Exchange]:
    granted = '{"access_token":"‹WYCH_ACCESS_TOKEN›","expires_in":30}'
    token = Exchange("2026-01-01T10:00:00.000Z", "POST", "https://login.wych.example/token", [], "grant_type=client_credentials", 200, response_body=granted)  # fmt: skip
    return [token, *(_call("https://api.wych.example/v3/x", [], 200, "[]", 1) for _ in range(98))]


def _took(act: Callable[[], object]) -> str:
    return _written(_seconds(act))


def _written(seconds: float) -> str:
    return f"{seconds * 1000:.3f} ms"


def _seconds(act: Callable[[], object]) -> float:
    return statistics.median(timeit.repeat(act, number=REPEATS, repeat=ROUNDS)) / REPEATS
