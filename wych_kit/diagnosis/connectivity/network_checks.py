"""The checks below HTTP: settings, host names, connection, TLS, proxy.

Each adds to the state and returns a finding, or raises `CheckFailed` or a `WychError`.
"""

from __future__ import annotations

import socket
import ssl
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Literal

from wych_kit.client import refusal_rules
from wych_kit.client.proxies import proxy_for
from wych_kit.diagnosis.connectivity import certificates, probes
from wych_kit.diagnosis.connectivity.probes import CONNECT_SECONDS, Target
from wych_kit.diagnosis.connectivity.state import PASSED, SKIPPED, Finding

if TYPE_CHECKING:
    from collections.abc import Callable

    from wych_kit.client.proxies import Proxy
    from wych_kit.diagnosis.connectivity.probes import Outcome
    from wych_kit.diagnosis.connectivity.state import CheckFailed, CheckState
    from wych_kit.errors import Stage

NEEDED = (
    "WYCH_ISSUER_URL",
    "WYCH_API_URL",
    "WYCH_CLIENT_ID",
    "WYCH_CLIENT_SECRET",
    "WYCH_API_KEY",
    "WYCH_PARTNER_ID",
    "WYCH_APP_ID",
)
_FAMILIES = {socket.AF_INET: "IPv4", socket.AF_INET6: "IPv6"}
# Kept back, so that a slow server is reported by the probe and not by the check's own time limit.
_MARGIN_SECONDS = 0.3
# A proxy's own refusals. With any other status it could not reach the host.
_PROXY_REFUSALS = (HTTPStatus.FORBIDDEN, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED)
_MAX_ADDRESSES = 4


def check_settings(state: CheckState) -> Finding:
    """Check that everything a first call needs is set and valid. Raises `WychError` if not."""
    settings = state.settings
    settings.require(*NEEDED)
    urls: tuple[tuple[str, Stage, str], ...] = (
        ("the issuer", "discovery", settings.issuer_url or ""),
        ("the API", "call", settings.api_url or ""),
    )
    # With plain http, which is allowed on this machine only, the client uses no proxy.
    uses_proxy = not all(url.lower().startswith("http:") for _, _, url in urls)
    targets: dict[tuple[str, int, bool], Target] = {}
    for owner, stage, url in urls:
        target = Target.from_url(
            url, owner=owner, stage=stage, proxy=proxy_for(url) if uses_proxy else None
        )
        # Issuer and API on one host are checked once.
        targets.setdefault((target.host, target.port, target.tls), target)
    state.targets = tuple(targets.values())
    observed = f"all {len(NEEDED)} that a first call needs, for {settings.environment.name}"
    return Finding(PASSED, observed)


def check_names(state: CheckState) -> Finding:
    """Look up every host name. Behind a proxy only the proxy's own name matters here."""
    hosts: dict[tuple[str, int], Target] = {}
    for target in state.targets:
        end = target.proxy or target
        hosts.setdefault((end.host, end.port), target)
    lines = []
    for (host, port), target in hosts.items():
        owner = f"the proxy ({target.proxy.variable})" if target.proxy else target.owner
        try:
            addresses = probes.look_up(host, port)
        except (OSError, UnicodeError):
            evidence = f"This machine cannot look up {host}, the host of {owner}."
            raise state.failure(
                "name-not-found", target.stage, evidence, confidence="certain"
            ) from None
        state.addresses[host] = addresses
        listed = ", ".join(address for _, address in addresses[:_MAX_ADDRESSES])
        lines.append(f"{host} is an address" if listed == host else f"{host} is {listed}")
    return Finding(PASSED, "; ".join(dict.fromkeys(lines)))


def check_connection(state: CheckState) -> Finding:
    """Connect to every host that is reached without a proxy."""
    lines = []
    for target in state.targets:
        if target.proxy:
            continue
        addresses = state.addresses[target.host]
        outcomes = probes.connect_to_all(target.host, target.port, addresses)
        if not any(outcomes[address] == "answers" for _, address in addresses):
            raise _explain_no_connection(state, target, outcomes)
        lines.append(f"{target.where} answers{_describe_families(target, outcomes)}")
    if not lines:
        return Finding(SKIPPED, "the proxy makes the connections")
    return Finding(PASSED, "; ".join(lines))


