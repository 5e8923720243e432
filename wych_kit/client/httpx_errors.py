"""Turns a failure of httpx or OpenSSL into an error of ours and its reference."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl

import httpx

from wych_kit.client import refusal_rules
from wych_kit.client.excerpts import describe_unreadable_answer
from wych_kit.client.http_request import is_loopback, stage_of
from wych_kit.client.proxies import proxy_for
from wych_kit.errors import Refused, Stage, Unexpected, Unreachable, WychError

# By OpenSSL's numbers (X509_V_ERR_…), which Python passes on: its words change between versions.
_BY_VERIFY_CODE = {
    # Not valid yet: a clock that stands still here is likelier than a server's own mistake.
    9: "clock-behind",
    10: "certificate-expired",
    18: "self-signed-certificate",
    # The chain ends in a root that this machine does not know, as it does where a proxy opens TLS.
    19: "tls-interception",
    62: "certificate-wrong-host",
    64: "certificate-wrong-host",
}
_BY_EXCEPTION = {
    # By the name of httpx's exception, as the journal has it; where one has more than one reason,
    # the words after it decide.
    "ConnectTimeout": "timeout",
    "ReadTimeout": "timeout",
    "WriteTimeout": "timeout",
    "PoolTimeout": "timeout",
    "ReadError": "connection-cut",
    "WriteError": "connection-cut",
    "UnsupportedProtocol": "bad-address",
    "LocalProtocolError": "odd-characters",
}
_BY_MESSAGE = (
    # The first that fits: what OpenSSL calls a chain comes before what it calls a certificate.
    ("certificate has expired", "certificate-expired"),
    ("certificate is not yet valid", "clock-behind"),
    ("self-signed certificate in certificate chain", "tls-interception"),
    ("self-signed certificate", "self-signed-certificate"),
    ("hostname mismatch", "certificate-wrong-host"),
    ("ip address mismatch", "certificate-wrong-host"),
    ("certificate_verify_failed", "certificate-not-trusted"),
    ("wrong_version_number", "tls-broken"),
    ("wrong version number", "tls-broken"),
    ("name or service not known", "name-not-found"),
    ("nodename nor servname", "name-not-found"),
    ("getaddrinfo failed", "name-not-found"),
    ("temporary failure in name resolution", "name-not-found"),
    ("connection refused", "connection-refused"),
    ("all connection attempts failed", "connection-refused"),
    ("[ssl: ", "tls-broken"),
)


def translate_httpx_error(
    error: httpx.HTTPError | httpx.InvalidURL | httpx.StreamError | httpx.CookieConflict,
) -> WychError:
    """Return the kit's error for an httpx exception.

    Raise it outside the `except` block. Otherwise it would carry httpx's frames, and with them the
    headers, into every traceback that prints locals.
    """
    where = "the server"
    stage: Stage = "call"
    if isinstance(error, httpx.HTTPError):
        with contextlib.suppress(RuntimeError):
            where, stage = (
                error.request.url.netloc.decode("ascii", "replace"),
                stage_of(error.request),
            )
    proxy = _proxy_between(error) if isinstance(error, httpx.TransportError) else None
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
        message = f"the proxy {f'{proxy} ' if proxy else ''}refused a tunnel to {where}: {error}"
        return Unreachable(
            message,
            stage=stage,
            reference=refusal_rules.classify_tunnel_refusal(int(status[0]))
            if status
            else "proxy-refused",
        )
    if isinstance(error, httpx.RemoteProtocolError) and not refusal_rules.is_cut_off(str(error)):
        who = f"{where}, or the proxy {proxy} on the way," if proxy else where
        return Unexpected(
            f"{who} {describe_unreadable_answer(error)}", stage=stage, reference="unknown-answer"
        )
    if isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL):
        return Unexpected(
            f"{where}: this is not a valid URL: {error}",
            stage=stage,
            reference="bad-address",
        )
    # Its own text repeats the header, and so perhaps a secret.
    if isinstance(error, httpx.LocalProtocolError):
        return Unexpected(
            f"a header for {where} has a character that no header can carry",
            stage=stage,
            reference="odd-characters",
        )
    # A response hook of the user's called raise_for_status.
    if isinstance(error, httpx.HTTPStatusError):
        return Refused(
            f"{where} answered {error.response.status_code}",
            stage=stage,
            status=error.response.status_code,
        )
    if isinstance(error, httpx.TransportError):
        problem, reference = _classify_transport_error(error)
        if (
            proxy
            and connecting
            and reference in ("name-not-found", "connection-refused", "unreachable")
        ):
            message = f"the proxy {proxy}, which your variables name for {where}, does not answer"
            return Unreachable(message, stage=stage, reference="proxy-unreachable")
        who = (
            f"{where}, or the proxy {proxy} on the way,"
            if proxy and reference == "connection-cut"
            else where
        )
        return Unreachable(f"{who} {problem}", stage=stage, reference=reference)
    return Unexpected(
        f"{where} sent a response that cannot be read: {type(error).__name__}", stage=stage
    )


def _classify_transport_error(error: httpx.TransportError) -> tuple[str, str]:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, socket.gaierror):
            return "is not a name that this machine can look up", "name-not-found"
        if isinstance(cause, ConnectionRefusedError):
            return "refused the connection: nothing listens there", "connection-refused"
        if isinstance(cause, ssl.SSLCertVerificationError):
            return (
                f"showed a certificate that is not trusted ({cause.verify_message})",
                classify_certificate_error(cause),
            )
        if isinstance(cause, ssl.SSLError):
            return f"does not speak TLS as it should ({cause.reason})", "tls-broken"
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError):
        return "ended the connection before a whole HTTP answer had come", "connection-cut"
    if "refused" in str(error).lower() or "attempts failed" in str(error).lower():
        return "refused the connection: nothing listens there", "connection-refused"
    return f"could not be reached ({error or type(error).__name__})", "unreachable"


def classify_certificate_error(error: ssl.SSLCertVerificationError) -> str:
    """Return the reference for a certificate that OpenSSL did not accept."""
    return _BY_VERIFY_CODE.get(getattr(error, "verify_code", 0), "certificate-not-trusted")


def classify_recorded_error(error: str) -> str | None:
    """Return the reference for an error as a journal has it, `"ConnectError: …"`; None if unknown.

    A journal, or another client's recording, holds the exception's name and text and no exception.
    """
    kind, _, message = error.partition(": ")
    known = next(
        (reference for part, reference in _BY_MESSAGE if part in message.lower()), None
    ) or _BY_EXCEPTION.get(kind)
    if known:
        return known
    if kind == "ProxyError":
        status = re.search(r"(?:^|tunnel connection failed: )([1-5]\d\d)\b", message, re.IGNORECASE)
        return refusal_rules.classify_tunnel_refusal(int(status[1])) if status else "proxy-refused"
    if kind == "RemoteProtocolError" and refusal_rules.is_cut_off(message):
        return "connection-cut"
    return "unreachable" if re.search("connect|network", kind, re.IGNORECASE) else None


def _proxy_between(error: httpx.TransportError) -> str | None:
    # Where a proxy is named, httpx connects to nothing else: a failure to connect is the proxy's.
    try:
        url = error.request.url
    except RuntimeError:
        return None
    # `transport.create_client` uses no proxy for these.
    if url.scheme == "http" and is_loopback(url.host):
        return None
    proxy = proxy_for(url)
    return proxy.where if proxy else None
