"""What goes over the wire: limits on answers, and httpx's exceptions turned into ours, here and nowhere else."""

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

# Seconds for a call. The gateway itself gives up after 29 (wire facts B3-18, assumed): waiting
# longer than that shows its answer.
TIMEOUT = httpx.Timeout(35.0, connect=10.0)


def create_client(
    *addresses: str | None, hooks: Hooks, transport: httpx.BaseTransport | None = None
) -> httpx.Client:
    """A client for these addresses, with nobody's credentials in it.

    When all are plain http they are on this machine: no certificates are loaded, which takes longer than a call, and no proxy is
    asked. Otherwise the usual variables hold (HTTPS_PROXY, SSL_CERT_FILE).
    """
    plain = all(
        (address or "http:").lower().startswith("http:") for address in addresses
    )  # a scheme may be in capitals
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
    """Send a `plain_request` as it is, without the client's credentials or redirects, and read the answer within the limits.

    Whatever answers is returned. Raises `Unreachable` when nothing does, after telling `note` what httpx said.
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
