"""The discovery document: fetched, then judged, one failure each and in one order."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from wych_kit import Refused, Unexpected, Unreachable, WychError
from wych_kit.client import discovery
from wych_kit.client.transport import send_request

ISSUER = "https://login.example/realms/partner"
ENDPOINTS = f"{ISSUER}/protocol/openid-connect"
GOOD: dict[str, Any] = {
    "issuer": ISSUER,
    "token_endpoint": f"{ENDPOINTS}/token",
    "jwks_uri": f"{ENDPOINTS}/certs",
    "authorization_endpoint": f"{ENDPOINTS}/auth",
    "grant_types_supported": ["client_credentials"],
}


def answer(status: int = 200, **given: Any) -> httpx.Response:
    return httpx.Response(
        status, request=httpx.Request("GET", ISSUER + discovery.WELL_KNOWN), **given
    )


def judged(document: object, issuer: str = ISSUER) -> discovery.Provider:
    return discovery.check(answer(json=document), issuer)


def failure(response: httpx.Response, issuer: str = ISSUER) -> WychError:
    with pytest.raises(WychError) as caught:
        discovery.check(response, issuer)
    assert (caught.value.stage, caught.value.__context__) == ("discovery", None)
    return caught.value


def test_a_good_document_becomes_a_provider() -> None:
    """Every field has its value; all that was sent is kept."""
    provider = judged(GOOD | {"acr_values_supported": ["0"]})
    assert provider.issuer == ISSUER
    assert provider.token_endpoint == f"{ENDPOINTS}/token"
    assert provider.jwks_uri == f"{ENDPOINTS}/certs"
    assert provider.authorization_endpoint == f"{ENDPOINTS}/auth"
    assert provider.grant_types == ("client_credentials",)
    assert provider.document["acr_values_supported"] == ["0"]


@pytest.mark.parametrize(
    ("printed", "meant"),
    [
        (["authorization_code implicit refresh_token password client_credentials"], ("authorization_code", "implicit", "refresh_token", "password", "client_credentials")),
        (["a", "b"], ("a", "b")),
        ("a  b", ("a", "b")),
        ([1, None, "a"], ("a",)),
        (None, ()),
        ({"a": 1}, ()),
    ],
)  # fmt: skip
def test_grants_printed_as_one_string_are_split(printed: object, meant: tuple[str, ...]) -> None:
    """API facts section 8, row 6: Wych prints all grants as one string; each is found all the same."""
    assert judged(GOOD | {"grant_types_supported": printed}).grant_types == meant


def test_the_address_is_the_issuer_with_the_path_behind() -> None:
    """OpenID Connect Discovery 1.0 §4: appended, not put in front of the issuer's path."""
    request = discovery.request(ISSUER)
    assert (request.method, str(request.url)) == (
        "GET",
        f"{ISSUER}/.well-known/openid-configuration",
    )


@pytest.mark.parametrize(
    ("status", "kind", "reference"),
    [
        (404, Refused, "no-issuer-there"),  # wire facts A3-24, A3-25, or anything else
        (400, Refused, None),
        (403, Refused, None),  # A3-23
        (500, Refused, "identity-provider-error"),
        (503, Refused, "identity-provider-error"),
        (302, Unexpected, "redirected"),
        (308, Unexpected, "redirected"),
        (204, Refused, None),
    ],
)
def test_the_status_is_judged_first(
    status: int, kind: type[WychError], reference: str | None
) -> None:
    """Whatever the body: only 200 is an answer. The status is in the error."""
    headers = {"Location": "https://evil.example/"} if kind is Unexpected else {}
    error = failure(answer(status, json=GOOD, headers=headers))
    assert (type(error), error.reference) == (kind, reference)
    assert isinstance(error, Refused | Unexpected)
    assert error.status == status


@pytest.mark.parametrize(
    ("status", "said", "reference"),
    [
        (404, "Realm does not exist", "wrong-realm"),  # wire facts A3-22
        (
            404,
            "Unable to find matching target resource method",
            "no-issuer-there",
        ),  # A3-25: an old /auth
        (400, "missingNormalization", "double-slash"),  # A3-26
    ],
)
def test_what_the_provider_says_tells_the_realm_from_the_path(
    status: int, said: str, reference: str
) -> None:
    """Only an identity provider's own words name its realm: any web server answers 404."""
    with pytest.raises(Refused) as caught:
        discovery.check(
            httpx.Response(status, json={"error": said}, request=discovery.request(ISSUER)), ISSUER
        )
    assert caught.value.reference == reference