def _describe_families(target: Target, outcomes: dict[str, Outcome]) -> str:
    by_family: dict[str, str] = {}
    for address, outcome in outcomes.items():
        family = _FAMILIES[socket.AF_INET6 if ":" in address else socket.AF_INET]
        # One address that answers is enough for its family.
        if by_family.get(family) != "answers":
            by_family[family] = outcome
    if len(set(by_family.values())) == 1:
        return f" ({' and '.join(by_family)})"
    silent = ", ".join(family for family, outcome in by_family.items() if outcome != "answers")
    warning = ""
    if target.host == "localhost":
        warning = f"; a program that tries only {silent} fails (ipv6-localhost)"
    return f", but not over {silent}{warning}"


def _explain_no_connection(
    state: CheckState, target: Target, outcomes: dict[str, Outcome]
) -> CheckFailed:
    stage = target.stage
    # Only for localhost are addresses tried that the look-up did not return.
    if other := [address for address, outcome in outcomes.items() if outcome == "answers"]:
        resolved = ", ".join(address for _, address in state.addresses[target.host])
        evidence = (
            f"localhost is {resolved} here, and nothing answers there."
            f" {other[0]} port {target.port} answers."
        )
        return state.failure("ipv6-localhost", stage, evidence, confidence="certain")
    if "refused" in outcomes.values():
        evidence = f"{target.where} refused the connection."
        return state.failure("connection-refused", stage, evidence, confidence="certain")
    if "silent" in outcomes.values():
        evidence = f"{target.where} accepted no connection within {CONNECT_SECONDS:.0f} seconds."
        return state.failure("timeout", stage, evidence, runner_up="unreachable")
    return state.failure("unreachable", stage, f"No network route leads to {target.where}.")


def check_tls(state: CheckState) -> Finding:
    """Verify the certificate of every https host that is reached without a proxy."""
    secure = [target for target in state.targets if target.tls]
    if not secure:
        return Finding(SKIPPED, "plain http, on this machine only")
    direct = [target for target in secure if not target.proxy]
    if not direct:
        return Finding(SKIPPED, "the next check does it, through the proxy")
    lines = [
        f"{target.host}: {_shake_hands(state, target, _connect_direct(state, target))}"
        for target in direct
    ]
    return Finding(PASSED, "; ".join(lines))


def check_proxy(state: CheckState) -> Finding:
    """Open a tunnel to every https host behind a proxy, and verify the certificate there."""
    lines = []
    for target in state.targets:
        if target.proxy is None:
            continue
        line = f"to {target.host} through {target.proxy.words}"
        if target.tls:
            connect = _connect_through_proxy(state, target, target.proxy)
            line += f", {_shake_hands(state, target, connect)}"
        lines.append(line)
    return Finding(PASSED, "; ".join(lines)) if lines else Finding(SKIPPED, "none is used")


def _connect_direct(state: CheckState, target: Target) -> Callable[[], socket.socket]:
    def connect() -> socket.socket:
        timeout = min(CONNECT_SECONDS, _time_left(state))
        return socket.create_connection((target.host, target.port), timeout=timeout)

    return connect


def _connect_through_proxy(
    state: CheckState, target: Target, proxy: Proxy
) -> Callable[[], socket.socket]:
    def connect() -> socket.socket:
        if proxy.scheme not in ("http", "https"):
            evidence = f"{proxy.variable} does not name an http proxy. The kit uses no other kind."
            raise state.failure("proxy-unreachable", target.stage, evidence, confidence="certain")
        try:
            connection, status, reason = probes.open_tunnel(
                proxy, target.host, target.port, seconds=_time_left(state)
            )
        except OSError as error:
            evidence = f"The proxy {proxy.words} did not answer: {type(error).__name__}."
            raise state.failure("proxy-unreachable", target.stage, evidence) from None
        # Any 2xx opens the tunnel (RFC 9110 section 9.3.6).
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return connection
        connection.close()
        raise _explain_no_tunnel(state, target, proxy, status=status, reason=reason)

    return connect


