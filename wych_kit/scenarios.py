"""The catalogue of what goes wrong: cause, next action, whose side, and how we know. Data only.

An error carries the `reference` of its scenario; `wych_kit.diagnosis` looks it up here.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Basis = Literal["documented", "inferred", "invented"]
Side = Literal["yours", "theirs", "the network's", "unclear"]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One thing that goes wrong. `cause` is a sentence, `fix` the next action, `side` says who can do it.

    `source` names the fact behind it; `basis` how far that fact can be trusted: `documented` by Wych or a standard, `inferred` from
    the products that seem to be behind it, or `invented` here.
    """

    reference: str
    cause: str
    fix: str
    side: Side
    source: str
    basis: Basis


def _keycloak(rows: str) -> str:
    return f"Keycloak, wire facts {rows}"


def _gateway(rows: str) -> str:
    return f"AWS API Gateway, wire facts {rows}"


_ALL = (
    # Before anything is sent
    Scenario("setting-missing", "A value that is needed here was never given.", "Set it in your shell or in .env; .env.example explains each.", "yours", "this kit's settings (.env.example)", "documented"),
    Scenario("setting-invalid", "The value cannot be right.", "Correct it where it comes from.", "yours", "the setting's own rule", "documented"),
    Scenario("odd-secret", "The secret was probably not copied as it is.", "Copy it again from the portal's copy button and save it with `wych-kit start`.", "yours", "wire facts D1, D2, D25; RFC 6749 App. A.2", "inferred"),
    Scenario("odd-value", "The value has something in it that was probably not meant.", "Copy it again without what is named.", "yours", "wire facts D25, D30", "inferred"),
    Scenario("placeholder-left", "A placeholder was never filled in.", "Put the real value there.", "yours", "wire facts D2, D20", "inferred"),
    Scenario("not-https", "An address is plain http, and credentials would go over it readable.", "Write https:// instead. Only this machine's own addresses may be http.", "yours", "wire facts D13; RFC 9700 section 2.6", "documented"),
    Scenario("trailing-slash", "A slash at the end makes it another address.", "Take the last slash away.", "yours", "wire facts D6; OpenID Connect Discovery 1.0 section 4.3", "documented"),
    Scenario("not-the-issuer", "The address is one of the issuer's pages, not the issuer.", "Write only the part that is named.", "yours", "API facts section 3", "documented"),
    Scenario("not-a-base", "The address has more in it than the part that all calls share.", "Write only the part that is named.", "yours", "API facts section 2", "documented"),
    Scenario("not-an-id", "An id is one word; this is more than that.", "Copy only the id.", "yours", "API facts section 1", "inferred"),
    Scenario("swapped-credentials", "Two of the three credentials seem to stand in each other's place.", "Compare client id, client secret and API key with the portal.", "yours", "wire facts D3, D18", "inferred"),
    Scenario("environment-mismatch", "The values belong to different environments.", "Keep one file for each environment: .env.sandbox, .env.production.", "yours", "wire facts D19", "inferred"),
    Scenario("unknown-setting", "A line in the file is not read by this kit.", "Correct the name.", "yours", "this kit's settings (.env.example)", "documented"),
    Scenario("env-file-missing", "The file is not there.", "Make it with `wych-kit start`, or go to the folder that has it.", "yours", "this kit", "documented"),
    Scenario("env-file-unreadable", "The file cannot be read.", "Save it as UTF-8 text and readable by you.", "yours", "how this kit reads the file (wire facts D25)", "documented"),
    Scenario("env-file-unwritable", "The file cannot be written.", "Choose a folder that you may write to.", "yours", "this kit", "documented"),
    Scenario("env-file-line", "A line of the file is not NAME=value.", "Correct the line.", "yours", "how this kit reads the file (wire facts D25)", "documented"),
    Scenario("env-file-bom", "A byte order mark at its start hides the first name from others.", "Save it as UTF-8 without a byte order mark.", "yours", "how this kit reads the file (wire facts D25)", "documented"),
    Scenario("env-file-committable", "git would commit the file, and the secrets with it.", "Add the line .env to .gitignore; if git follows it already: git rm --cached .env", "yours", "this kit", "documented"),
    Scenario("mock-not-started", "The mock could not be started for this command.", "Put right what is named, or run one yourself: wych-kit mock", "yours", "this kit", "documented"),
    Scenario("answers-file", "The file with the answers will not do.", "Correct what is named; the kit's own demonstration.toml shows the shape.", "yours", "this kit", "documented"),
    Scenario("shell-shadows-file", "Your shell's older value wins over the one in the file.", "Unset the variable in your shell, then run this again.", "yours", "how this kit reads settings (wire facts D25)", "documented"),
    Scenario("wrong-host", "The credentials belong to one host, and the request goes to another.", "Call addresses below WYCH_API_URL only, or make a second WychAuth for the other host.", "yours", "RFC 9700 section 2.3", "documented"),
    # Nothing answered
    Scenario("name-not-found", "The host's name could not be looked up.", "Check its spelling, then your connection; behind a company proxy, set HTTPS_PROXY.", "yours", "this machine's resolver", "documented"),
    Scenario("connection-refused", "The machine is there, and nothing listens at that port.", "For the mock: start it with `wych-kit mock`. Otherwise check host and port.", "yours", "TCP", "documented"),
    Scenario("timeout", "No answer came in time.", "Try again; if it stays, a firewall or proxy may be in the way.", "the network's", "this kit's limits", "documented"),
    Scenario("connection-cut", "The connection was cut before the answer was complete.", "Try again; if it stays, ask whoever runs the proxy or firewall in between.", "the network's", "TCP", "documented"),
    Scenario("unreachable", "No connection could be made.", "Check the address and your connection.", "unclear", "what was observed", "inferred"),
    Scenario("certificate-not-trusted", "Nobody this machine trusts signed it: often a proxy that opens TLS.", "Set SSL_CERT_FILE to your company's certificates. Do not switch the check off.", "the network's", "wire facts D23", "inferred"),
    Scenario("tls-broken", "The port does not speak TLS: often https:// in front of an http port.", "Check the address's scheme and port.", "yours", "wire facts D13", "inferred"),
    Scenario("proxy-refused", "A proxy stands in between and did not let the request through.", "Check HTTPS_PROXY and its password, or set NO_PROXY.", "the network's", "RFC 9110 section 15.5.8; wire facts D23", "documented"),
    Scenario("bad-address", "The text is no address that can be called.", "Correct it; it starts with https://.", "yours", "RFC 3986", "documented"),
    Scenario("token-lock", "Another of your processes holds the token's lock and does not finish.", "End that process, or set WYCH_TOKEN_CACHE=memory.", "yours", "this kit", "documented"),
    # The identity provider
    Scenario("wrong-realm", "The issuer's realm does not exist; upper and lower case count.", "Copy WYCH_ISSUER_URL again; Wych's realm is called partner.", "yours", _keycloak("A3-22"), "inferred"),
    Scenario("no-issuer-there", "No discovery document is at that address: another server, or an old /auth in it.", "Check host, port and path of WYCH_ISSUER_URL.", "yours", _keycloak("A3-24, A3-25"), "inferred"),
    Scenario("double-slash", "There are two slashes in a row in the path.", "Join the parts of the address with one slash.", "yours", _keycloak("A3-26"), "inferred"),
    Scenario("wrong-token-endpoint", "No token endpoint is at that path: often an old /auth before it.", "Take token_endpoint from the discovery document instead of writing it.", "yours", _keycloak("A3-24, A3-25"), "inferred"),
    Scenario("discovery-incomplete", "What answered is not a complete discovery document.", "Check that WYCH_ISSUER_URL is exactly what you were given.", "unclear", "OpenID Connect Discovery 1.0 section 3", "documented"),
    Scenario("issuer-mismatch", "The document is another issuer's than the one that was asked.", "Set WYCH_ISSUER_URL exactly as given. If it is: send no secret there.", "unclear", "OpenID Connect Discovery 1.0 section 4.3", "documented"),
    Scenario("endpoint-elsewhere", "The document would send your secret to another host than the issuer's.", "Check WYCH_ISSUER_URL. If it is right, ask Wych before going on.", "unclear", "RFC 9700 section 4.4, read strictly", "inferred"),
    Scenario("redirected", "The request should go elsewhere, and credentials do not travel.", "Set the final address. If it is a login page, a proxy or wifi portal is between.", "unclear", "RFC 9110 section 15.4; wire facts D22", "documented"),
    Scenario("not-json", "Something other than the service answered: often a proxy's or a wifi portal's page.", "Open the address in a browser and see what it says.", "the network's", "wire facts D23", "inferred"),
    Scenario("answer-too-long", "The answer is far longer than it could be.", "Check the address: it is probably not the service.", "unclear", "this kit's limits", "invented"),
    Scenario("unknown-client", "The identity provider does not know the client id.", "Copy WYCH_CLIENT_ID again from the app's page; it must be of this environment. On the mock: wych-kit start --new registers again.", "yours", _keycloak("A3-3"), "inferred"),
    Scenario("wrong-client-secret", "The client id is known; the secret is not the one that goes with it.", "Copy WYCH_CLIENT_SECRET again from the app's page, or rotate it there.", "yours", _keycloak("A3-4"), "inferred"),
    Scenario("wrong-grant-type", "The grant was not understood.", "Send grant_type=client_credentials, spelt exactly so, as a form.", "yours", _keycloak("A3-1, A3-2"), "inferred"),
    Scenario("wrong-scope", "The scope is not one of this client's.", "Leave scope out: Wych's example has none.", "yours", _keycloak("A3-13"), "inferred"),
    Scenario("wrong-method", "The token endpoint takes POST only.", "Send a POST, and do not follow redirects, which turn it into a GET.", "yours", _keycloak("A3-19"), "inferred"),
    Scenario("too-many-token-requests", "The token endpoint is asked too often.", "Wait, and keep one token for its whole life: WychAuth does.", "yours", "API facts section 7", "documented"),
    Scenario("no-token", "The token endpoint said yes and sent no token that can be used.", "Ask Wych, with the time and the request as the journal shows it.", "theirs", "RFC 6749 section 5.1", "documented"),
    Scenario("not-bearer", "The token is of a kind this kit does not know.", "Ask Wych which token_type it sends.", "theirs", "RFC 6749 section 7.1", "documented"),
    Scenario("odd-lifetime", "The token's lifetime is not a number.", "Ask Wych, with the answer as the journal shows it.", "theirs", "RFC 6749 section 5.1", "documented"),
    # The gateway
    Scenario("bearer-refused", "The gateway did not accept the bearer token, a new one neither.", "Check that issuer and API are of the same environment, and that the call takes a service token.", "unclear", _gateway("B3-2, B3-3"), "inferred"),
    Scenario("api-key-refused", "The API key is unknown or not for this API, or the API's version is wrong.", "Copy WYCH_API_KEY again; check the version in WYCH_API_URL, and that both are of one environment.", "yours", _gateway("B3-1, B3-12"), "inferred"),
    Scenario("wrong-path", "There is no such path or method; this gateway says 403 for that, not 404.", "Check version, path and method; take a slash at the end away.", "yours", _gateway("B3-9, B3-10"), "inferred"),
    Scenario("throttled", "Too many calls in a moment.", "Wait a few seconds, then call more slowly.", "yours", _gateway("B3-13"), "inferred"),
    Scenario("quota-spent", "The plan's calls for this period are used up.", "Wait for the next period, or ask Wych for a larger plan. Trying again is no use.", "yours", _gateway("B3-14"), "inferred"),
    Scenario("gateway-timeout", "What is behind the gateway took longer than 29 seconds.", "Try again later, or ask for less at once.", "theirs", _gateway("B3-18"), "inferred"),
    Scenario("unknown-answer", "An answer that this kit does not know.", "Compare it with Wych's documentation; the journal shows it whole.", "unclear", "API facts section 9", "inferred"),
    # The mock's portal
    Scenario("registration-refused", "The portal did not take one of the answers.", "Correct what is named and run the step again; what was done is kept.", "yours", "the mock's own portal", "invented"),
)  # fmt: skip

SCENARIOS: Mapping[str, Scenario] = MappingProxyType({scenario.reference: scenario for scenario in _ALL})