@pytest.mark.parametrize(
    ("given", "reference", "words"),
    [
        ({"content": b"<html>"}, "captive-portal", "web page"),
        ({"json": []}, "not-json", "JSON object"),
        ({"content": b'{"issuer":' * 30_000}, "not-json", "JSON object"),
        ({"json": {}}, "discovery-incomplete", "no issuer"),
        ({"json": GOOD | {"issuer": ""}}, "discovery-incomplete", "no issuer"),
        ({"json": {**GOOD, "token_endpoint": None, "issuer": "x"}}, "discovery-incomplete", "no token_endpoint"),
        ({"json": {**GOOD, "jwks_uri": ["x"], "issuer": "x"}}, "discovery-incomplete", "no jwks_uri"),
        ({"json": GOOD | {"issuer": ISSUER + "/"}}, "issuer-mismatch", "not 'https://"),
        ({"json": GOOD | {"issuer": ISSUER.upper()}}, "issuer-mismatch", "not 'https://"),
        ({"json": GOOD | {"issuer": "x" * 9999, "token_endpoint": "http://evil.example"}}, "issuer-mismatch", "not 'https://"),
        ({"json": GOOD | {"token_endpoint": "http://login.example/token"}}, "not-https", "token_endpoint"),
        ({"json": GOOD | {"token_endpoint": "http://evil.example/token"}}, "not-https", "token_endpoint"),
        ({"json": GOOD | {"token_endpoint": "/token"}}, "not-https", "token_endpoint"),
        ({"json": GOOD | {"token_endpoint": "https://["}}, "endpoint-elsewhere", "token_endpoint"),
        ({"json": GOOD | {"token_endpoint": "https://xn--/token"}}, "not-https", "token_endpoint"),
        ({"json": GOOD | {"token_endpoint": f"https://{'a' * 64}/token"}}, "not-https", "token_endpoint"),
        ({"json": GOOD | {"token_endpoint": "https://u:p@login.example/token"}}, "endpoint-elsewhere", "password"),
        ({"json": GOOD | {"introspection_endpoint": "https://evil.example/x"}}, "endpoint-elsewhere", "introspection_endpoint"),
        ({"json": GOOD | {"revocation_endpoint": "https://evil.example/x"}}, "endpoint-elsewhere", "revocation_endpoint"),
        ({"json": GOOD | {"userinfo_endpoint": "https://evil.example/x"}}, "endpoint-elsewhere", "userinfo_endpoint"),
        ({"json": GOOD | {"end_session_endpoint": "http://login.example/x"}}, "not-https", "end_session_endpoint"),
        ({"json": GOOD | {"token_endpoint": "https://evil.example/token"}}, "endpoint-elsewhere", "evil.example"),
        ({"json": GOOD | {"token_endpoint": "https://login.example@evil.example/token"}}, "endpoint-elsewhere", "evil.example"),
        ({"json": GOOD | {"token_endpoint": "https://login.example:8443/token"}}, "endpoint-elsewhere", "8443"),
        ({"json": GOOD | {"jwks_uri": "https://evil.example/keys"}}, "endpoint-elsewhere", "jwks_uri"),
        ({"json": GOOD | {"authorization_endpoint": "https://evil.example/auth"}}, "endpoint-elsewhere", "authorization_endpoint"),
        ({"json": GOOD | {"authorization_endpoint": 7}}, "not-https", "authorization_endpoint"),
    ],
)  # fmt: skip
def test_each_thing_wrong_has_its_own_name(
    given: dict[str, Any], reference: str, words: str
) -> None:
    """JSON, then the fields, then the issuer, then each endpoint's scheme and host: the first that is wrong is told, shortly."""
    error = failure(answer(**given))
    assert (type(error), error.reference) == (Unexpected, reference)
    assert words in str(error)
    assert len(str(error)) < 600


def test_without_an_authorization_endpoint_it_is_complete() -> None:
    """Only what is needed is required: an identity provider for machines need not have one."""
    document = {
        name: value
        for name, value in GOOD.items()
        if name not in ("authorization_endpoint", "grant_types_supported")
    }
    assert judged(document).authorization_endpoint is None


def test_other_endpoints_may_be_elsewhere_and_need_not_be_there() -> None:
    """No secret goes there: https is enough, and what is no address is nobody's endpoint."""
    extra = {
        "registration_endpoint": "https://other.example/x",
        "odd_endpoint": True,
        "userinfo_endpoint": None,
    }
    assert judged(GOOD | extra).document["odd_endpoint"] is True


@pytest.mark.parametrize("name", ["token_endpoint", "jwks_uri"])
def test_an_endpoint_has_the_issuers_scheme(name: str) -> None:
    """An https endpoint is not that of a plain issuer on the same host and port."""
    issuer = "http://127.0.0.1:8080/realms/partner"
    document = {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/certs",
    }
    error = failure(
        answer(json=document | {name: document[name].replace("http:", "https:")}), issuer
    )
    assert error.reference == "endpoint-elsewhere"


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:1", "[::1]:8080"])
def test_plain_http_is_for_this_machine(host: str) -> None:
    """On loopback an issuer may be http."""
    issuer = f"http://{host}/realms/partner"
    document = {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/certs",
    }
    assert judged(document, issuer).token_endpoint == f"{issuer}/token"


def test_an_https_issuer_cannot_name_a_plain_endpoint() -> None:
    """Not even on loopback: the scheme is the issuer's."""
    error = failure(answer(json=GOOD | {"token_endpoint": "http://127.0.0.1/token"}))
    assert error.reference == "endpoint-elsewhere"


def test_fetching_judges_nothing_and_follows_nothing(live, other) -> None:
    """Whatever answers is handed over, a redirect too, and the place it points to is not visited."""
    live.answers["discovery"] += [
        httpx.Response(418),
        httpx.Response(307, headers={"Location": other.issuer_url}),
    ]
    with httpx.Client(follow_redirects=True, auth=("a", "b")) as client:
        assert send_request(client, discovery.request(live.issuer_url)).status_code == 418
        assert send_request(client, discovery.request(live.issuer_url)).status_code == 307
        assert (
            discovery.check(
                send_request(client, discovery.request(live.issuer_url)), live.issuer_url
            ).issuer
            == live.issuer_url
        )
    assert other.seen == []
    assert all("Authorization" not in request.headers for request in live.seen)


def test_nobody_there_is_unreachable() -> None:
    """Nothing answered, so nothing was judged."""
    with httpx.Client(trust_env=False) as client, pytest.raises(Unreachable) as caught:
        send_request(client, discovery.request("http://127.0.0.1:9/realms/partner"))
    assert (caught.value.stage, caught.value.reference) == ("discovery", "connection-refused")
