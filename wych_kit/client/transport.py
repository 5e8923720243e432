"""What goes over the wire: limits on answers, and httpx's exceptions turned into ours, here and nowhere else."""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
import ssl
import time
import urllib.request
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import httpx

from wych_kit.client import refusal_rules
from wych_kit.client.excerpts import unreadable
from wych_kit.client.journal.recorder import BASIS
from wych_kit.errors import Refused, Stage, Unexpected, Unreachable, WychError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from typing import Any

    Hooks = dict[str, list[Callable[..., Any]]]

USER_AGENT = "wych-kit"
# The extension under which a request carries its stage.
STAGE = "wych_kit.stage"
# The most that a discovery document, a key set or a token response may weigh. Keycloak's largest is
# about 8 KiB.
ANSWER_BYTES = 256 * 1024
# The longest that the body of one of them may take to be complete, counted from the request,
# however slowly it drips. Until the body begins, it is the longest wait for any one piece:
# connecting, and each read of the headers.
ANSWER_SECONDS = 10.0

# Seconds for a call. The gateway itself gives up after 29 (wire facts B3-18, assumed): waiting
# longer shows its answer.
TIMEOUT = httpx.Timeout(35.0, connect=10.0)


def plain_request(
    method: str, url: str, stage: Stage = "token", *, basis: str = "documented", **content: Any
) -> httpx.Request:
    """A request with nothing of anybody's client in it: no default headers, no cookies, no key. It knows its stage and its basis.

    Asks for an uncompressed answer, so that a small answer cannot unpack into a huge one. Raises `Unexpected` for what is no address.
    """
    headers = {
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": USER_AGENT,
    }
    if (address := parsed_url(url)) is None:
        raise Unexpected(
            f"the address for the {stage} request is none that can be called",
            stage=stage,
            reference="bad-address",
        )
    request = httpx.Request(method, address, headers=headers, **content)
    request.extensions |= {
        "timeout": httpx.Timeout(ANSWER_SECONDS).as_dict(),
        STAGE: stage,
        BASIS: basis,
    }
    return request


def stage_of(request: httpx.Request) -> Stage:
    """The stage that a `plain_request` belongs to; any other request is a call."""
    stage: Stage = request.extensions.get(STAGE, "call")
    return stage


