"""An exchange in lines, as it was sent."""

from __future__ import annotations

from wych_kit.client.journal import Exchange
from wych_kit.transcript import as_sent, in_a_line


def test_the_host_is_a_host():
    """A Host header has a name and a port, no scheme (RFC 9110 section 7.2)."""
    exchange = Exchange("", "GET", "http://127.0.0.1:9924/v3/x?y=1", [("Host", "127.0.0.1:9924"), ("x-a", "b")], "", status=200)
    assert as_sent(exchange) == ["GET /v3/x?y=1", "host: 127.0.0.1:9924", "x-a: b"]
    assert in_a_line(exchange, timed=False) == "GET /v3/x?y=1 → 200"
