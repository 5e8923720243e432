"""The clients that are measured, each made for the same server. Runs in our environment and in the peers', so imports come late.

`where` has token_url, issuer_url, api_url, client_id, client_secret, api_key, and home: the folder for our token file.
"""

from __future__ import annotations

import ssl
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

NO_TLS: dict[str, Any] = {"verify": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), "trust_env": False}
Where = dict[str, str]


def bare(where: Where, kind: Any = httpx.Client) -> Any:
    """The base: httpx sending the same two headers, which never change."""
    return kind(
        headers={"Authorization": "Bearer " + "x" * 1100, "x-api-key": where["api_key"]}, **NO_TLS
    )


def wych_auth(where: Where, kind: Any = httpx.Client) -> Any:
    """Our WychAuth in anyone's client, sharing its token through the file."""
    from wych_kit import WychAuth

    known: dict[str, Any] = {
        name: where[name] for name in ("issuer_url", "client_id", "client_secret", "api_key")
    }
    return kind(auth=WychAuth(**known, home=Path(where["home"])), **NO_TLS)


class WychClient:
    """Our WychClient, with its journal."""

    def __init__(self, where: Where, _kind: Any = None) -> None:
        from wych_kit import WychClient as Ours
        from wych_kit import load_settings

        variables = {f"WYCH_{name.upper()}": text for name, text in where.items()}
        self._client = Ours(load_settings(path=Path(where["home"], ".env"), environ=variables))

    def get(self, url: str) -> httpx.Response:
        """A call, by its path."""
        return self._client.request("GET", urlsplit(url).path)


def authlib(where: Where, kind: Any = httpx.Client) -> Any:
    """Authlib; its user asks for the first token."""
    with warnings.catch_warnings(record=True):  # about its own future
        library = import_module("authlib.integrations.httpx_client")

    family = library.AsyncOAuth2Client if kind is httpx.AsyncClient else library.OAuth2Client
    return family(
        where["client_id"],
        where["client_secret"],
        token_endpoint=where["token_url"],
        grant_type="client_credentials",
        token_endpoint_auth_method="client_secret_post",
        headers={"x-api-key": where["api_key"]},
        **NO_TLS,
    )


def httpx_auth(where: Where, kind: Any = httpx.Client) -> Any:
    """httpx-auth; its cache is one for the whole process."""
    known = (where["token_url"], where["client_id"], where["client_secret"])
    auth = import_module("httpx_auth").OAuth2ClientCredentials(
        *known, client=httpx.Client(**NO_TLS)
    )
    return kind(auth=auth, headers={"x-api-key": where["api_key"]}, **NO_TLS)


CLIENTS = {
    "bare": bare,
    "wych_auth": wych_auth,
    "wych_client": WychClient,
    "authlib": authlib,
    "httpx_auth": httpx_auth,
}


def call(client: Any, url: str) -> int:
    """One call; the status. Authlib's user has to see to the first token."""
    if getattr(client, "token", True) is None:
        client.fetch_token()
    status: int = client.get(url).status_code
    return status


async def call_async(client: Any, url: str) -> int:
    """The same for an asynchronous client."""
    if getattr(client, "token", True) is None:
        await client.fetch_token()
    status: int = (await client.get(url)).status_code
    return status
