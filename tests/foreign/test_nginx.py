"""The ladder, the steps and the journal before nginx, which none of us wrote: its own pages, and what it does to what passes through."""

from __future__ import annotations

import pytest

from wych_kit import load_settings
from wych_kit.diagnosis.connectivity import check_connectivity

STATUSES = (400, 401, 403, 404, 405, 413, 414, 429, 431, 500, 502, 503, 504)
PAGE = {"not-json"}
ALLOWED = {
    # (place, status): what may be said of nginx's page; where nothing is said here, that it is somebody's page.
    ("discovery", 404): {"no-issuer-there"},
    ("discovery", 431): {"unknown-answer"},  # it has no page of nginx's, and so no body
    ("token", 431): {"unknown-answer"},
    ("call", 431): {"unknown-answer"},
    ("token", 429): {"too-many-token-requests"},
}

pytestmark = pytest.mark.foreign


@pytest.fixture
def nginx(tmp_path, programs, document, mock_wych, unused_address):
    """A throw-away nginx: `/403/…` is its own 403 page, `/dead/…` a server that is not there, and so on; gives its address."""
    port = programs.free_port()
    base = f"http://127.0.0.1:{port}"
    api = mock_wych.api_url
    answers = {
        **{status: f"return {status};" for status in STATUSES},
        "to-https": "return 301 https://$host$request_uri;",
        "to-login": "return 302 /login?next=$request_uri;",
        "closed": "return 444;",
        "dead": f"proxy_pass {unused_address}/;",
        "whole": f"proxy_pass {api.removesuffix('/v3')}/;",
        "no-key": f"proxy_pass {api.removesuffix('/v3')}/; proxy_set_header x-api-key '';",
        "no-bearer": f"proxy_pass {api.removesuffix('/v3')}/; proxy_set_header Authorization '';",
    }
    places = "".join(f"location /{name}/ {{ {does} }}" for name, does in answers.items())
    documents = "".join(
        f"location /token/{name}/ {{ default_type application/json; return 200"
        f" '{document(base, name)}'; }}"
        for name in answers
    )
    paths = "".join(
        f"{name}_temp_path {tmp_path}/{name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = tmp_path / "nginx.conf"
    config.write_text(
        f"daemon off; master_process off; pid {tmp_path}/pid; error_log {tmp_path}/errors; events"
        f" {{}}http {{ access_log off; {paths} server {{ listen 127.0.0.1:{port}; {places}"
        f" {documents} }} }}"
    )
    programs.start(
        "nginx",
        "-e",
        tmp_path / "errors",
        "-p",
        tmp_path,
        "-c",
        config,
        port=port,
        package="Debian, Ubuntu: apt install nginx-light",
    )
    return base


@pytest.mark.parametrize("where", ["discovery", "token", "call"])
def test_its_own_pages(at, nginx, where):
    """Each page has its status and words told at each place, and nothing is claimed for certain."""
    for status in STATUSES:
        for told in at(where, nginx, status):
            assert told.reference in ALLOWED.get((where, status), PAGE), (status, told)
            assert told.confidence != "certain", (status, told)
            assert str(status) in told.words
            assert status == 431 or told.by == "journal" or "text/html: " in told.words, (
                status,
                told,
            )


@pytest.mark.parametrize("where", ["discovery", "token", "call"])
@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("to-https", "redirected"),
        ("to-login", "login-page"),
        ("closed", "connection-cut"),
        ("dead", "not-json"),
    ],
)
def test_where_it_sends_us(at, nginx, where, name, reference):
    """On to https, to a login page, away without an answer, and on to a server that is not there."""
    for told in at(where, nginx, name):
        assert told.reference == reference, told
        assert told.confidence != "certain" or reference == "redirected", told


def test_a_header_that_it_drops(tell, nginx):
    """A key or a bearer token that is lost on the way looks like one that is refused: so it is told, with the loss as a possibility."""
    for told in tell(api_url=f"{nginx}/no-key/v3"):
        assert told.reference == "api-key-refused", told
    for told in tell(api_url=f"{nginx}/no-bearer/v3"):
        assert (told.reference, told.confidence) == ("bearer-refused", "likely"), told


def test_it_passes_calls_on(project, mock_wych, nginx):
    """Through it every rung holds; two slashes, which it would merge, are refused before they get there."""
    project.ready_on(mock_wych, token_cache="memory")
    assert check_connectivity(load_settings().with_(api_url=f"{nginx}/whole/v3")).diagnosis is None
    assert (
        check_connectivity(load_settings().with_(api_url=f"{nginx}//whole/v3")).diagnosis.stage
        == "settings"
    )
