"""The rungs below HTTP: settings, host names, connection, TLS, proxy. Each takes what is known and adds to it, or raises."""

from __future__ import annotations

import socket
import ssl
import time
from typing import TYPE_CHECKING, Literal

from wych_kit.client import refusal_rules
from wych_kit.client.proxies import proxy_for
from wych_kit.diagnosis.connectivity import certificates, probes
from wych_kit.diagnosis.connectivity.state import held, skipped

if TYPE_CHECKING:
    from collections.abc import Callable

    from wych_kit.diagnosis.connectivity.probes import Target
    from wych_kit.diagnosis.connectivity.state import Broken, Finding, State

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
# Seconds kept back, so that what is slow is named by the probe and not by the limit of the rung.
_MARGIN = 0.3
_TUNNELLED = range(200, 300)
# What a proxy says of its own accord: it does not want to, or wants a password first.
_ITS_OWN = (403, 407)


def settings(state: State) -> Finding:
    """All that a first call needs is there and can be right."""
    state.settings.require(*NEEDED)
    wanted = (
        ("the issuer", "discovery", state.settings.issuer_url),
        ("the API", "call", state.settings.api_url),
    )
    plain = all(
        (address or "").lower().startswith("http:") for _, _, address in wanted
    )  # then no proxy is asked: see new_client
    found: dict[tuple[str, int, bool], Target] = {}
    for what, stage, address in wanted:
        proxy = None if plain else proxy_for(address or "")
        made = probes.target(what, stage, address or "", proxy)  # type: ignore[arg-type]  # the two stages above
        found.setdefault((made.host, made.port, made.tls), made)
    state.targets = tuple(found.values())
    return held(f"all {len(NEEDED)} that a first call needs, for {state.settings.environment.name}")


def name(state: State) -> Finding:
    """Every host that this machine has to find can be found: the proxy's instead of those behind it."""
    hosts: dict[tuple[str, int], Target] = {}
    for target in state.targets:
        place = (
            (target.proxy.host, target.proxy.port) if target.proxy else (target.host, target.port)
        )
        hosts.setdefault(place, target)
    lines = []
    for (host, port), target in hosts.items():
        who = f"the proxy ({target.proxy.variable})" if target.proxy else target.what
        try:
            addresses = probes.look_up(host, port)
        except (OSError, UnicodeError):
            words = f"{host}, the host of {who}, is not a name that this machine can look up"
            raise state.broken(
                "name-not-found", target.stage, words, confidence="certain"
            ) from None
        shown = ", ".join(address for _, address in addresses[:4])
        state.addresses[host] = addresses
        lines.append(f"{host} is an address" if shown == host else f"{host} is {shown}")
    return held("; ".join(dict.fromkeys(lines)))


def connection(state: State) -> Finding:
    """Something takes connections at every host that is reached without a proxy."""
    lines = []
    for target in state.targets:
        if target.proxy:
            continue
        outcomes = probes.connected(target.host, target.port, state.addresses[target.host])
        usable = [
            address for _, address in state.addresses[target.host] if outcomes[address] == "answers"
        ]
        if not usable:
            raise _unconnected(state, target, outcomes)
        lines.append(f"{target.where} answers{_families(target, outcomes)}")
    return held("; ".join(lines)) if lines else skipped("the proxy makes the connections")


def _families(target: Target, outcomes: dict[str, probes.Outcome]) -> str:
    by_family: dict[str, str] = {}
    for address, outcome in outcomes.items():
        family = _FAMILIES[socket.AF_INET6 if ":" in address else socket.AF_INET]
        by_family[family] = "answers" if "answers" in (outcome, by_family.get(family)) else outcome
    if len(set(by_family.values())) == 1:
        return f" ({' and '.join(by_family)})"
    mute = ", ".join(family for family, outcome in by_family.items() if outcome != "answers")
    warning = (
        "; a program that tries only that one fails (ipv6-localhost)"
        if target.host == "localhost"
        else ""
    )
    return f", but not over {mute}{warning}"


def _unconnected(state: State, target: Target, outcomes: dict[str, probes.Outcome]) -> Broken:
    if other := [address for address, outcome in outcomes.items() if outcome == "answers"]:
        looked_up = ", ".join(address for _, address in state.addresses[target.host])
        words = (
            f"localhost is {looked_up} here and nothing answers there; {other[0]} port"
            f" {target.port} does answer"
        )
        return state.broken("ipv6-localhost", target.stage, words, confidence="certain")
    seen = set(outcomes.values())
    if "refused" in seen:
        return state.broken(
            "connection-refused",
            target.stage,
            f"{target.where} refused the connection",
            confidence="certain",
        )
    if "silent" in seen:
        words = (
            f"{target.where} did not accept the connection within {probes.CONNECT_SECONDS:.0f}"
            " seconds"
        )
        return state.broken("timeout", target.stage, words, runner_up="unreachable")
    return state.broken("unreachable", target.stage, f"there is no way to {target.where} from here")


