"""Gets the OpenID discovery document, checks it, and returns a `Provider`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from wych_kit.client import refusal_rules
from wych_kit.client.excerpts import describe_foreign_body, redirect_target
from wych_kit.client.http_request import build_plain_request, is_loopback, parse_url
from wych_kit.client.http_response import facts_of, host_of, require_json_object
from wych_kit.errors import Refused, Unexpected

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

WELL_KNOWN = "/.well-known/openid-configuration"
_REQUIRED = ("issuer", "token_endpoint", "jwks_uri")
_ENDPOINTS = (
    *_REQUIRED[1:],
    "authorization_endpoint",
    "introspection_endpoint",
    "revocation_endpoint",
    "userinfo_endpoint",
)


@dataclass(frozen=True, slots=True)
class Provider:
    """An identity provider whose document passed every check.

    `grant_types` has one grant each, also if the document joins them in one string. `document` is
    all that was sent.
    """

    issuer: str
    token_endpoint: str
    jwks_uri: str
    authorization_endpoint: str | None
    grant_types: tuple[str, ...]
    document: Mapping[str, Any]


def request(issuer_url: str) -> httpx.Request:
    """Return the request for an issuer's document.

    The well-known path is appended to the issuer (OpenID Connect Discovery 1.0 section 4), not
    inserted before its path (RFC 8414 section 3).
    """
    return build_plain_request("GET", issuer_url + WELL_KNOWN, "discovery")


def check(response: httpx.Response, issuer_url: str) -> Provider:
    """Return the provider of a discovery response.

    Raises `Refused` or `Unexpected` for the first that fails: status; JSON object; required
    fields; `issuer` equal to `issuer_url`, character by character (OpenID Connect Discovery 1.0
    section 4.3, RFC 8414 section 3.3); every endpoint https (http only on loopback) and without a
    user name; every endpoint that gets a secret, a token or a person's browser on the issuer's
    host. The last is stricter than the standards: a document must not send the client secret
    elsewhere (RFC 9700 section 4.4).
    """
    _check_status(response)
    document = require_json_object(response, "discovery")
    for name in _REQUIRED:
        if not isinstance(document.get(name), str) or not document[name]:
            raise Unexpected(
                f"the discovery document has no {name}",
                stage="discovery",
                reference="discovery-incomplete",
            )
    if document["issuer"] != issuer_url:
        raise Unexpected(
            f"the document names the issuer {document['issuer']!r:.200}, not {issuer_url!r}",
            stage="discovery",
            reference="issuer-mismatch",
        )
    for name in dict.fromkeys((*_ENDPOINTS, *document)):
        address = document.get(name)
        if (name in _ENDPOINTS and address is not None) or (
            name.endswith("_endpoint") and isinstance(address, str)
        ):
            _check_endpoint(name, address, issuer_url)
    return Provider(
        issuer=document["issuer"],
        token_endpoint=document["token_endpoint"],
        jwks_uri=document["jwks_uri"],
        authorization_endpoint=document.get("authorization_endpoint"),
        grant_types=_split_grants(document.get("grant_types_supported")),
        document=document,
    )


def _check_status(response: httpx.Response) -> None:
    status = response.status_code
    if status == httpx.codes.OK:
        return
    if response.is_redirect:
        raise Unexpected(
            f"{host_of(response)} redirects discovery to {redirect_target(response)!r:.200}, and the"
            " kit follows no redirect",
            stage="discovery",
            status=status,
            reference=refusal_rules.classify_redirect(response.headers.get("Location", "")),
        )
    reference = refusal_rules.classify_discovery_refusal(facts_of(response))
    quote = describe_foreign_body(response, json_too=reference is None)
    raise Refused(
        f"{host_of(response)} answered {status} to the discovery request{quote}",
        stage="discovery",
        status=status,
        reference=reference,
    )


def _check_endpoint(name: str, address: object, issuer_url: str) -> None:
    url = parse_url(address if isinstance(address, str) else "") or httpx.URL("")
    if url.scheme != "https" and not (url.scheme == "http" and is_loopback(url.host)):
        raise Unexpected(
            f"{name} is {address!r:.200}, which is not an https URL",
            stage="discovery",
            reference="not-https",
        )
    issuer = httpx.URL(issuer_url)
    if name in _ENDPOINTS and (url.host, url.port, url.scheme) != (
        issuer.host,
        issuer.port,
        issuer.scheme,
    ):
        raise Unexpected(
            f"{name} is on {url.netloc.decode('ascii', 'replace')}, not on the issuer's host"
            f" {issuer.netloc.decode('ascii', 'replace')}",
            stage="discovery",
            reference="endpoint-elsewhere",
        )
    if url.userinfo:
        raise Unexpected(
            f"{name} has a user name or password in it",
            stage="discovery",
            reference="endpoint-elsewhere",
        )


# Wych prints one string with spaces inside a list (API facts section 8 row 6); Keycloak sends one
# string each.
def _split_grants(value: object) -> tuple[str, ...]:
    texts = value if isinstance(value, list) else [value]
    return tuple(grant for text in texts if isinstance(text, str) for grant in text.split())
