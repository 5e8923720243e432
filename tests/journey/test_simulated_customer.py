"""The kit plays a customer: through the mock's own pages, on this machine only."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from wych_kit.callback import parse_callback
from wych_kit.errors import SettingInvalid, Unexpected, Unreachable
from wych_kit.journey import simulated_customer

pytestmark = pytest.mark.slow


APP = "ready-made-app"


@pytest.mark.parametrize(
    ("answer", "state"), [("agree", "ACTIVE"), ("refuse", "REJECTED"), ("later", "PENDING")]
)
def test_each_answer_comes_back(mock_wych, answer, state):
    """The address is one that `callback.parse_callback` takes, and the browser was not sent there."""
    came = parse_callback(
        simulated_customer.give_consent(
            f"{mock_wych.connect_url}/{APP}/connection", "kim@example.com", answer=answer
        )
    )
    assert came.state == state
    assert came.user
    assert not [each for each in mock_wych.requests if "/callback" in each.path]


@pytest.mark.parametrize(
    ("app", "bank", "heading"),
    [("nope", "kereru", "Application not found"), (APP, "nope", "Choose your bank")],
)
def test_a_page_that_does_not_lead_on_is_named(mock_wych, app, bank, heading):
    """With its heading, so that one knows where it ended."""
    with pytest.raises(Unexpected, match=heading):
        simulated_customer.give_consent(
            f"{mock_wych.connect_url}/{app}/connection", "kim@example.com", bank=bank
        )


def test_nobody_elsewhere_is_played():
    """Not on Wych, whatever the link says."""
    with pytest.raises(SettingInvalid, match="not on this machine"):
        simulated_customer.give_consent(
            "https://connect.wych.app/app/x/connection", "kim@example.com"
        )


def test_no_mock_is_told():
    """Nothing answers: no traceback of a library."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        link = f"http://127.0.0.1:{free.getsockname()[1]}/app/x/connection"
    with pytest.raises(Unreachable, match="did not answer"):
        simulated_customer.give_consent(link, "kim@example.com")


@pytest.fixture
def odd():
    """A server whose answer to anything is what it was given: a status, headers, a body. It keeps the paths asked for."""
    paths, given = [], {}

    class Odd(BaseHTTPRequestHandler):
        def do_GET(self):
            paths.append(self.path)
            self.send_response(given["status"])
            for name, value in given["headers"].items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(given["body"])))
            self.end_headers()
            self.wfile.write(given["body"])

        def do_POST(self):
            self.do_GET()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Odd)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()

    def says(status, body="", **headers):
        given.update(status=status, headers=headers, body=body.encode())
        return f"http://127.0.0.1:{server.server_port}"

    yield says, paths
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ("", {"Location": "{}/app/x/connection"}),
        ('<form action="{}/app/x/answer"></form>', {}),
        ('<a id="mail-link" href="{}/app/x/link">mail</a>', {}),
    ],
)
def test_it_is_never_led_to_another_server(mock_wych, odd, body, headers):
    """Not by a redirect, a form or a link in the mail, even on this machine: nothing arrives there."""
    says, _ = odd
    there = mock_wych.url
    before = len(mock_wych.requests)
    link = says(
        302 if headers else 200,
        body.format(there),
        **{name: value.format(there) for name, value in headers.items()},
    )
    with pytest.raises(Unexpected, match="another server"):
        simulated_customer.give_consent(f"{link}/app/x/connection", "kim@example.com")
    assert len(mock_wych.requests) == before


def test_a_loop_ends(odd):
    """A page that redirects to itself is left after twenty."""
    says, paths = odd
    link = says(302, Location="/app/x/connection")
    with pytest.raises(Unexpected, match="more than 20 pages"):
        simulated_customer.give_consent(f"{link}/app/x/connection", "kim@example.com")
    assert len(paths) == 21