def _explain_no_tunnel(
    state: CheckState, target: Target, proxy: Proxy, *, status: int, reason: str
) -> CheckFailed:
    """Return the failure for a proxy's response to CONNECT.

    Only its own refusal is certain. The reason why it could not reach the host is not, nor that it
    is a proxy at all.
    """
    stage = target.stage
    response = (
        f"{status} {reason}".rstrip() if status else f"a text that is not HTTP {reason}".rstrip()
    )
    evidence = f"The proxy {proxy.words} answered {response} for {target.where}."
    reference = refusal_rules.classify_tunnel_refusal(status)
    cause = action = ""
    if reference == "proxy-password" and proxy.credentials:
        cause = f"The proxy rejects the name and password in {proxy.variable}."
        action = f"Correct them in {proxy.variable}. Write @ as %40 and % as %25."
    elif status in _PROXY_REFUSALS:
        return state.failure(reference, stage, evidence, confidence="certain")
    elif reference == "unreachable":
        cause = f"The proxy could not reach {target.host}."
        action = "Check the URL. If it is correct, ask the people who run the proxy."
    elif reference == "proxy-unreachable":
        cause = f"The server that {proxy.variable} names does not answer as a proxy does."
    else:
        return state.failure(reference, stage, evidence)
    return state.failure(
        reference, stage, evidence, runner_up="proxy-refused", cause=cause, action=action
    )


def _shake_hands(state: CheckState, target: Target, connect: Callable[[], socket.socket]) -> str:
    """Return a sentence about the certificate. Raises `CheckFailed`."""
    stage, where = target.stage, target.where
    try:
        connection = connect()
        connection.settimeout(_time_left(state))
        return str(certificates.verify_certificate(connection, target.host))
    # SSLCertVerificationError is an SSLError, and both are OSErrors: the order matters.
    except ssl.SSLCertVerificationError as error:
        raise _explain_certificate(state, target, error, connect) from None
    except ssl.SSLError as error:
        evidence = f"{where} does not answer with valid TLS ({error.reason})."
        raise state.failure("tls-broken", stage, evidence) from None
    except TimeoutError:
        evidence = f"{where} did not finish the TLS handshake in time."
        raise state.failure("timeout", stage, evidence, runner_up="tls-broken") from None
    except OSError as error:
        evidence = (
            f"{where} closed the connection during the TLS handshake ({type(error).__name__})."
        )
        raise state.failure("connection-cut", stage, evidence, runner_up="tls-broken") from None


def _explain_certificate(
    state: CheckState,
    target: Target,
    error: ssl.SSLCertVerificationError,
    connect: Callable[[], socket.socket],
) -> CheckFailed:
    # A second connection reads the certificate without trusting it, to say who issued it.
    try:
        connection = connect()
        connection.settimeout(_time_left(state))
        certificate = certificates.read_certificate(connection, target.host)
    except OSError:
        certificate = None
    reference = certificates.classify_certificate(error, certificate)
    evidence = f"The certificate of {target.where} is not valid here ({error.verify_message})."
    if certificate:
        evidence += (
            f" It is for {certificate.subject}, issued by {certificate.issuer},"
            f" and expires on {certificate.expires}."
        )
    runner_up = {
        "tls-interception": "certificate-not-trusted",
        "certificate-not-trusted": "tls-interception",
        "clock-behind": "certificate-not-trusted",
    }.get(reference)
    confidence: Literal["certain", "likely"] = "likely" if runner_up else "certain"
    return state.failure(
        reference, target.stage, evidence, confidence=confidence, runner_up=runner_up
    )


def _time_left(state: CheckState) -> float:
    return max(0.1, state.client.check_ends - time.monotonic() - _MARGIN_SECONDS)
