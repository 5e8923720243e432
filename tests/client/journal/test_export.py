"""What an exchange is rendered as sends the same request again, and shows no secret."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, quote_plus, unquote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wych_kit import Journal
from wych_kit.client.journal import export
from wych_kit.client.journal.recorder import Exchange
from wych_kit.client.journal.redaction import split_placeholders

SECRETS = {
    "WYCH_CLIENT_SECRET": "c4n\"a'ry %&+=$#\\`{x}<s3;cret!",
    "WYCH_API_KEY": "k3y\"of'the %2F+&=$canary;\\~!`x`",
    "WYCH_ACCESS_TOKEN": "0paque$(x).t0ken",
    "WYCH_TOKEN": "t0ken%20in%20%26%20'query'",
}
AUTHORIZED = {
    "Authorization": f"Bearer {SECRETS['WYCH_ACCESS_TOKEN']}",
    "x-api-key": SECRETS["WYCH_API_KEY"],
}
REQUESTS: dict[str, dict[str, Any]] = {
    "plain": {"method": "GET", "url": "/v3/partner/p/app/a/users", "headers": AUTHORIZED},
    "query": {"method": "GET", "url": "/x", "params": [("a", "1 2"), ("a", "é&="), ("token", unquote(SECRETS["WYCH_TOKEN"]))]},
    "path": {"method": "GET", "url": "/x%2Fy/[z]/{w}/$HOME/`id`/a'b", "headers": {"X-Quote": "it's \"$HOME\" `id` !"}},
    "form": {"method": "POST", "url": "/token", "data": {"grant_type": "client_credentials", "client_id": "me & you", "client_secret": SECRETS["WYCH_CLIENT_SECRET"]}},
    "odd form": {"method": "POST", "url": "/token", "data": {"a b=@": ["1", "2"], "empty": "", "plus": "+ %"}},
    "mixed form": {"method": "POST", "url": "/token", "content": f"a=1&client_secret={quote_plus(SECRETS['WYCH_CLIENT_SECRET'])}&a=%C3%A9+2", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
    "json": {"method": "POST", "url": "/user", "json": {"email": "ä'\"$x@b.example", "n": [1.5, None]}, "headers": AUTHORIZED},
    "text": {"method": "PUT", "url": "/x", "content": b"@not-a-file\nline 'two' $HOME"},
    "delete": {"method": "DELETE", "url": "/x", "headers": {"X-Empty": "", **AUTHORIZED}},
    "head": {"method": "HEAD", "url": "/x"},
    "patch": {"method": "PATCH", "url": "/x", "json": {}},
}  # fmt: skip
MADE_BY_THE_CLIENT = {"host", "connection", "accept-encoding", "user-agent", "content-length"}


def meaning(request: httpx.Request) -> dict[str, Any]:
    """Everything about a request that is the caller's."""
    form = request.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded")
    return {
        "method": request.method,
        "path": request.url.raw_path.partition(b"?")[0],
        "query": parse_qsl(request.url.query.decode(), keep_blank_values=True),
        "headers": sorted(
            (name, value)
            for name, value in request.headers.items()
            if name not in MADE_BY_THE_CLIENT
        ),
        "body": (
            parse_qsl(request.content.decode(), keep_blank_values=True) if form else request.content
        ),
    }


def captured(
    serve: Callable[..., str], facts: dict[str, Any]
) -> tuple[Exchange, list[httpx.Request]]:
    """Send it once, with a journal listening; the exchange, and the list that further requests will be added to."""
    seen: list[httpx.Request] = []
    url = serve(lambda request: seen.append(request) or httpx.Response(200, json={"ok": True}))
    journal = Journal()
    with httpx.Client(base_url=url, event_hooks=journal.hooks(), trust_env=False) as http:
        http.request(**facts)
    return journal.exchanges[0], seen


def variables() -> dict[str, str]:
    """The environment in which the marks have their values, and a proxy and a home have none."""
    return {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **SECRETS}


@pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("bash")), reason="needs curl and bash"
)
@pytest.mark.parametrize("name", REQUESTS)
def test_the_curl_command_sends_the_same_request(serve, name: str) -> None:
    """Run by a real shell with a real curl, secrets in variables, it is the same to the byte or the field."""
    exchange, seen = captured(serve, REQUESTS[name])
    command = export.render_curl(exchange)
    done = subprocess.run(
        ["bash", "-c", command],
        env=variables(),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert meaning(seen[1]) == meaning(seen[0])
    assert [secret for secret in SECRETS.values() if secret in command] == []


@pytest.mark.parametrize("name", REQUESTS)
def test_the_python_lines_send_the_same_request(
    serve, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Executed as they stand, secrets from the environment."""
    exchange, seen = captured(serve, REQUESTS[name])
    program = export.render_python(exchange)
    for variable, value in SECRETS.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("NO_PROXY", "*")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(program, "rendered", "exec"), {})
    assert meaning(seen[1]) == meaning(seen[0])
    assert printed.getvalue().startswith("200 ")
    assert [secret for secret in SECRETS.values() if secret in program] == []


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/json", ""])
def test_a_body_that_is_not_whole_is_left_out(kind: str) -> None:
    """In its place stands a comment, which neither the shell nor Python takes for anything else."""
    headers = [("Content-Type", kind)] if kind else []
    exchange = Exchange(
        "", "POST", "https://a.example/", headers, "a=half", request_lacks="it was\na stream"
    )
    for text in (export.render_curl(exchange), export.render_python(exchange)):
        assert text.splitlines()[0] == "# The body is left out: it was a stream."
        assert "half" not in text
        assert "https://a.example/" in text
    assert (
        export.render_har([exchange])["log"]["entries"][0]["request"]["postData"]["comment"]
        == "not whole: it was\na stream"
    )


def test_it_reads_well() -> None:
    """The whole text, as a person gets it."""
    exchange = Exchange(
        started="2026-01-02T03:04:05.678Z",
        method="POST",
        url="https://api.example/v3/user?token=‹WYCH_TOKEN›",
        request_headers=[("Host", "api.example"), ("Authorization", "Bearer ‹WYCH_ACCESS_TOKEN›"), ("x-api-key", "‹WYCH_API_KEY›"), ("Content-Type", "application/json")],
        request_body='{"email":"a@b.example"}',
    )  # fmt: skip
    assert export.render_curl(exchange).splitlines() == [
        'curl -sS -X POST "https://api.example/v3/user?token=${WYCH_TOKEN}" \\',
        '  -H "Authorization: Bearer ${WYCH_ACCESS_TOKEN}" \\',
        '  -H "x-api-key: ${WYCH_API_KEY}" \\',
        "  -H 'Content-Type: application/json' \\",
        """  --data-raw '{"email":"a@b.example"}'""",
    ]
    assert export.render_python(exchange).splitlines() == [
        "import os",
        "import httpx",
        "",
        "response = httpx.request(",
        "    'POST',",
        "    'https://api.example/v3/user?token=' + os.environ['WYCH_TOKEN'],",
        "    headers=[",
        "        ('Authorization', 'Bearer ' + os.environ['WYCH_ACCESS_TOKEN']),",
        "        ('x-api-key', os.environ['WYCH_API_KEY']),",
        "        ('Content-Type', 'application/json'),",
        "    ],",
        """    content='{"email":"a@b.example"}'.encode(),""",
        ")",
        "print(response.status_code, response.text)",
    ]


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
@given(
    st.lists(
        st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
        | st.sampled_from(["‹WYCH_API_KEY›", "‹WYCH_TOKEN›"]),
        max_size=4,
    )
)
def test_any_text_survives_the_shell_and_python(parts: list[str]) -> None:
    """Whatever stands around the marks arrives as it was, the marks as their values, and nothing is executed."""
    text = "".join(parts)
    meant = "".join(
        SECRETS.get(piece, piece) if secret else piece for secret, piece in split_placeholders(text)
    )
    if all(piece in SECRETS for secret, piece in split_placeholders(text) if secret):
        done = subprocess.run(
            ["bash", "-c", f"printf %s {export._shell(text)}"],
            env=variables(),
            capture_output=True,
            timeout=20,
            check=True,
        )
        assert done.stdout == meant.encode()
        assert eval(export._python(text), {"os": type("os", (), {"environ": SECRETS})}) == meant


def test_json_lines_are_one_object_each(serve) -> None:
    """They can be read back into exchanges."""
    exchange, _ = captured(serve, REQUESTS["json"])
    lines = export.render_json_lines([exchange, exchange])
    assert lines.endswith("\n")
    assert [Exchange.from_dict(json.loads(line)) for line in lines.splitlines()] == [
        exchange,
        exchange,
    ]


def test_a_har_has_what_version_1_2_demands(serve) -> None:
    """Every required field of the HAR 1.2 specification, of the required kind; timings are not negative and add up."""
    exchanges = [captured(serve, facts)[0] for facts in REQUESTS.values()]
    exchanges.append(
        Exchange(
            "2026-01-02T03:04:05.678Z",
            "GET",
            "https://a.example/",
            [],
            "",
            error="ConnectError: no",
        )
    )
    har = json.loads(json.dumps(export.render_har(exchanges, "0.1")))
    log = har["log"]
    assert (log["version"], log["creator"]) == ("1.2", {"name": "wych-kit", "version": "0.1"})
    assert len(log["entries"]) == len(REQUESTS) + 1
    for entry in log["entries"]:
        assert re.fullmatch(
            r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", entry["startedDateTime"]
        )
        assert entry["time"] == sum(entry["timings"][part] for part in ("send", "wait", "receive"))
        assert min(entry["timings"].values()) >= 0
        assert entry["cache"] == {}
        sent, got = entry["request"], entry["response"]
        for side, kinds in (
            (sent, {"method": str, "url": str, "httpVersion": str, "cookies": list, "headers": list, "queryString": list, "headersSize": int, "bodySize": int}),
            (got, {"status": int, "statusText": str, "httpVersion": str, "cookies": list, "headers": list, "content": dict, "redirectURL": str, "headersSize": int, "bodySize": int}),
            (got["content"], {"size": int, "mimeType": str}),
            (sent.get("postData", {"mimeType": "", "text": ""}), {"mimeType": str, "text": str}),
        ):  # fmt: skip
            assert {name: type(side[name]) for name in kinds} == kinds
        for pair in sent["headers"] + sent["queryString"] + got["headers"]:
            assert {name: type(value) for name, value in pair.items()} == {
                "name": str,
                "value": str,
            }
    assert log["entries"][1]["request"]["queryString"][0] == {"name": "a", "value": "1 2"}
    assert log["entries"][-1]["response"]["_error"] == "ConnectError: no"
    text = json.dumps(har, ensure_ascii=False)
    assert [secret for secret in SECRETS.values() if secret in text] == []
