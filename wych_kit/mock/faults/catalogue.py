"""Lists the faults: name, effect, place, parameters, and the row of the wire facts that each follows."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PLACES = ("discovery", "keys", "token", "api", "portal")
_PROVIDER = ("discovery", "keys", "token")
_EVERYWHERE = "everywhere"
Value = str | int | float


class Parameter(NamedTuple):
    """A parameter of a fault.

    A number must be between `least` and `most`; a text must be one of `among`, if that has any.
    """

    default: Value
    description: str
    least: float = 0
    most: float = 86_400
    among: tuple[Value, ...] = ()

    def parse(self, name: str, text: object) -> Value:
        """Return the value in the default's type; a command line gives text. Raises `ValueError`."""
        value = _convert(type(self.default), text)
        if value is None or not self._is_allowed(value):
            choices = f" (one of {', '.join(map(str, self.among))})" if self.among else ""
            raise ValueError(f"{name} takes {self.description}{choices}, not {text!r}")
        return value

    def _is_allowed(self, value: Value) -> bool:
        if self.among and value not in self.among:
            return False
        if isinstance(value, str):
            # It goes into a header.
            return value.isascii() and value.isprintable()
        return bool(self.among) or self.least <= value <= self.most


def _convert(kind: type[Value], value: object) -> Value | None:
    # A bool is an int to Python, but JSON's true is not a number.
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        return kind(value)
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which the mock can fail.

    `does` is a sentence. `acts` are the places where it acts, and `row` is the wire fact that it
    follows, or "invented". `tls` is the kind of certificate that the mock must be started with; such
    a fault cannot be switched on later. `counted` is False for a state of the mock, which takes
    neither a number of times nor a client.
    """

    name: str
    does: str
    acts: tuple[str, ...]
    row: str = "invented"
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    tls: str = ""
    counted: bool = True

    @property
    def knows_clients(self) -> bool:
        """True if the requests that it acts on name their client."""
        return self.counted and bool({"token", "api"} & set(self.acts))


def _where(among: tuple[str, ...] = PLACES) -> dict[str, Parameter]:
    return {"where": Parameter(_EVERYWHERE, "a place", among=(_EVERYWHERE, *among))}


def _certificate(name: str, tls: str, does: str) -> Fault:
    does = f"{does} Start the mock with --tls {tls}."
    return Fault(name, does, ("connection",), tls=tls, counted=False)


def _clock(name: str, does: str) -> Fault:
    seconds = {"seconds": Parameter(600.0, "seconds")}
    return Fault(name, does, ("clock",), parameters=seconds, counted=False)


_SECONDS = Parameter(0.0, "seconds")
_IDENTITY_PROVIDER = (
    Fault("wrong-realm", "The realm does not exist.", _PROVIDER, "A3-22"),
    Fault("realm-disabled", "The realm is switched off.", ("token",), "A3-23"),
    Fault("issuer-mismatch", "The discovery document names a different issuer.", ("discovery",)),
    Fault("discovery-incomplete", "The discovery document has no token_endpoint.", ("discovery",)),
    Fault("endpoint-elsewhere", "The token_endpoint in the discovery document is on a different host.", ("discovery",)),
    Fault("unknown-client", "The client of the app does not exist.", ("token",), "A3-3"),
    Fault("wrong-client-secret", "The client secret was replaced, so the old one is wrong.", ("token",), "A3-4"),
    Fault("client-not-allowed", "The client may not request service tokens.", ("token",), "A3-10"),
    Fault("identity-provider-error", "The identity provider fails.", _PROVIDER, "A3-36",
          {"status": Parameter(500, "a status", among=(500, 503)), **_where(_PROVIDER)}),
    Fault("too-many-token-requests", "The token endpoint rejects the request as one too many.", ("token",), "A3-30",
          {"retry_after": Parameter(0, "seconds for Retry-After; 0 sends none")}),
    Fault("no-token", "The token endpoint reports success and sends no token.", ("token",)),
    Fault("not-bearer", "The token_type is not Bearer.", ("token",),
          parameters={"token_type": Parameter("MAC", "a token type")}),
    Fault("odd-lifetime", "The expires_in is not a number.", ("token",),
          parameters={"expires_in": Parameter("soon", "a text")}),
)  # fmt: skip
_GATEWAY = (
    Fault("bearer-refused", "The gateway rejects every bearer token, also new ones.", ("api",), "B3-3"),
    Fault("revoked-token", "Tokens issued so far are revoked. New ones are accepted.", ("api",), "B3-3"),
    Fault("stale-token", "Tokens issued so far have expired. New ones are accepted.", ("api",), "B3-3"),
    Fault("service-token-refused", "The call needs the other type of token.", ("api",), "B3-4"),
    Fault("api-key-refused", "The API key is unknown, or in no usage plan.", ("api",), "B3-1"),
    Fault("wrong-base-path", "The gateway has no API at this base path.", ("api",), "B3-12"),
    Fault("wrong-path", "The gateway has no such route.", ("api",), "B3-10"),
    Fault("throttled", "The calls come faster than the usage plan allows.", ("api",), "B3-13"),
    Fault("quota-spent", "The usage plan's calls of the day are used up.", ("api",), "B3-14"),
    Fault("gateway-timeout", "The service behind the gateway is too slow.", ("api",), "B3-18", {"seconds": _SECONDS}),
    Fault("gateway-error", "The gateway fails (500), gets an invalid response (502), or has no capacity (503).", ("api",), "B3-20",
          {"status": Parameter(502, "a status", among=(500, 502, 503))}),
    Fault("unknown-answer", "The response is one that no documentation describes.", ("api",),
          parameters={"status": Parameter(418, "a status", 200, 599)}),
    Fault("unknown-user", "The application does not know the user.", ("api",)),
    Fault("consent-pending", "The user has not consented yet.", ("api",)),
    Fault("consent-rejected", "The user refused to consent.", ("api",)),
)  # fmt: skip
_ON_THE_WAY = (
    Fault("captive-portal", "A Wi-Fi login page answers instead of the server.", PLACES, parameters=_where()),
    Fault("login-page", "A redirect to a login page comes first.", PLACES, parameters=_where()),
    Fault("redirected", "The service redirects to a different address.", PLACES,
          parameters={"to": Parameter("https://moved.example", "a URL"), **_where()}),
    Fault("not-json", "A proxy answers with a page of its own.", PLACES,
          parameters={"status": Parameter(502, "a status", 200, 599),
                      "content_type": Parameter("text/html", "a media type"), **_where()}),
    Fault("answer-too-long", "The response is 400 KiB longer than it should be.", PLACES, parameters=_where()),
    Fault("connection-cut", "The connection closes before the response, or in its body.", PLACES,
          parameters={"at": Parameter("before", "a moment", among=("before", "body")), **_where()}),
    Fault("timeout", "The server reads the request and never answers.", PLACES, parameters=_where()),
    Fault("latency", "Every response is late by seconds, and by up to jitter more.", PLACES,
          parameters={"seconds": Parameter(1.0, "seconds"), "jitter": _SECONDS, **_where()}),
)  # fmt: skip
_CLOCKS = (
    _clock("clock-ahead", "This machine's clock is ahead of the server's."),
    _clock("clock-behind", "This machine's clock is behind the server's."),
)
_TLS = (
    _certificate("certificate-not-trusted", "private-ca", "An authority that this machine does not trust signed the certificate."),
    _certificate("certificate-expired", "expired", "The certificate has expired."),
    _certificate("self-signed-certificate", "self-signed", "The server signed its certificate itself."),
    _certificate("certificate-wrong-host", "wrong-host", "The certificate is for a different host."),
    _certificate("tls-interception", "intercepted", "A company's proxy inspects TLS and signs with its own authority."),
)  # fmt: skip

FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        fault.name: fault
        for group in (_IDENTITY_PROVIDER, _GATEWAY, _ON_THE_WAY, _CLOCKS, _TLS)
        for fault in group
    }
)


def find_fault(name: str) -> Fault:
    """Return the fault of this name. Raises `ValueError` with the nearest name."""
    if name not in FAULTS:
        raise ValueError(f"there is no fault {name!r}{suggest(name, FAULTS)}")
    return FAULTS[name]


def read_parameters(fault: Fault, given: Mapping[str, object]) -> dict[str, Value]:
    """Return all parameters of a fault, with defaults for those not given. Raises `ValueError`."""
    for name in given:
        if name not in fault.parameters:
            takes = ", ".join(fault.parameters) or "no parameters"
            nearest = suggest(name, fault.parameters)
            raise ValueError(f"{fault.name} has no parameter {name!r}{nearest} It takes {takes}.")
    return {
        name: parameter.parse(f"{fault.name}'s {name}", given.get(name, parameter.default))
        for name, parameter in fault.parameters.items()
    }


def suggest(name: str, names: Iterable[str]) -> str:
    """Return the end of a sentence with the name that was probably meant."""
    close = difflib.get_close_matches(name, list(names), n=1, cutoff=0.5)
    return f"; the nearest is {close[0]!r}." if close else "."