def tls(state: State) -> Finding:
    """Every https host that is reached without a proxy shows a certificate that this machine trusts."""
    wanted = [target for target in state.targets if target.tls]
    if not wanted:
        return skipped("plain http, on this machine only")
    direct = [target for target in wanted if not target.proxy]
    if not direct:
        return skipped("tried through the proxy, on the next rung")
    return held(
        "; ".join(
            f"{target.host}: {_handshake(state, target, _direct(state, target))}"
            for target in direct
        )
    )


def proxy(state: State) -> Finding:
    """The proxy lets us through to every https host behind it, and the certificates hold there too."""
    behind = [target for target in state.targets if target.proxy]
    if not behind:
        return skipped("none is used")
    lines = []
    for target in behind:
        held_words = f"to {target.host} through {target.proxy.words if target.proxy else ''}"
        if target.tls:
            held_words += f", {_handshake(state, target, _through_the_proxy(state, target))}"
        lines.append(held_words)
    return held("; ".join(lines))


def _direct(state: State, target: Target) -> Callable[[], socket.socket]:
    def way() -> socket.socket:
        return socket.create_connection(
            (target.host, target.port), timeout=min(probes.CONNECT_SECONDS, _left(state))
        )

    return way


def _through_the_proxy(state: State, target: Target) -> Callable[[], socket.socket]:
    found = target.proxy
    assert found is not None  # noqa: S101 - the callers chose those with one

    def way() -> socket.socket:
        if found.scheme not in ("http", "https"):
            words = f"{found.variable} names no http proxy, which is the only kind this kit uses"
            raise state.broken("proxy-unreachable", target.stage, words, confidence="certain")
        try:
            made, status, reason = probes.tunnel(found, target.host, target.port, _left(state))
        except OSError as error:
            words = f"no answer from the proxy {found.words}: {type(error).__name__}"
            raise state.broken("proxy-unreachable", target.stage, words) from None
        if status in _TUNNELLED:
            return made
        made.close()
        raise _no_tunnel(state, target, status, reason)

    return way


def _no_tunnel(state: State, target: Target, status: int, reason: str) -> Broken:
    """A proxy that gives no way: its own refusal is certain, why it could not get through is not, nor whether it is a proxy at all."""
    found = target.proxy
    assert found is not None  # noqa: S101 - it answered
    words = (
        f"the proxy {found.words} answered {status or 'something that is no HTTP'} {reason}".rstrip()
        + f" for {target.where}"
    )
    reference, stage = refusal_rules.classify_tunnel_refusal(status), target.stage
    if reference == "proxy-password" and found.credentials:
        cause = f"The proxy does not take the name and password in {found.variable}."
        action = "Correct them there; a sign such as @ or % is written %40 or %25."
        return state.broken(
            reference, stage, words, runner_up="proxy-refused", cause=cause, action=action
        )
    if status in _ITS_OWN:
        return state.broken(reference, stage, words, confidence="certain")
    if reference == "unreachable":
        cause = f"The proxy could not get through to {target.host}."
        action = "Check the address; then ask whoever runs the proxy."
        return state.broken(
            reference, stage, words, runner_up="proxy-refused", cause=cause, action=action
        )
    if reference == "proxy-unreachable":
        cause = f"What {found.variable} names does not answer as a proxy does."
        return state.broken(reference, stage, words, runner_up="proxy-refused", cause=cause)
    return state.broken(reference, stage, words)


def _handshake(state: State, target: Target, way: Callable[[], socket.socket]) -> str:
    try:
        made = way()
        made.settimeout(_left(state))
        return certificates.shaken(made, target.host).words
    except ssl.SSLCertVerificationError as error:
        raise _distrusted(state, target, error, way) from None
    except ssl.SSLError as error:
        words = f"{target.where} does not speak TLS as it should ({error.reason})"
        raise state.broken("tls-broken", target.stage, words) from None
    except TimeoutError:
        words = f"{target.where} did not finish the TLS handshake in time"
        raise state.broken("timeout", target.stage, words, runner_up="tls-broken") from None
    except OSError as error:
        words = (
            f"{target.where} cut the connection during the TLS handshake ({type(error).__name__})"
        )
        raise state.broken("connection-cut", target.stage, words, runner_up="tls-broken") from None


def _distrusted(
    state: State,
    target: Target,
    error: ssl.SSLCertVerificationError,
    way: Callable[[], socket.socket],
) -> Broken:
    try:
        made = way()
        made.settimeout(_left(state))
        seen = certificates.looked_at(made, target.host)
    except OSError:
        seen = None
    reference = certificates.reference(error, seen)
    shown = f"; it is for {seen.subject}, by {seen.issuer}, until {seen.expires}" if seen else ""
    words = f"the certificate of {target.where} does not hold ({error.verify_message}){shown}"
    open_question = {
        "tls-interception": "certificate-not-trusted",
        "certificate-not-trusted": "tls-interception",
        "clock-behind": "certificate-not-trusted",
    }.get(reference)
    confidence: Literal["certain", "likely"] = "likely" if open_question else "certain"
    return state.broken(
        reference, target.stage, words, confidence=confidence, runner_up=open_question
    )


def _left(state: State) -> float:
    return max(0.1, state.asking.rung_ends - time.monotonic() - _MARGIN)
