"""Whoever else may answer at an address: portals, file servers, other protocols, and servers that say nothing that can be read."""

from __future__ import annotations

import contextlib
import gzip
import socket
import ssl
import sys
import threading

import pytest
import trustme

from wych_kit.diagnosis.connectivity import check

NOT_HTTP = {"unknown-answer"}
CUT = {"connection-cut"}
HTML = b"<!doctype html><title>Airport</title><h1>Welcome to the airport</h1>"


def http(status, body=b"", *headers):
    """An answer's bytes."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


PAGE = "Content-Type: text/html"
ANSWERS = {
    # Name: the bytes, what may be said of them at all three places, and a word of theirs that has to be told.
    "portal": (http("200 OK", HTML, PAGE), {"captive-portal"}, "airport"),
    "portal 511": (
        http("511 Network Authentication Required", HTML, PAGE),
        {"captive-portal"},
        "511",
    ),
    "bare 511": (http("511 Network Authentication Required"), {"captive-portal"}, "511"),
    "login": (
        http("302 Found", b"", "Location: http://10.0.0.1/login?url=x"),
        {"login-page"},
        "10.0.0.1",
    ),
    "elsewhere": (http("302 Found", b"", "Location: http://10.0.0.1/"), {"redirected"}, "10.0.0.1"),
    "closed": (b"", CUT, ""),
    "half": (http("200 OK", b"{" * 99, "Content-Type: application/json")[:-50], CUT, ""),
    "ssh": (b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", CUT | NOT_HTTP, ""),
    "smtp": (b"220 mail.example ESMTP\r\n", CUT | NOT_HTTP, ""),
    "tls alert": (b"\x15\x03\x01\x00\x02\x02\x46", NOT_HTTP, ""),
    "http/2": (
        b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64\x00\x04\x00\x00\xff\xff",
        NOT_HTTP,
        "",
    ),
    "http/0.9": (b"<html>Hello</html>\r\n", CUT | NOT_HTTP, ""),
    "bad gzip": (
        http(
            "200 OK",
            gzip.compress(HTML)[:9] + b"rubbish",
            "Content-Type: application/json",
            "Content-Encoding: gzip",
        ),
        {"unknown-answer"},
        "",
    ),
    "empty": (http("200 OK"), {"not-json", "unknown-answer"}, "200"),
    "text": (
        http("200 OK", b"It works!", "Content-Type: text/plain"),
        {"not-json", "unknown-answer"},
        "200",
    ),
    "teapot": (
        http("418 I'm a teapot", b"short", "Content-Type: text/plain"),
        {"unknown-answer"},
        "418",
    ),
    "kong": (
        http("401 Unauthorized", b'{"message":"No API key found in request"}'),
        {"unknown-answer"},
        "No API key",
    ),
    "envoy": (
        http("503 Service Unavailable", b"upstream connect error"),
        {"identity-provider-error", "unknown-answer"},
        "upstream",
    ),
    "squid": (
        http("403 Forbidden", b"<html><title>ERROR: Access Denied</title>Squid</html>", PAGE),
        {"not-json"},
        "403",
    ),
}


@pytest.fixture
def answering(document):
    """Starts one that gives these bytes to whoever asks for anything, but a document to whoever asks below `/token`."""
    with contextlib.ExitStack() as running:

        def start(answer, context=None):
            listener = running.enter_context(socket.create_server(("127.0.0.1", 0)))
            base = f"http://127.0.0.1:{listener.getsockname()[1]}"
            given = http("200 OK", document(base, "x").encode(), "Content-Type: application/json")

            def act(connection):
                with connection, contextlib.suppress(OSError):
                    way = (
                        context.wrap_socket(connection, server_side=True) if context else connection
                    )
                    asked = b""
                    while (
                        b"\r\n\r\n" not in asked
                        and not asked.startswith(b"\x16")
                        and (more := way.recv(4096))
                    ):
                        asked += more
                    if asked:  # the check's own connection says nothing
                        way.sendall(given if asked.startswith(b"GET /token/") else answer)
                        way.shutdown(socket.SHUT_WR)
                        while way.recv(4096):  # unread bytes would make the end a reset
                            pass

            def serve():
                with contextlib.suppress(OSError):
                    while True:
                        threading.Thread(
                            target=act, args=(listener.accept()[0],), daemon=True
                        ).start()

            threading.Thread(target=serve, daemon=True).start()
            running.callback(listener.shutdown, socket.SHUT_RDWR)
            return base

        yield start


@pytest.mark.parametrize("where", ["discovery", "token", "call"])
@pytest.mark.parametrize("name", ANSWERS)
def test_another_answers(at, answering, where, name):
    """Each is told by its name or as an answer that nobody knows, with its words, and never for certain but a redirect."""
    answer, allowed, word = ANSWERS[name]
    for told in at(where, answering(answer), "x"):
        assert told.reference in allowed, told
        assert told.confidence != "certain" or told.reference == "redirected", told
        assert (
            told.by == "journal" or word in told.words or name in ("login", "elsewhere", "portal")
        ), told


@pytest.mark.parametrize("where", ["discovery", "call"])
def test_one_that_says_nothing(at, monkeypatch, silent, where):
    """No answer came in time: that, and no cause."""
    monkeypatch.setattr(check, "CHECK_SECONDS", 0.6)
    for told in at(where, f"http://{silent}", "x", step=None):
        assert (told.reference, told.confidence) == ("timeout", "likely"), told


@pytest.mark.parametrize("where", ["discovery", "call"])
def test_python_s_file_server(at, programs, tmp_path, where):
    """A folder served by `python -m http.server`: its page for what is not there."""
    port = programs.free_port()
    words = ("-m", "http.server", port, "--bind", "127.0.0.1", "--directory", tmp_path)
    programs.start(sys.executable, *words, port=port, package="it is the one that runs this")
    for told in at(where, f"http://127.0.0.1:{port}", "x"):
        assert told.reference == ("no-issuer-there" if where == "discovery" else "not-json"), told
        assert told.confidence == "likely", told
        assert "404" in told.words


def test_a_posted_form_at_python_s_file_server(at, programs, tmp_path, document):
    """It takes no POST: 501, in a page of its own."""
    port = programs.free_port()
    base = f"http://127.0.0.1:{port}"
    there = tmp_path / "token" / "x" / ".well-known"
    there.mkdir(parents=True)
    (there / "openid-configuration").write_text(document(base, "x"))
    words = ("-m", "http.server", port, "--bind", "127.0.0.1", "--directory", tmp_path)
    programs.start(sys.executable, *words, port=port, package="it is the one that runs this")
    for told in at("token", base, "x"):
        assert (told.reference, told.confidence) == ("not-json", "likely"), told
        assert "501" in told.words


@pytest.mark.parametrize("where", ["discovery", "token", "call"])
def test_http_at_a_port_that_speaks_tls(at, answering, where):
    """The server hangs up or says something that is no HTTP; which of them is its own affair, and neither is certain."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    for told in at(where if where != "token" else "discovery", answering(b"", context), "x"):
        assert told.reference in CUT | NOT_HTTP, told
        assert told.confidence != "certain", told


@pytest.mark.parametrize("name", ["ssh", "portal", "closed", "http/2"])
def test_https_at_a_port_that_speaks_something_else(tell, answering, name):
    """The handshake fails, and no certificate is blamed."""
    base = answering(ANSWERS[name][0] or b"\0").replace("http:", "https:")
    for told in tell("discover", issuer_url=f"{base}/realms/partner"):
        assert told.reference in {"tls-broken", "connection-cut", "timeout"}, told
        assert told.confidence == "likely", told