def new_client(
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


def ask(
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
            bound(response, started).read()
        return response  # noqa: TRY300 - the failure is raised below, out of the exception's reach
    except httpx.HTTPError as error:
        note(error)
        failure = translated(error)
    raise failure


def parsed_url(text: str) -> httpx.URL | None:
    """The address, or `None` where httpx, its reading of the host, or the look-up of the name would raise an exception of its own."""
    try:
        url = httpx.URL(text)
        _ = url.host  # read late: a broken xn-- name raises here
        url.raw_host.decode("ascii").encode(
            "idna"
        )  # as the look-up does: a label is empty or too long
    except (httpx.InvalidURL, UnicodeError):
        return None
    return url


def is_loopback(host: str) -> bool:
    """Whether the host name is this machine, written in one of the usual ways. No name is looked up."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Bounded(httpx.SyncByteStream, httpx.AsyncByteStream):
    """An answer's bytes, up to a size and a moment; past either it raises `Unexpected`."""

    def __init__(
        self, stream: httpx.SyncByteStream | httpx.AsyncByteStream, stage: Stage, deadline: float
    ) -> None:
        self._stream = stream
        self._stage = stage
        self._deadline = deadline
        self._left = ANSWER_BYTES

    def _count(self, chunk: bytes) -> bytes:
        self._left -= len(chunk)
        if self._left < 0:
            raise Unexpected(
                f"the answer is longer than {ANSWER_BYTES // 1024} KiB",
                stage=self._stage,
                reference="answer-too-long",
            )
        if time.monotonic() > self._deadline:
            raise Unreachable(
                f"the answer was not complete after {ANSWER_SECONDS:.0f} seconds",
                stage=self._stage,
                reference="timeout",
            )
        return chunk

    def __iter__(self) -> Iterator[bytes]:
        assert isinstance(self._stream, httpx.SyncByteStream)  # noqa: S101 - httpx pairs clients and streams
        for chunk in self._stream:
            yield self._count(chunk)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        assert isinstance(self._stream, httpx.AsyncByteStream)  # noqa: S101 - as above
        async for chunk in self._stream:
            yield self._count(chunk)

    def close(self) -> None:
        """Let the connection go."""
        assert isinstance(self._stream, httpx.SyncByteStream)  # noqa: S101 - as above
        self._stream.close()

    async def aclose(self) -> None:
        """Let the connection go."""
        assert isinstance(self._stream, httpx.AsyncByteStream)  # noqa: S101 - as above
        await self._stream.aclose()


def bound(response: httpx.Response, started: float) -> httpx.Response:
    """Puts the limits on a response that has not been read yet. `started` is on the monotonic clock."""
    stage = stage_of(response.request)
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise Unexpected(
            "the answer is compressed although that was not asked for",
            stage=stage,
            status=response.status_code,
        )
    if not response.is_closed:
        response.stream = Bounded(response.stream, stage, started + ANSWER_SECONDS)
    return response


def json_object(response: httpx.Response, stage: Stage) -> dict[str, Any]:
    """The JSON object in a response, or `Unexpected` saying what was there instead."""
    if isinstance(found := parsed(response), dict):
        return found
    del found  # it may be a token, and the traceback would show it
    kind = response.headers.get("Content-Type", "no content type")
    what = (
        "a web page" if b"<html" in response.content[:2000].lower() else f"something else ({kind})"
    )
    raise Unexpected(
        f"{host_of(response)} answered {response.status_code} with {what} where a JSON object"
        " was due",
        stage=stage,
        status=response.status_code,
        reference=refusal_rules.page(response.status_code, response.text[:2000]) or "not-json",
    )


def answered(response: httpx.Response) -> refusal_rules.Answered:
    """The response as `refusals` judges it."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return refusal_rules.Answered(
        response.request.url.path, response.status_code, headers, response.text, parsed(response)
    )


def parsed(response: httpx.Response) -> Any:
    """The JSON in a response; `None` where there is none, or one nested too deep."""
    try:
        return response.json()
    except (ValueError, RecursionError):
        return None


def host_of(response: httpx.Response) -> str:
    """Host and port that gave the answer, as they are written in an address."""
    return response.request.url.netloc.decode("ascii", "replace")


def retry_after(value: str | None, now: float | None = None) -> float | None:
    """Seconds that a `Retry-After` header asks to wait, from either of its forms; `None` for none or nonsense.

    A date in the past is 0. `now` is wall clock, seconds since the epoch. Source: RFC 9110 §10.2.3.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    with contextlib.suppress(ValueError, TypeError, IndexError, OverflowError):
        date = parsedate_to_datetime(text)
        date = (
            date if date.tzinfo else date.replace(tzinfo=UTC)
        )  # the asctime form names no zone and means GMT
        return max(0.0, date.timestamp() - (time.time() if now is None else now))
    return None


def translated(
    error: httpx.HTTPError | httpx.InvalidURL | httpx.StreamError | httpx.CookieConflict,
) -> WychError:
    """The error of ours that says what an httpx exception means. Raise it outside the `except`, so that no context is kept.

    The context would carry httpx's frames, and with them the headers, into every traceback that prints locals.
    """
    where = "the server"
    stage: Stage = "call"
    if isinstance(error, httpx.HTTPError):
        with contextlib.suppress(RuntimeError):
            where, stage = (
                error.request.url.netloc.decode("ascii", "replace"),
                stage_of(error.request),
            )
    proxy = _proxy_of(error) if isinstance(error, httpx.TransportError) else None
    connecting = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
    if isinstance(error, httpx.TimeoutException) and not (proxy and connecting):
        doing = (
            "did not accept the connection in time"
            if isinstance(error, httpx.ConnectTimeout)
            else "did not answer in time"
        )
        return Unreachable(f"{where} {doing}", stage=stage, reference="timeout")
    if isinstance(error, httpx.ProxyError):
        status = re.match(r"[1-5]\d\d\b", str(error))
        said = f"the proxy {f'{proxy} ' if proxy else ''}gave no way to {where}: {error}"
        return Unreachable(
            said,
            stage=stage,
            reference=refusal_rules.tunnel(int(status[0])) if status else "proxy-refused",
        )
    if isinstance(error, httpx.RemoteProtocolError) and not refusal_rules.cut_off(str(error)):
        who = f"{where}, or the proxy {proxy} on the way," if proxy else where
        return Unexpected(f"{who} {unreadable(error)}", stage=stage, reference="unknown-answer")
    if isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL):
        return Unexpected(
            f"{where}: this is no address that can be called: {error}",
            stage=stage,
            reference="bad-address",
        )
    if isinstance(
        error, httpx.LocalProtocolError
    ):  # its text repeats the header, and so perhaps a secret
        return Unexpected(
            f"a header for {where} has a character that no header can carry",
            stage=stage,
            reference="odd-characters",
        )
    if isinstance(error, httpx.HTTPStatusError):  # somebody's response hook calls raise_for_status
        return Refused(
            f"{where} answered {error.response.status_code}",
            stage=stage,
            status=error.response.status_code,
        )
    if isinstance(error, httpx.TransportError):
        words, reference = _broken_connection(error)
        if (
            proxy
            and connecting
            and reference in ("name-not-found", "connection-refused", "unreachable")
        ):
            said = (
                f"the proxy {proxy}, which your variables name for {where}, could not be"
                " connected to"
            )
            return Unreachable(said, stage=stage, reference="proxy-unreachable")
        who = (
            f"{where}, or the proxy {proxy} on the way,"
            if proxy and reference == "connection-cut"
            else where
        )
        return Unreachable(f"{who} {words}", stage=stage, reference=reference)
    return Unexpected(
        f"{where} answered with something that cannot be read: {type(error).__name__}", stage=stage
    )


def _broken_connection(error: httpx.TransportError) -> tuple[str, str]:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, socket.gaierror):
            return "is not a name that this machine can look up", "name-not-found"
        if isinstance(cause, ConnectionRefusedError):
            return "refused the connection: nothing listens there", "connection-refused"
        if isinstance(cause, ssl.SSLCertVerificationError):
            return (
                f"showed a certificate that is not trusted ({cause.verify_message})",
                _certificate(cause),
            )
        if isinstance(cause, ssl.SSLError):
            return f"does not speak TLS as it should ({cause.reason})", "tls-broken"
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError):
        return "ended the connection before a whole HTTP answer had come", "connection-cut"
    if "refused" in str(error).lower() or "attempts failed" in str(error).lower():
        return "refused the connection: nothing listens there", "connection-refused"
    return f"could not be reached ({error or type(error).__name__})", "unreachable"


def _certificate(error: ssl.SSLCertVerificationError) -> str:
    # OpenSSL's numbers (X509_V_ERR_…). Of a certificate that is not valid yet, the likelier reason is a clock that stands still.
    known = {
        9: "clock-behind",
        10: "certificate-expired",
        18: "self-signed-certificate",
        19: "tls-interception",
        62: "certificate-wrong-host",
        64: "certificate-wrong-host",
    }
    return known.get(getattr(error, "verify_code", 0), "certificate-not-trusted")


def _proxy_of(error: httpx.TransportError) -> str | None:
    """Host and port of the proxy that the variables name for the request: httpx connects to nothing else then."""
    try:
        url = error.request.url
    except RuntimeError:
        return None
    if url.scheme == "http" and is_loopback(url.host):  # `new_client` asks no proxy for these
        return None
    proxies = urllib.request.getproxies()
    address = proxies.get(url.scheme) or proxies.get("all")
    if not address or urllib.request.proxy_bypass(url.host):
        return None
    return address.rpartition("@")[2].rpartition("//")[2].strip("/") or None
