"""`wych-kit token`: explains the access token. The token itself is printed only with `--raw`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wych_kit.terminal.context import reach_wych, recording_client
from wych_kit.terminal.exit_status import DONE, REFUSED
from wych_kit.terminal.parser import add_examples

if TYPE_CHECKING:
    import argparse

    from wych_kit.settings.loading import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--raw", action="store_true", help="print the token and nothing else")
    add_examples(
        parser,
        "wych-kit token",
        'curl -H "Authorization: Bearer $(wych-kit token --raw)" …',
    )


def run(arguments: argparse.Namespace) -> int:
    """Get a token, show its claims and check its signature. 1 if the signature is wrong."""
    with reach_wych(arguments) as settings:
        return _show_token(settings, raw=arguments.raw, plain=arguments.plain)


def _show_token(settings: Settings, *, raw: bool, plain: bool) -> int:
    from wych_kit.client import claims
    from wych_kit.journey.step import Fact
    from wych_kit.terminal.screen import Screen

    with recording_client(settings) as client:
        token = client.token()
        if raw:
            print(token.value.reveal())  # noqa: T201 - the option asks for it
            return DONE
        provider = client.discover()
        keys = claims.fetch_keys(client.http, provider.jwks_uri)
        signature = claims.verify(token.value, keys, provider.issuer)
    in_memory = settings.token_cache == "memory"
    fingerprint = f"fingerprint {token.value.fingerprint()}; --raw prints the token"
    validity = {True: "valid", False: "invalid", None: "not checked"}[signature.verified]
    expires = f"in {token.seconds_left:.0f} s"
    place = "memory only" if in_memory else "a file that only you can read"
    screen = Screen(plain=plain)
    screen.show_facts(
        [
            Fact("Access token", str(token.value), fingerprint),
            Fact("Expires", expires, f"issued for {token.lifetime:.0f} s"),
            Fact("Signature", validity, signature.words),
            Fact("Saved in", place, "" if in_memory else "wych-kit forget removes it"),
        ]
    )
    contents = claims.read_claims(token.value)
    if contents is None:
        screen.say("The token is opaque: it has no claims to show. That is allowed.")
        return DONE
    screen.say()
    rows = [(claim.name, claim.value, claim.meaning) for claim in contents[1]]
    screen.show_table(("claim", "value", "meaning"), rows)
    return REFUSED if signature.verified is False else DONE
