"""An exchange in lines, as it was sent."""

from __future__ import annotations

from wych_kit.client.journal.recorder import Exchange
from wych_kit.client.journal.transcript import render_request, render_response, render_summary


def test_the_host_is_a_host():
    """A Host header has a name and a port, no scheme (RFC 9110 section 7.2)."""
    exchange = Exchange(
        "",
        "GET",
        "http://127.0.0.1:9924/v3/x?y=1",
        [("Host", "127.0.0.1:9924"), ("x-a", "b")],
        "",
        status=200,
    )
    assert render_request(exchange) == ["GET /v3/x?y=1", "host: 127.0.0.1:9924", "x-a: b"]
    assert render_summary(exchange, timed=False) == "GET /v3/x?y=1 → 200"


def test_a_line_is_short_and_says_the_basis():
    """Ids by their first part, and what our knowledge of the call rests on."""
    url = "https://wych.example/v3/partner/0d9f4c51-6f0e-4c52-9a57-2c1f3f1b7a01/users"
    exchange = Exchange("", "GET", url, [], "", status=200, reason="OK", basis="documented")
    assert render_summary(exchange) == "GET /v3/partner/0d9f4c51…/users → 200 OK · documented"
    assert (
        render_request(exchange)[0] == "GET /v3/partner/0d9f4c51-6f0e-4c52-9a57-2c1f3f1b7a01/users"
    )


def test_where_the_rest_is():
    """A long body is cut, and the journal has it all; but not a customer's own data."""
    long = "\n".join(map(str, range(20)))
    assert (
        render_response(Exchange("", "GET", "https://w.example/", [], "", response_body=long))[-1]
        == "… 13 more lines: wych-kit journal"
    )
    own = Exchange("", "GET", "https://w.example/", [], "", response_body=long, whose="customer")
    assert render_response(own)[-1] == "… 13 more lines"
