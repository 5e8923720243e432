"""Creates the kit's httpx clients, and sends requests within its limits."""

from __future__ import annotations

import contextlib
import ssl
import time
from typing import TYPE_CHECKING

import httpx

from wych_kit.client.http_response import limit_answer
from wych_kit.client.httpx_errors import translate_httpx_error

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from wych_kit.errors import WychError

    Hooks = dict[str, list[Callable[..., Any]]]

# Seconds. The gateway itself gives up after 29 (wire facts B3-18, assumed). A longer wait shows its
# response.
TIMEOUT = httpx.Timeout(35.0, connect=10.0)


def create_client(
    *urls: str | None, hooks: Hooks, transport: httpx.BaseTransport | None = None
) -> httpx.Client:
    """Return a client for these URLs, without credentials.

    If all are plain http, they are on this machine. Then it loads no certificates, which takes
    longer than a call, and uses no proxy. Otherwise the usual variables count (HTTPS_PROXY,
    SSL_CERT_FILE).
    """
    # A scheme may be in capitals (RFC 3986 section 3.1).
    plain = all((url or "http:").lower().startswith("http:") for url in urls)
    return httpx.Client(
        transport=transport,
        verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if plain else True,
        trust_env=not plain,
        timeout=TIMEOUT,
        event_hooks=hooks,
    )


def send_request(
    client: httpx.Client,
    request: httpx.Request,
    note: Callable[[httpx.HTTPError], None] = lambda _: None,
) -> httpx.Response:
    """Send a plain request as it is, and return the response, whatever its status.

    It adds no credentials, follows no redirect, and limits the size and time of the response.
    Raises `Unreachable` or `Unexpected` if there is no response, after `note` got httpx's error.
    """
    failure: WychError
    started = time.monotonic()
    try:
        response = client.send(request, auth=None, follow_redirects=False, stream=True)
        with contextlib.closing(response):
            limit_answer(response, started).read()
        return response  # noqa: TRY300 - the failure is raised below, out of the exception's reach
    except httpx.HTTPError as error:
        note(error)
        failure = translate_httpx_error(error)
    raise failure
