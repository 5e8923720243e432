"""Search texts for secrets and tokens, in every way of writing them, whole or in part."""

from __future__ import annotations

import base64
import json
import urllib.parse

from tests.silence.collector import CORE, PART


def encodings(core):
    """List the ways in which a few letters may be written: as they are, as hex, and in base64 wherever in it they stand."""
    raw = core.encode()
    yield core.lower()
    yield raw.hex()
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw).decode()
        start, end = -(-before * 4 // 3), (before + len(raw)) * 4 // 3
        yield encoded[start + (1 if before else 0) : end].lower()


def needles(secret):
    """List what to look for: the secret whole as it is usually written, and each of its ends in every encoding."""
    whole = [
        secret,
        urllib.parse.quote(secret),
        urllib.parse.quote_plus(secret),
        json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
    ]
    return {word.lower() for word in whole} | {
        word for core in (secret[:CORE], secret[-CORE:]) for word in encodings(core)
    }


def parts(token):
    """List every few characters of a token that stand together."""
    return {token[at : at + PART] for at in range(len(token) - PART + 1)}


def search(leftovers, secrets, issued):
    """List what of the secrets and tokens stands in the texts, and where."""
    wanted = {name: needles(secret) for name, secret in secrets.items()}
    pieces = {piece for token in issued for piece in parts(token)}
    hits = []
    for where, text in leftovers:
        folded = text.lower()
        hits += [
            f"{name} in {where}"
            for name, words in wanted.items()
            if any(word in folded for word in words)
        ]
        if not pieces.isdisjoint(text[at : at + PART] for at in range(len(text) - PART + 1)):
            hits.append(f"a part of a token in {where}")
    return hits
