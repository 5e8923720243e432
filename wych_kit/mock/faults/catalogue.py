"""The faults there are: name, what each does, where, with which parameters, and the row of the wire facts that it follows."""

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
    """Something a fault can be given. A number must be `least` to `most`; a text one of `among`, if that has any."""

    default: Value
    words: str
    least: float = 0
    most: float = 86_400
    among: tuple[Value, ...] = ()

    def read(self, name: str, given: object) -> Value:
        """The value of the default's type; a command line gives text. Raises `ValueError`."""
        value = _converted(type(self.default), given)
        if isinstance(value, str):
            fits = (
                value.isascii() and value.isprintable() and (not self.among or value in self.among)
            )
        else:
            fits = value is not None and (
                value in self.among if self.among else self.least <= value <= self.most
            )
        if value is None or not fits:
            choices = f" (one of {', '.join(map(str, self.among))})" if self.among else ""
            raise ValueError(f"{name} takes {self.words}{choices}, not {given!r}")
        return value


def _converted(kind: type[Value], given: object) -> Value | None:
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        return None
    try:
        return kind(given)
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to misbehave.

    `does` is a sentence, `acts` the places where it acts, `row` the wire fact it follows, or "invented". `tls` is the kind of
    certificate that a mock must be started with for it; such a fault cannot be switched on later. `counted` is False for what is so
    or not, whoever asks: it takes neither a number of times nor a client.
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
        """Whether a request that it applies to can say which client it speaks for."""
        return self.counted and bool({"token", "api"} & set(self.acts))


def _where(among: tuple[str, ...] = PLACES) -> dict[str, Parameter]:
    return {"where": Parameter(_EVERYWHERE, "a place", among=(_EVERYWHERE, *among))}


def _certificate(name: str, tls: str, does: str) -> Fault:
    return Fault(
        name, f"{does} Start the mock so: --tls {tls}.", ("connection",), tls=tls, counted=False
    )


