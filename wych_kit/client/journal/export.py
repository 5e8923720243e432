"""Renders exchanges as curl, Python, JSON lines or HAR. Secrets are variables in all of them."""

from __future__ import annotations

import json
import re
import shlex
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote_plus, urlsplit

from wych_kit.client.journal.redaction import split_placeholders

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from wych_kit.client.journal.recorder import Exchange

_MADE_BY_THE_CLIENT = (
    "host",
    "content-length",
    "connection",
    "accept-encoding",
    "user-agent",
    "transfer-encoding",
)
_FORM = "application/x-www-form-urlencoded"


def render_curl(exchange: Exchange) -> str:
    """Return a curl command that sends the same request.

    Secrets are shell variables, such as `$WYCH_API_KEY`. In a header or a form a variable has the
    secret itself; in a URL or JSON it has the secret as it is written there, with escapes. A body
    that was not recorded in full is left out, and a comment says so.
    """
    # After -X HEAD curl would wait for a body.
    method = "--head" if exchange.method == "HEAD" else f"-X {exchange.method}"
    globs = " --globoff" if re.search(r"[\[\]{}]", exchange.url) else ""
    parts = [f"curl -sS{globs} {method} {_shell(exchange.url)}"]
    parts += [
        f"-H {_shell(f'{name}: {value}' if value else f'{name};')}"
        for name, value in _headers(exchange)
    ]
    if _is_form(exchange):
        parts += [
            f"--data-urlencode {_shell(f'{quote_plus(name)}={value}')}"
            for name, value in _fields(exchange)
        ]
    elif _body(exchange):
        if not _type(exchange.request_headers):
            # Otherwise curl would add one of its own.
            parts.append("-H 'Content-Type:'")
        parts.append(f"--data-raw {_shell(_body(exchange))}")
    return _comment(exchange) + " \\\n  ".join(parts)


def render_python(exchange: Exchange) -> str:
    """Return a few lines of httpx that send the same request.

    Secrets come from the environment, written as in `render_curl`.
    """
    lines = [
        "import os",
        "import httpx",
        "",
        "response = httpx.request(",
        f"    {exchange.method!r},",
        f"    {_python(exchange.url)},",
    ]
    names = [name for name, _ in _fields(exchange)] if _is_form(exchange) else []
    ordered = len(set(names)) < len(names)  # a dictionary would bring fields of one name together
    if ordered:
        lines.insert(2, "from urllib.parse import urlencode")
    if headers := [
        *_headers(exchange),
        *([("Content-Type", _type(exchange.request_headers))] if ordered else []),
    ]:
        rows = "".join(f"\n        ({name!r}, {_python(value)})," for name, value in headers)
        lines.append(f"    headers=[{rows}\n    ],")
    if ordered:
        rows = "".join(
            f"\n        ({name!r}, {_python(value)})," for name, value in _fields(exchange)
        )
        lines.append(f"    content=urlencode([{rows}\n    ]),")
    elif names:
        rows = "".join(
            f"\n        {name!r}: {_python(value)}," for name, value in _fields(exchange)
        )
        lines.append(f"    data={{{rows}\n    }},")
    elif _body(exchange):
        lines.append(f"    content={_python(_body(exchange))}.encode(),")
    return _comment(exchange) + "\n".join(
        [*lines, ")", "print(response.status_code, response.text)"]
    )


def render_json_lines(exchanges: Iterable[Exchange]) -> str:
    """One JSON object per line and exchange."""
    return "".join(
        json.dumps(exchange.as_dict(), ensure_ascii=False) + "\n" for exchange in exchanges
    )


def render_har(exchanges: Iterable[Exchange], version: str = "") -> dict[str, Any]:
    """An HTTP Archive (HAR 1.2), which browsers' developer tools and most HTTP tools open."""
    creator = {"name": "wych-kit", "version": version}
    return {
        "log": {
            "version": "1.2",
            "creator": creator,
            "entries": [_entry(exchange) for exchange in exchanges],
        }
    }


def _entry(exchange: Exchange) -> dict[str, Any]:
    took = round(1000 * (exchange.seconds or 0), 3)
    body = exchange.response_body
    return {
        "startedDateTime": exchange.started or datetime.now(UTC).isoformat(),
        "time": took,
        "request": {
            "method": exchange.method,
            "url": exchange.url,
            "httpVersion": exchange.http_version or "HTTP/1.1",
            "cookies": [],
            "headers": _name_value_pairs(exchange.request_headers),
            "queryString": _name_value_pairs(
                parse_qsl(urlsplit(exchange.url).query, keep_blank_values=True)
            ),
            **(
                {
                    "postData": {
                        "mimeType": _type(exchange.request_headers),
                        "text": exchange.request_body,
                        **_remark(exchange),
                    }
                }
                if exchange.request_body
                else {}
            ),
            "headersSize": -1,
            "bodySize": len(exchange.request_body.encode()),
        },
        "response": {
            "status": exchange.status or 0,
            "statusText": exchange.reason,
            "httpVersion": exchange.http_version or "HTTP/1.1",
            "cookies": [],
            "headers": _name_value_pairs(exchange.response_headers),
            "content": {
                "size": len(body.encode()),
                "mimeType": _type(exchange.response_headers),
                "text": body,
            },
            "redirectURL": next(
                (value for name, value in exchange.response_headers if name.lower() == "location"),
                "",
            ),
            "headersSize": -1,
            "bodySize": -1,
            **({"_error": exchange.error} if exchange.error else {}),
        },
        "cache": {},
        "timings": {"send": 0, "wait": took, "receive": 0},
    }


def _remark(exchange: Exchange) -> dict[str, str]:
    return {"comment": f"not whole: {exchange.request_lacks}"} if exchange.request_lacks else {}


def _name_value_pairs(pairs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


def _type(headers: Iterable[tuple[str, str]]) -> str:
    return next((value for name, value in headers if name.lower() == "content-type"), "")


def _headers(exchange: Exchange) -> list[tuple[str, str]]:
    skipped = (*_MADE_BY_THE_CLIENT, "content-type") if _is_form(exchange) else _MADE_BY_THE_CLIENT
    return [
        (name, value) for name, value in exchange.request_headers if name.lower() not in skipped
    ]


def _is_form(exchange: Exchange) -> bool:
    return _type(exchange.request_headers).startswith(_FORM) and bool(_body(exchange))


def _body(exchange: Exchange) -> str:
    return "" if exchange.request_lacks else exchange.request_body


def _comment(exchange: Exchange) -> str:
    return (
        f"# The body is left out: {' '.join(exchange.request_lacks.split())}.\n"
        if exchange.request_lacks
        else ""
    )


def _fields(exchange: Exchange) -> list[tuple[str, str]]:
    return parse_qsl(exchange.request_body, keep_blank_values=True)


def _shell(text: str) -> str:
    pieces = split_placeholders(text)
    if not any(secret for secret, _ in pieces):
        return shlex.quote(text)
    # Between double quotes an interactive shell would replace ! from its history.
    if "!" in text:
        return "".join(
            f'"${{{piece}}}"' if secret else shlex.quote(piece) for secret, piece in pieces
        )
    quoted = "".join(
        f"${{{piece}}}" if secret else re.sub(r'([\\"$`])', r"\\\1", piece)
        for secret, piece in pieces
    )
    return f'"{quoted}"'


def _python(text: str) -> str:
    pieces = [
        f"os.environ[{piece!r}]" if secret else repr(piece)
        for secret, piece in split_placeholders(text)
    ]
    return " + ".join(pieces) or "''"
