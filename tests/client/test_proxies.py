"""Which proxy the kit names is the one that httpx uses."""

from __future__ import annotations

import ssl
from typing import Any

import httpx
import pytest

from wych_kit.client.proxies import proxy_for

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
ADDRESSES = (
    "https://example.com/",
    "https://api.example.com/v1",
    "https://api.example.com:8443/v1",
    "https://notexample.com/",
    "http://example.com/",
    "http://localhost:8080/",
    "https://127.0.0.1/",
    "https://10.0.0.0/",
    "https://10.0.0.1/",
    "https://[::1]/",
)
EXCEPTIONS = (
    "",
    "*",
    "example.org, *",
    "example.com",
    "EXAMPLE.com",
    ".example.com",
    "*.example.com",
    "ample.com",
    "example.com:8443",
    "api.example.com:8443",
    "https://example.com",
    "https://api.example.com",
    "http://example.com",
    "https://",
    "http://",
    "all://",
    "https://*",
    "all://*",
    "all://*:8443",
    ".",
    "localhost",
    "LOCALHOST",
    "127.0.0.1",
    "10.0.0.0/8",
    "10.0.0.1",
    "::1",
    " example.org , api.example.com,,",
)
PROXIES: tuple[dict[str, str], ...] = (
    {},
    {"HTTPS_PROXY": "http://kim:pa%40ss@proxy.invalid:3128"},
    {"HTTPS_PROXY": "proxy.invalid:3128", "ALL_PROXY": "http://all.invalid"},
    {"ALL_PROXY": "https://all.invalid"},
    {"HTTP_PROXY": "http://[::1]:3128", "ALL_PROXY": "http://all.invalid:81"},
)


@pytest.fixture
def set_variables(monkeypatch: pytest.MonkeyPatch):
    """Return a function that sets these proxy variables and no others."""

    def set_(variables: dict[str, str]) -> None:
        for name in VARIABLES:
            monkeypatch.delenv(name.lower(), raising=False)
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return set_


@pytest.mark.parametrize("proxies", PROXIES)
@pytest.mark.parametrize("exceptions", EXCEPTIONS)
def test_the_same_proxy_as_httpx(set_variables, proxies: dict[str, str], exceptions: str) -> None:
    """For each address: httpx's own mounts say where it would connect to."""
    set_variables({**proxies, "NO_PROXY": exceptions})
    with httpx.Client(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)) as client:
        expected = {address: proxy_of(client, address) for address in ADDRESSES}
    seen = {address: proxy_for(address) for address in ADDRESSES}
    assert {
        address: proxy and (proxy.scheme, proxy.host, proxy.port) for address, proxy in seen.items()
    } == expected


def proxy_of(client: httpx.Client, address: str) -> tuple[str, str, int] | None:
    """Return the scheme, host and port of the proxy that this client would use."""
    transport = client._transport_for_url(httpx.URL(address))
    if transport is client._transport:
        return None
    assert isinstance(transport, httpx.HTTPTransport)
    pool: Any = transport._pool
    url = pool._proxy_url
    scheme, port = url.scheme.decode(), url.port
    return scheme, url.host.decode().strip("[]"), port or (443 if scheme == "https" else 80)


def test_the_variable_and_the_credentials_are_read(set_variables) -> None:
    """The password is decoded, and shown by neither text nor repr."""
    set_variables({"HTTPS_PROXY": "http://kim:pa%40ss@proxy.invalid:3128"})
    proxy = proxy_for("https://example.com")
    assert proxy is not None
    assert proxy.variable == "HTTPS_PROXY"
    assert proxy.credentials.reveal() == "kim:pa@ss"
    assert "pa@ss" not in f"{proxy!r} {proxy.where}"


@pytest.mark.parametrize("text", ["https://xn--/", "https://[::1", "https://a..b/"])
def test_no_proxy_for_what_is_not_a_url(set_variables, text: str) -> None:
    """Such an address fails by its own name, before any proxy."""
    set_variables({"HTTPS_PROXY": "http://proxy.invalid"})
    assert proxy_for(text) is None


def test_an_exception_that_is_not_a_url_is_skipped(set_variables) -> None:
    """With it httpx cannot make a client; the other exceptions are still read."""
    set_variables({"HTTPS_PROXY": "http://proxy.invalid", "NO_PROXY": "https://[::1,b.example"})
    assert proxy_for("https://a.example") is not None
    assert proxy_for("https://b.example") is None


def test_a_port_that_is_not_a_number(set_variables) -> None:
    """The variable is named; there is no host to try."""
    set_variables({"HTTPS_PROXY": "http://proxy.invalid:port"})
    proxy = proxy_for("https://a.example")
    assert proxy is not None
    assert (proxy.host, proxy.port, proxy.variable) == ("", 0, "HTTPS_PROXY")
