"""Write the claims of tokens, verify them again, and revoke them."""

from __future__ import annotations

import hashlib
from collections import deque
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from wych_kit.mock.tokens import keys

if TYPE_CHECKING:
    from wych_kit.mock.state.clients import Client
    from wych_kit.mock.state.clock import Clock
    from wych_kit.mock.state.ids import Ids

REALM_ROLES = ["default-roles-partner", "offline_access", "uma_authorization"]
ACCOUNT_ROLES = ["manage-account", "manage-account-links", "view-profile"]
_MAX_NOTED = 4096
# No token of this realm comes near it. Without a limit, the cache of tokens could be filled
# with long texts.
_MAX_LENGTH = 8192
# The key is public, so anybody can sign anything with it: the shape of the claims is checked too.
_CLAIM_TYPES = {"exp": int, "iat": int, "jti": str, "iss": str, "sub": str, "typ": str, "azp": str}


class Mark:
    """A moment that divides the tokens issued before it from those issued since.

    `iat` counts whole seconds. Tokens issued later within the marked second are therefore
    remembered by (jti, iat); by both, because a seeded run repeats its ids. They are few, unless
    the clock stands still or was moved back.
    """

    def __init__(self, at: int) -> None:
        self._at = at
        self._since: deque[tuple[str, int]] = deque(maxlen=_MAX_NOTED)

    def note(self, jti: str, issued: int) -> None:
        """Remember a token that is issued now, if its `iat` alone does not show that it is new."""
        if issued <= self._at:
            self._since.append((jti, issued))

    def covers(self, claims: dict[str, Any]) -> bool:
        """Return True if the token with these claims was issued before the mark."""
        return claims["iat"] <= self._at and (claims["jti"], claims["iat"]) not in self._since


