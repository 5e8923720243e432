"""The realm's discovery document: Keycloak 26.7's 56 keys in its order (wire facts A4)."""

from __future__ import annotations

from typing import Any

_SIGNING = [
    "PS384",
    "RS384",
    "EdDSA",
    "ES384",
    "HS256",
    "HS512",
    "ES256",
    "RS256",
    "HS384",
    "ES512",
    "PS256",
    "PS512",
    "RS512",
]
_ASYMMETRIC = [name for name in _SIGNING if not name.startswith("HS")]
_KEY_WRAPPING = [
    "ECDH-ES+A256KW",
    "ECDH-ES+A192KW",
    "ECDH-ES+A128KW",
    "RSA-OAEP",
    "RSA-OAEP-256",
    "RSA1_5",
    "ECDH-ES",
]
_ENCRYPTION = ["A256GCM", "A192GCM", "A128GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512"]
_CLIENT_AUTHENTICATION = [
    "private_key_jwt",
    "client_secret_basic",
    "client_secret_post",
    "tls_client_auth",
    "client_secret_jwt",
]
_GRANTS = [
    "authorization_code",
    "client_credentials",
    "implicit",
    "password",
    "refresh_token",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    "urn:ietf:params:oauth:grant-type:uma-ticket",
    "urn:openid:params:grant-type:ciba",
]
_RESPONSES = [
    "code",
    "none",
    "id_token",
    "token",
    "id_token token",
    "code id_token",
    "code token",
    "code id_token token",
]
_CLAIMS = [
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "name",
    "given_name",
    "family_name",
    "preferred_username",
    "email",
    "acr",
    "azp",
    "nonce",
]

# Every scope but `openid`, which always comes first; a server shows these in an order of its own.
REALM_SCOPES = (
    "acr",
    "address",
    "basic",
    "email",
    "microprofile-jwt",
    "offline_access",
    "organization",
    "phone",
    "profile",
    "roles",
    "service_account",
    "web-origins",
)


def _algorithms(prefix: str, signing: list[str]) -> dict[str, list[str]]:
    return {
        f"{prefix}_signing_alg_values_supported": signing,
        f"{prefix}_encryption_alg_values_supported": _KEY_WRAPPING,
        f"{prefix}_encryption_enc_values_supported": _ENCRYPTION,
    }


def _authentication(endpoint: str) -> dict[str, list[str]]:
    return {
        f"{endpoint}_endpoint_auth_methods_supported": _CLIENT_AUTHENTICATION,
        f"{endpoint}_endpoint_auth_signing_alg_values_supported": _SIGNING,
    }


def document(issuer: str, scopes: tuple[str, ...]) -> dict[str, Any]:
    """The document of the realm at `issuer`, listing `scopes` after `openid`."""
    oidc = f"{issuer}/protocol/openid-connect"
    endpoints = {
        "token_endpoint": f"{oidc}/token",
        "revocation_endpoint": f"{oidc}/revoke",
        "introspection_endpoint": f"{oidc}/token/introspect",
        "device_authorization_endpoint": f"{oidc}/auth/device",
        "registration_endpoint": f"{issuer}/clients-registrations/openid-connect",
        "userinfo_endpoint": f"{oidc}/userinfo",
        "pushed_authorization_request_endpoint": f"{oidc}/ext/par/request",
        "backchannel_authentication_endpoint": f"{oidc}/ext/ciba/auth",
    }
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{oidc}/auth",
        "token_endpoint": endpoints["token_endpoint"],
        "introspection_endpoint": endpoints["introspection_endpoint"],
        "userinfo_endpoint": endpoints["userinfo_endpoint"],
        "end_session_endpoint": f"{oidc}/logout",
        "frontchannel_logout_session_supported": True,
        "frontchannel_logout_supported": True,
        "jwks_uri": f"{oidc}/certs",
        "check_session_iframe": f"{oidc}/login-status-iframe.html",
        "grant_types_supported": _GRANTS,
        "acr_values_supported": ["0", "1"],
        "response_types_supported": _RESPONSES,
        "subject_types_supported": ["public", "pairwise"],
        "prompt_values_supported": ["none", "login", "consent"],
        **_algorithms("id_token", _SIGNING),
        **_algorithms("userinfo", [*_SIGNING, "none"]),
        **_algorithms("request_object", [*_SIGNING, "none"]),
        "response_modes_supported": [
            "query",
            "fragment",
            "form_post",
            "query.jwt",
            "fragment.jwt",
            "form_post.jwt",
            "jwt",
        ],
        "registration_endpoint": endpoints["registration_endpoint"],
        **_authentication("token"),
        **_authentication("introspection"),
        **_algorithms("authorization", _SIGNING),
        "claims_supported": _CLAIMS,
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": True,
        "scopes_supported": ["openid", *scopes],
        "request_parameter_supported": True,
        "request_uri_parameter_supported": True,
        "require_request_uri_registration": True,
        "code_challenge_methods_supported": ["plain", "S256"],
        "tls_client_certificate_bound_access_tokens": True,
        "dpop_signing_alg_values_supported": _ASYMMETRIC,
        "revocation_endpoint": endpoints["revocation_endpoint"],
        **_authentication("revocation"),
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "device_authorization_endpoint": endpoints["device_authorization_endpoint"],
        "backchannel_token_delivery_modes_supported": ["poll", "ping"],
        "backchannel_authentication_endpoint": endpoints["backchannel_authentication_endpoint"],
        "backchannel_authentication_request_signing_alg_values_supported": _ASYMMETRIC,
        "require_pushed_authorization_requests": False,
        "pushed_authorization_request_endpoint": endpoints["pushed_authorization_request_endpoint"],
        "mtls_endpoint_aliases": endpoints,
        "authorization_response_iss_parameter_supported": True,
    }