_SECONDS = Parameter(0.0, "seconds")
_ALL = (
    # The identity provider
    Fault("wrong-realm", "The realm is gone.", _PROVIDER, "A3-22"),
    Fault("realm-disabled", "The realm is switched off.", ("token",), "A3-23"),
    Fault("issuer-mismatch", "The discovery document names another issuer.", ("discovery",)),
    Fault("discovery-incomplete", "The discovery document has no token_endpoint.", ("discovery",)),
    Fault("endpoint-elsewhere", "The discovery document's token_endpoint is on another host.", ("discovery",)),
    Fault("unknown-client", "The app's client is gone.", ("token",), "A3-3"),
    Fault("wrong-client-secret", "The client secret was rotated: the one that people have is the old one.", ("token",), "A3-4"),
    Fault("client-not-allowed", "The client may not ask for service tokens.", ("token",), "A3-10"),
    Fault("identity-provider-error", "The identity provider fails.", _PROVIDER, "A3-36", {"status": Parameter(500, "a status", among=(500, 503)), **_where(_PROVIDER)}),
    Fault("too-many-token-requests", "The token endpoint is asked too often.", ("token",), "A3-30", {"retry_after": Parameter(0, "seconds for Retry-After; 0 sends none")}),
    Fault("no-token", "The token endpoint says yes and sends no token.", ("token",)),
    Fault("not-bearer", "The token is of another type than Bearer.", ("token",), parameters={"token_type": Parameter("MAC", "a token type")}),
    Fault("odd-lifetime", "expires_in is no number.", ("token",), parameters={"expires_in": Parameter("soon", "a text")}),
    # The gateway
    Fault("bearer-refused", "The gateway refuses every bearer token, new ones too.", ("api",), "B3-3"),
    Fault("revoked-token", "Tokens issued so far are revoked; new ones count.", ("api",), "B3-3"),
    Fault("stale-token", "Tokens issued so far have expired; new ones count.", ("api",), "B3-3"),
    Fault("service-token-refused", "The call takes another kind of token than the service token.", ("api",), "B3-4"),
    Fault("api-key-refused", "The API key is unknown, or in no usage plan.", ("api",), "B3-1"),
    Fault("wrong-base-path", "The gateway has no API at this base path.", ("api",), "B3-12"),
    Fault("wrong-path", "The gateway has withdrawn the route.", ("api",), "B3-10"),
    Fault("throttled", "Calls come faster than the usage plan allows.", ("api",), "B3-13"),
    Fault("quota-spent", "The usage plan's calls of the day are spent.", ("api",), "B3-14"),
    Fault("gateway-timeout", "What is behind the gateway is too slow.", ("api",), "B3-18", {"seconds": _SECONDS}),
    Fault("gateway-error", "The gateway fails: itself (500), by a malformed answer (502), or for lack of capacity (503).", ("api",), "B3-20", {"status": Parameter(502, "a status", among=(500, 502, 503))}),
    Fault("unknown-answer", "An answer that nobody expects.", ("api",), parameters={"status": Parameter(418, "a status", 200, 599)}),
    Fault("unknown-user", "The application does not know the user.", ("api",)),
    Fault("consent-pending", "The user has not consented yet.", ("api",)),
    Fault("consent-rejected", "The user has said no.", ("api",)),
    # In between, at any place
    Fault("captive-portal", "A wifi's welcome page answers in the server's place.", PLACES, parameters=_where()),
    Fault("login-page", "A login page is put in front: a redirect to it.", PLACES, parameters=_where()),
    Fault("redirected", "The service has moved to another address.", PLACES, parameters={"to": Parameter("https://moved.example", "an address"), **_where()}),
    Fault("not-json", "A proxy answers with a page of its own.", PLACES, parameters={"status": Parameter(502, "a status", 200, 599), "content_type": Parameter("text/html", "a media type"), **_where()}),
    Fault("answer-too-long", "The answer is 400 KiB longer than it should be.", PLACES, parameters=_where()),
    Fault("connection-cut", "The connection is cut: before the answer, or in its body.", PLACES, parameters={"at": Parameter("before", "a moment", among=("before", "body")), **_where()}),
    Fault("timeout", "The request is taken and never answered.", PLACES, parameters=_where()),
    Fault("latency", "Every answer takes a while: seconds, and up to jitter more.", PLACES, parameters={"seconds": Parameter(1.0, "seconds"), "jitter": _SECONDS, **_where()}),
    # The clock
    Fault("clock-ahead", "This machine's clock is ahead: the server's goes back.", ("clock",), parameters={"seconds": Parameter(600.0, "seconds")}, counted=False),
    Fault("clock-behind", "This machine's clock is behind: the server's goes ahead.", ("clock",), parameters={"seconds": Parameter(600.0, "seconds")}, counted=False),
    # TLS
    _certificate("certificate-not-trusted", "private-ca", "Nobody this machine trusts signed the certificate."),
    _certificate("certificate-expired", "expired", "The certificate has expired."),
    _certificate("self-signed-certificate", "self-signed", "The certificate is signed by itself."),
    _certificate("certificate-wrong-host", "wrong-host", "The certificate is another host's."),
    _certificate("tls-interception", "intercepted", "A company's proxy opens TLS and signs with its own authority."),
)  # fmt: skip

FAULTS: Mapping[str, Fault] = MappingProxyType({fault.name: fault for fault in _ALL})


def known(name: str) -> Fault:
    """The fault of this name. Raises `ValueError` with the nearest name."""
    if name not in FAULTS:
        raise ValueError(f"there is no fault {name!r}{nearest(name, FAULTS)}")
    return FAULTS[name]


def values(fault: Fault, given: Mapping[str, object]) -> dict[str, Value]:
    """All parameters of a fault, with defaults where nothing is given. Raises `ValueError` for one it does not take."""
    for name in given:
        if name not in fault.parameters:
            takes = ", ".join(fault.parameters) or "no parameters"
            raise ValueError(
                f"{fault.name} has no parameter {name!r}{nearest(name, fault.parameters)} It takes"
                f" {takes}."
            )
    return {
        name: parameter.read(f"{fault.name}'s {name}", given.get(name, parameter.default))
        for name, parameter in fault.parameters.items()
    }


def nearest(name: str, names: Iterable[str]) -> str:
    """The end of a sentence: the name that was probably meant."""
    close = difflib.get_close_matches(name, list(names), n=1, cutoff=0.5)
    return f"; the nearest is {close[0]!r}." if close else "."