class Tokens:
    """The tokens of one issuer. `lifetime` is in seconds."""

    def __init__(self, issuer: str, clock: Clock, lifetime: int) -> None:
        self.issuer = issuer
        self.lifetime = lifetime
        self._clock = clock
        self._latest = 0
        self._marks: list[Mark] = []
        self._revoked_until: Mark | None = None
        self._revoked_tokens: dict[tuple[str, int], int] = {}
        # Checking a signature is most of the work of a call, and a client sends the same token
        # many times.
        self._read = lru_cache(maxsize=256)(keys.verify)

    def prepare_service_token(self, client: Client, address: str, scope: str, ids: Ids) -> bytes:
        """Return the unsigned service token of a client.

        Its claims are in Keycloak's order (wire facts A5).
        """
        return self._issue(
            {
                # Keycloak 26 encodes in the id: transient session, regular token, client
                # credentials.
                "jti": f"trrtcc:{ids.uuid()}",
                "iss": self.issuer,
                "aud": "account",
                "sub": client.subject,
                "typ": "Bearer",
                "azp": client.client_id,
                "acr": "1",
                "realm_access": {"roles": REALM_ROLES},
                "resource_access": {"account": {"roles": ACCOUNT_ROLES}},
                "scope": scope,
                **_account_claims(client, address, scope),
            }
        )

    def prepare_id_token(
        self, client: Client, address: str, scope: str, access_token: bytes, ids: Ids
    ) -> bytes:
        """Return the unsigned id_token that scope `openid` adds (wire facts A1)."""
        return self._issue(
            {
                "jti": ids.uuid(),
                "iss": self.issuer,
                "aud": client.client_id,
                "sub": client.subject,
                "typ": "ID",
                "azp": client.client_id,
                # OpenID Connect Core §3.1.3.6: the left half of the hash.
                "at_hash": keys.base64url_encode(
                    hashlib.sha256(access_token).digest()[:16]
                ).decode(),
                "acr": "1",
                **_account_claims(client, address, scope),
            }
        )

    def prepare_user_context_token(
        self, client: Client, user_id: str, scope: str, ids: Ids
    ) -> bytes:
        """Return an unsigned token for one customer.

        Invented: what Wych's looks like is not public.
        """
        return self._issue(
            {
                "jti": ids.uuid(),
                "iss": self.issuer,
                "aud": "account",
                "sub": user_id,
                "typ": "Bearer",
                "azp": client.client_id,
                "acr": "1",
                "scope": scope,
                "client_id": client.client_id,
            }
        )

    def verify(self, token: str) -> tuple[dict[str, Any] | None, str]:
        """Return the claims of an access token that is valid now, and "".

        For any other token, return None and the reason in words.
        """
        claims, reason = self._verify_type(token, ("Bearer",))
        if claims and self.is_revoked(claims):
            return None, "the token was revoked"
        return claims, reason

    def read_claims(self, token: str, *types: str) -> dict[str, Any] | None:
        """Return the claims of an unexpired token of this realm, or None. It may be revoked.

        `types` are the accepted values of `typ`; without any, only `Bearer` is.
        """
        return self._verify_type(token, types or ("Bearer",))[0]

    def introspect(self, token: str, client: Client, *, briefly: bool) -> dict[str, Any] | None:
        """Return the introspection of an id_token for its own client, or None for any other token.

        `briefly` gives the few claims that Keycloak answers for a requesting-party token hint.
        """
        claims = self.read_claims(token, "ID")
        if claims is None or claims["aud"] != client.client_id or self.is_revoked(claims):
            return None
        if briefly:
            brief = {name: claims[name] for name in ("exp", "iat", "jti", "aud", "typ", "acr")}
            return brief | {"active": True}
        return {
            **{name: claims[name] for name in ("exp", "iat", "jti", "iss")},
            "aud": [client.client_id, "account"],
            **{name: claims[name] for name in ("sub", "typ", "azp", "acr")},
            "realm_access": {"roles": REALM_ROLES},
            "resource_access": {"account": {"roles": ACCOUNT_ROLES}},
            **{
                name: claims[name] for name in ("email_verified", "preferred_username", "client_id")
            },
            "username": service_account_name(client),
            "token_type": "ID",
            "active": True,
        }

    def is_revoked(self, claims: dict[str, Any]) -> bool:
        """Return True if this token was revoked, alone or with all others."""
        return (claims["jti"], claims["iat"]) in self._revoked_tokens or bool(
            self._revoked_until and self._revoked_until.covers(claims)
        )

    def revoke(self, claims: dict[str, Any]) -> None:
        """Revoke the token with these claims."""
        # Expired tokens are refused anyway; without this the table would grow for as long as
        # the mock runs.
        now = self._clock.now()
        self._revoked_tokens = {
            token: exp for token, exp in self._revoked_tokens.items() if exp > now
        }
        self._revoked_tokens[claims["jti"], claims["iat"]] = claims["exp"]

    def read_azp(self, token: str) -> str | None:
        """Return the client of a token that this realm signed, else None.

        The token may be expired or revoked.
        """
        claims = self._read(token) if len(token) <= _MAX_LENGTH else None
        azp = claims.get("azp") if claims else None
        return azp if isinstance(azp, str) else None

    def set_mark(self) -> Mark:
        """Return a mark for this moment. Call `drop_mark` when it no longer matters."""
        # The clock can be moved back: tokens that are newer than it exist, and are marked too.
        mark = Mark(max(self._latest, int(self._clock.now())))
        self._marks.append(mark)
        return mark

    def drop_mark(self, mark: Mark | None) -> None:
        """Remove a mark, if it is there."""
        if mark in self._marks:
            self._marks.remove(mark)

    def revoke_all(self) -> None:
        """Revoke every token issued so far."""
        self.drop_mark(self._revoked_until)
        self._revoked_until = self.set_mark()

    def reset(self) -> None:
        """Undo all revocations, and remove all marks."""
        self._marks.clear()
        self._revoked_until = None
        self._revoked_tokens.clear()

    def _verify_type(self, token: str, types: tuple[str, ...]) -> tuple[dict[str, Any] | None, str]:
        # First, so that a long text reaches neither the parser nor the cache.
        if len(token) > _MAX_LENGTH:
            return None, "the bearer is over 8 KB, longer than any token of this realm"
        claims = self._read(token)
        if claims is None or not all(
            isinstance(claims.get(name), type_) for name, type_ in _CLAIM_TYPES.items()
        ):
            return None, "the bearer is not a token that this realm signed"
        if claims["typ"] not in types or claims["iss"] != self.issuer:
            return None, "the token is of another kind or another issuer"
        if claims["exp"] <= self._clock.now():
            return None, f"the token expired {self._clock.now() - claims['exp']:.0f} s ago"
        return claims, ""

    def _issue(self, claims: dict[str, Any]) -> bytes:
        now = int(self._clock.now())
        self._latest = max(self._latest, now)
        for mark in self._marks:
            mark.note(claims["jti"], now)
        # Keycloak writes `exp` and `iat` before all other claims.
        return keys.signing_input({"exp": now + self.lifetime, "iat": now, **claims})


def _account_claims(client: Client, address: str, scope: str) -> dict[str, Any]:
    """Return the claims after `scope`, in the order that was recorded (wire facts A5).

    In Keycloak it depends on the order of the realm's mappers.
    """
    name = service_account_name(client)
    microprofile = {"upn": name, "groups": REALM_ROLES} if "microprofile-jwt" in scope else {}
    return {
        "clientHost": address,
        **microprofile,
        "email_verified": False,
        "preferred_username": name,
        "clientAddress": address,
        "client_id": client.client_id,
    }


def service_account_name(client: Client) -> str:
    """Return the user name that Keycloak gives a client's service account."""
    return f"service-account-{client.client_id.lower()}"
