"""The tokens the mock makes, still to be signed, and recognises."""

from __future__ import annotations

from collections import deque
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from wych_kit.mock import keys

if TYPE_CHECKING:
    from wych_kit.mock.clients import Client
    from wych_kit.mock.clock import Clock
    from wych_kit.mock.ids import Ids

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

    def follows(self, claims: dict[str, Any]) -> bool:
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
        self._read = lru_cache(maxsize=256)(keys.verified)

    def service(self, client: Client, address: str, scope: str, ids: Ids) -> bytes:
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
                "clientHost": address,
                "email_verified": False,
                "preferred_username": service_account(client),
                "clientAddress": address,
                "client_id": client.client_id,
            }
        )

    def identity(self, client: Client, ids: Ids) -> bytes:
        """The id_token that scope `openid` adds (wire facts A1; its claims are a guess)."""
        return self._issue(
            {
                "jti": ids.uuid(),
                "iss": self.issuer,
                "aud": client.client_id,
                "sub": client.subject,
                "typ": "ID",
                "azp": client.client_id,
                "acr": "1",
                "email_verified": False,
                "preferred_username": service_account(client),
            }
        )

    def user_context(self, client: Client, user_id: str, scope: str, ids: Ids) -> bytes:
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

    def recognised(self, token: str) -> tuple[dict[str, Any] | None, str]:
        """The claims of an access token that counts now; else None, and why not in words."""
        if len(token) > _LONGEST:
            return None, "the bearer is over 8 KB, longer than any token of this realm"
        claims = self._read(token)
        if claims is None or not all(isinstance(claims.get(name), kind) for name, kind in _SHAPE.items()):
            return None, "the bearer is not a token that this realm signed"
        if claims["typ"] != "Bearer" or claims["iss"] != self.issuer:
            return None, "the token is of another kind or another issuer"
        if claims["exp"] <= self._clock.now():
            return None, f"the token expired {self._clock.now() - claims['exp']:.0f} s ago"
        if self._revoked and self._revoked.follows(claims):
            return None, "the token was revoked"
        return claims, ""

    def azp(self, token: str) -> str | None:
        """The client of a token that this realm signed, whether or not it still counts."""
        claims = self._read(token) if len(token) <= _LONGEST else None
        named = claims.get("azp") if claims else None
        return named if isinstance(named, str) else None

    def mark(self) -> Mark:
        """A mark for now; `drop` it when it no longer matters."""
        mark = Mark(max(self._latest, int(self._clock.now())))
        self._marks.append(mark)
        return mark

    def drop(self, mark: Mark | None) -> None:
        """Forgets a moment."""
        if mark in self._marks:
            self._marks.remove(mark)

    def revoke_all(self) -> None:
        """From now on no token issued so far counts."""
        self.drop(self._revoked)
        self._revoked = self.mark()

    def reset(self) -> None:
        """Takes revocations back."""
        self._marks.clear()
        self._revoked = None

    def _issue(self, claims: dict[str, Any]) -> bytes:
        now = int(self._clock.now())
        self._latest = max(self._latest, now)
        for mark in self._marks:
            mark.note(claims["jti"], now)
        return keys.unsigned({"exp": now + self.lifetime, "iat": now, **claims})


def service_account(client: Client) -> str:
    """The user name that Keycloak gives a client's service account."""
    return f"service-account-{client.client_id.lower()}"
