"""The tokens the mock makes, still to be signed, and recognises."""

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
# The key is public, so anybody can sign anything with it.
_KEPT = 4096
_LONGEST = 8192  # no token of ours comes near it, and those read are kept
_SHAPE = {"exp": int, "iat": int, "jti": str, "iss": str, "sub": str, "typ": str, "azp": str}


class Mark:
    """A moment: tells tokens issued before it from those since.

    Tokens of a later second are since; of those up to it only the ones issued afterwards, by id and time, for a seeded run repeats
    its ids. They are few, unless the clock stands still or was moved back.
    """

    def __init__(self, at: int) -> None:
        self._at = at
        self._since: deque[tuple[str, int]] = deque(maxlen=_KEPT)

    def note(self, jti: str, issued: int) -> None:
        """A token is issued now."""
        if issued <= self._at:
            self._since.append((jti, issued))

    def covers(self, claims: dict[str, Any]) -> bool:
        """Whether the token of these claims was there before."""
        return claims["iat"] <= self._at and (claims["jti"], claims["iat"]) not in self._since


class Tokens:
    """Makes tokens for one issuer and tells which still count. `lifetime` is in seconds."""

    def __init__(self, issuer: str, clock: Clock, lifetime: int) -> None:
        self.issuer = issuer
        self.lifetime = lifetime
        self._clock = clock
        self._latest = 0
        self._marks: list[Mark] = []
        self._revoked: Mark | None = None
        self._taken_back: dict[tuple[str, int], int] = {}
        self._read = lru_cache(maxsize=256)(keys.verify)

    def prepare_service_token(self, client: Client, address: str, scope: str, ids: Ids) -> bytes:
        """A service token, its claims in Keycloak's order (wire facts A5)."""
        return self._issue(
            {
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
                **_person(client, address, scope),
            }
        )

    def prepare_id_token(
        self, client: Client, address: str, scope: str, access_token: bytes, ids: Ids
    ) -> bytes:
        """The id_token that scope `openid` adds to an access token (wire facts A1)."""
        return self._issue(
            {
                "jti": ids.uuid(),
                "iss": self.issuer,
                "aud": client.client_id,
                "sub": client.subject,
                "typ": "ID",
                "azp": client.client_id,
                "at_hash": keys.base64url_encode(
                    hashlib.sha256(access_token).digest()[:16]
                ).decode(),
                "acr": "1",
                **_person(client, address, scope),
            }
        )

    def prepare_user_context_token(
        self, client: Client, user_id: str, scope: str, ids: Ids
    ) -> bytes:
        """A token locked to one customer. Invented: what Wych's looks like is not public."""
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
        """The claims of an access token that counts now; else None, and why not in words."""
        claims, reason = self._verify_kind(token, ("Bearer",))
        return (
            (None, "the token was revoked")
            if claims and self.is_revoked(claims)
            else (claims, reason)
        )

    def read_claims(self, token: str, *kinds: str) -> dict[str, Any] | None:
        """The claims of a token of these kinds (`Bearer` unless said) that this realm signed and that has not expired, revoked or not."""
        return self._verify_kind(token, kinds or ("Bearer",))[0]

    def introspect(self, token: str, client: Client, *, briefly: bool) -> dict[str, Any] | None:
        """What introspection tells a client about a token meant for it, `briefly` as of a requesting party's; None for any other."""
        claims = self.read_claims(token, "ID")
        if claims is None or claims["aud"] != client.client_id or self.is_revoked(claims):
            return None
        if briefly:
            return {name: claims[name] for name in ("exp", "iat", "jti", "aud", "typ", "acr")} | {
                "active": True
            }
        return {
            **{name: claims[name] for name in ("exp", "iat", "jti", "iss")},
            "aud": [client.client_id, "account"],
            **{name: claims[name] for name in ("sub", "typ", "azp", "acr")},
            "realm_access": {"roles": REALM_ROLES},
            "resource_access": {"account": {"roles": ACCOUNT_ROLES}},
            **{
                name: claims[name] for name in ("email_verified", "preferred_username", "client_id")
            },
            "username": service_account(client),
            "token_type": "ID",
            "active": True,
        }

    def is_revoked(self, claims: dict[str, Any]) -> bool:
        """Whether the token of these claims was taken back, alone or with all others."""
        return (claims["jti"], claims["iat"]) in self._taken_back or bool(
            self._revoked and self._revoked.covers(claims)
        )

    def revoke(self, claims: dict[str, Any]) -> None:
        """From now on this token does not count."""
        now = self._clock.now()
        self._taken_back = {token: end for token, end in self._taken_back.items() if end > now}
        self._taken_back[claims["jti"], claims["iat"]] = claims["exp"]

    def read_azp(self, token: str) -> str | None:
        """The client of a token that this realm signed, whether or not it still counts."""
        claims = self._read(token) if len(token) <= _LONGEST else None
        named = claims.get("azp") if claims else None
        return named if isinstance(named, str) else None

    def set_mark(self) -> Mark:
        """A mark for now; `drop` it when it no longer matters."""
        mark = Mark(max(self._latest, int(self._clock.now())))
        self._marks.append(mark)
        return mark

    def drop_mark(self, mark: Mark | None) -> None:
        """Forgets a moment."""
        if mark in self._marks:
            self._marks.remove(mark)

    def revoke_all(self) -> None:
        """From now on no token issued so far counts."""
        self.drop_mark(self._revoked)
        self._revoked = self.set_mark()

    def reset(self) -> None:
        """Takes revocations back."""
        self._marks.clear()
        self._revoked = None
        self._taken_back.clear()

    def _verify_kind(self, token: str, kinds: tuple[str, ...]) -> tuple[dict[str, Any] | None, str]:
        if len(token) > _LONGEST:
            return None, "the bearer is over 8 KB, longer than any token of this realm"
        claims = self._read(token)
        if claims is None or not all(
            isinstance(claims.get(name), kind) for name, kind in _SHAPE.items()
        ):
            return None, "the bearer is not a token that this realm signed"
        if claims["typ"] not in kinds or claims["iss"] != self.issuer:
            return None, "the token is of another kind or another issuer"
        if claims["exp"] <= self._clock.now():
            return None, f"the token expired {self._clock.now() - claims['exp']:.0f} s ago"
        return claims, ""

    def _issue(self, claims: dict[str, Any]) -> bytes:
        now = int(self._clock.now())
        self._latest = max(self._latest, now)
        for mark in self._marks:
            mark.note(claims["jti"], now)
        return keys.signing_input({"exp": now + self.lifetime, "iat": now, **claims})


def _person(client: Client, address: str, scope: str) -> dict[str, Any]:
    """The claims after `scope`. Their order is the realm's own in Keycloak; this one is recorded (wire facts A5)."""
    name = service_account(client)
    eclipse = {"upn": name, "groups": REALM_ROLES} if "microprofile-jwt" in scope else {}
    return {
        "clientHost": address,
        **eclipse,
        "email_verified": False,
        "preferred_username": name,
        "clientAddress": address,
        "client_id": client.client_id,
    }


def service_account(client: Client) -> str:
    """The user name that Keycloak gives a client's service account."""
    return f"service-account-{client.client_id.lower()}"
