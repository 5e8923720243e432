"""`wych-kit bundle`: what the other side needs is in it, no secret and no customer is, and nothing stands in its way but a secret."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import json
import os
import re
import socket
import stat
import zipfile
from urllib.parse import quote

import pytest

from wych_kit import Secret, load_settings
from wych_kit.client.journal.history import History
from wych_kit.client.journal.recorder import Exchange
from wych_kit.diagnosis.connectivity import CheckResult, Report, check_connectivity
from wych_kit.errors import SettingInvalid
from wych_kit.settings import private_files
from wych_kit.support.bundle import archive, create, create_bundle, facts
from wych_kit.support.bundle.anonymise import remove_personal_data
from wych_kit.support.bundle.parts import MAX_EXCHANGES, collect_parts
from wych_kit.support.bundle.secret_check import find_secrets

NOW = dt.datetime(2026, 11, 26, 1, 2, 4, tzinfo=dt.UTC)
MEMBERS = [
    "README.txt",
    "versions.json",
    "settings.json",
    "check.txt",
    "check.json",
    "requests.json",
    "exchanges.har",
    "exchanges.jsonl",
]
# Made when the tests run, so that nothing in this file looks like one.
JWT = ".".join(("eyJ" + "hbGciOiJSUzI1NiJ9", "eyJ" + "zdWIiOiJ4In0", "s1G_" * 20))
PEM = "-----BEGIN PRIVATE" + " KEY-----\n" + "MIIEvQ+/" * 20
ODD = 'Kq7/"' + "zT+9\\vXcanary" * 2  # what JSON, forms and base64 each write in another way
ISSUER, API = "https://login.example/realms/partner", "https://api.example/v3"
USER = "9ee988db-24e2-4d0c-be30-bbecb64bf4e8"


def members(path):
    """Name to text of each file in a bundle, in their order."""
    with zipfile.ZipFile(path) as whole:
        assert whole.testzip() is None
        return {name: whole.read(name).decode() for name in whole.namelist()}


def only(folder):
    """The one bundle in a folder."""
    (found,) = folder.glob("*.zip")
    return found


def exchange(**changes):
    """An exchange with the API, changed."""
    plain = Exchange(
        started="2026-11-26T01:00:00.000Z",
        method="GET",
        url=f"{API}/partner/1/app/2/users",
        request_headers=[("host", "api.example")],
        request_body="",
        status=200,
        reason="OK",
        http_version="HTTP/1.1",
        response_headers=[
            ("content-type", "application/json"),
            ("x-amzn-RequestId", "id-1"),
            ("date", "Thu, 26 Nov 2026 01:00:01 GMT"),
        ],
        response_body="[]",
        seconds=0.1,
    )
    return dataclasses.replace(plain, **changes)


@pytest.fixture
def ready(project, mock_wych):
    """A `.env` that works on the mock."""
    project.ready_on(mock_wych)
    return project


@pytest.fixture
def elsewhere(project):
    """Settings for hosts that do not exist, with an odd secret."""
    project.write_env(
        environment="sandbox",
        issuer_url=ISSUER,
        api_url=API,
        client_id="kim",
        api_key="Pip3Huia" * 2,
    )
    return load_settings().with_(client_secret=ODD)


def test_members_and_readme_agree(ready, kit):
    """The README lists exactly the files there are, in their order; each is there once; status 0; the name has the time."""
    ran = kit("bundle")
    path = only(ready.folder)
    found = members(path)
    assert ran.status == 0
    assert list(found) == MEMBERS
    listed = found["README.txt"].partition("What it contains\n")[2].partition("\n\n")[0]
    assert [line.split()[0] for line in listed.splitlines()] == MEMBERS
    assert re.fullmatch(r"wych-bundle-\d{8}-\d{6}\.zip", path.name)
    assert [line.split("\t")[0] for line in ran.out.splitlines() if "\t" in line] == MEMBERS
    assert str(path) in ran.out


def test_texts_fit_a_terminal(ready, kit):
    """README.txt is no wider than 80 columns, and so are the closing sentences."""
    ran = kit("bundle")
    lines = [*members(only(ready.folder))["README.txt"].splitlines(), *ran.out.splitlines()[-2:]]
    assert [line for line in lines if len(line) > 80] == []
    assert "no secret" in lines[-2]
    assert "Look inside" in lines[-1]


def test_only_the_owner_can_read_it(ready, kit):
    """The file has mode 0600, and no half-written one stays beside it."""
    kit("bundle", "--to", "a.zip")
    assert stat.S_IMODE((ready.folder / "a.zip").stat().st_mode) == 0o600
    assert sorted(path.name for path in ready.folder.iterdir()) == [
        ".env",
        "a.zip",
        "pyproject.toml",
    ]


def test_no_secret_is_in_any_member(project, mock_wych, kit, monkeypatch):
    """Secret, key and token, used in calls and set in `.env` and in the shell, are in no file, nor in any other way of writing them."""
    made = mock_wych.credentials
    project.ready_on(mock_wych, api_key="Hui4Pip6+/m'n=o?p" * 2)
    monkeypatch.setenv("WYCH_API_KEY", made.api_key)
    assert kit("call", "GET", "users").status == 0
    token = kit("token", "--raw").out.strip()
    kit("bundle", "--to", "a.zip", "--no-check")
    assert kit("bundle", "--to", "b.zip").status == 0
    everything = "\n".join(
        [*members(project.folder / "a.zip").values(), *members(project.folder / "b.zip").values()]
    )
    assert "‹WYCH_API_KEY›" in everything, "there was something to take out"
    for secret in (made.client_secret, made.api_key, "Hui4Pip6+/m'n=o?p" * 2, token):
        raw = secret.encode()
        dresses = [secret, quote(secret, safe=""), json.dumps(secret)[1:-1], raw.hex()]
        dresses += [base64.b64encode(b"\0" * before + raw).decode()[4:-4] for before in range(3)]
        assert [dress for dress in dresses if dress in everything] == []


@pytest.mark.parametrize(
    ("written", "what"),
    [
        (ODD, "WYCH_CLIENT_SECRET"),
        (quote(ODD, safe=""), "WYCH_CLIENT_SECRET"),
        (json.dumps({"a": json.dumps({"b": ODD})}), "WYCH_CLIENT_SECRET"),
        (base64.b64encode(f"x{ODD}".encode()).decode(), "in base64"),
        (base64.urlsafe_b64encode(f"xy{ODD}z".encode()).decode(), "in base64"),
        (base64.b64encode(f"kim:{ODD}".encode()).decode(), "in a Basic header"),
        (JWT, "a signed token"),
        (PEM, "a private key"),
    ],
    ids=["plain", "url", "json in json", "base64", "base64 url", "basic", "token", "key"],
)
def test_a_planted_secret_stops_it(project, kit, written, what):
    """One that slipped into an earlier exchange: status 1, its file and line are named, it is not shown, nothing is written."""
    project.write_env(environment="sandbox", issuer_url=ISSUER, api_url=API, client_id="kim")
    project.env.write_text(
        project.env.read_text() + f"WYCH_CLIENT_SECRET='{ODD}'\n".replace("\\", "\\\\")
    )
    assert load_settings().client_secret == Secret(ODD)
    History(project.home).add(
        [exchange(), exchange(status=400, response_headers=[], response_body=f"said {written}")]
    )
    ran = kit("bundle", "--no-check")
    assert ran.status == 1
    assert re.search(rf"^exchanges\.jsonl line 2: .*{what}", ran.err, re.MULTILINE)
    assert "forget --everything" in ran.err
    assert [text for text in (ODD, written, JWT, PEM[30:80]) if text in ran.out + ran.err] == []
    assert list(project.folder.glob("*.zip*")) == []


def test_a_finding_in_json(project, kit):
    """With --json the findings are data, without the secret."""
    project.write_env(environment="sandbox", issuer_url=ISSUER, api_url=API, client_id=JWT)
    ran = kit("bundle", "--no-check", "--json")
    found = json.loads(ran.out)
    assert (ran.status, found["ok"]) == (1, False)
    assert {"settings.json"} == {each["part"] for each in found["found"]}
    assert JWT not in ran.out


def test_an_existing_file_is_kept(ready, kit, monkeypatch):
    """Status 2 and its name, whether it was there before or came while the check was under way."""
    (ready.folder / "a.zip").write_text("mine")
    ran = kit("bundle", "--to", "a.zip")
    assert (ran.status, (ready.folder / "a.zip").read_text()) == (2, "mine")
    assert "a.zip exists already" in ran.err

    def check(settings):
        (ready.folder / "b.zip").write_text("mine too")
        return "not today"

    with pytest.raises(SettingInvalid, match=r"b\.zip exists already"):
        create_bundle(load_settings(), ready.folder / "b.zip", check=check)
    assert (ready.folder / "b.zip").read_text() == "mine too"


def test_a_disk_without_links_is_enough(ready, monkeypatch):
    """Where no hard link can be made the file is whole all the same, and an existing one is still kept."""

    def no_links(self, target):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(type(ready.folder), "hardlink_to", no_links)
    archive.write_archive(b"zip", ready.folder / "a.zip")
    with pytest.raises(SettingInvalid, match="exists already"):
        archive.write_archive(b"other", ready.folder / "a.zip")
    assert (ready.folder / "a.zip").read_bytes() == b"zip"
    assert sorted(path.name for path in ready.folder.iterdir()) == [
        ".env",
        "a.zip",
        "pyproject.toml",
    ]


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("nowhere/a.zip", "does not exist"),
        (".", "is a folder"),
        ("closed/a.zip", "may not create"),
    ],
)
def test_what_cannot_be_written_is_said(ready, kit, monkeypatch, to, words):
    """A missing folder, a folder for a file and a closed one: status 2 and a sentence, before anything is sent."""
    (ready.folder / "closed").mkdir()
    real = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: path.name != "closed" and real(path, mode)
    )  # root may write anywhere
    monkeypatch.setattr(create, "check_connectivity", None)
    ran = kit("bundle", "--to", to)
    assert ran.status == 2
    assert words in ran.err
    assert "Nothing was written." in ran.err
    again = kit("bundle", "--to", to, "--json")
    assert (again.status, json.loads(again.out)["ok"]) == (2, False)


def test_a_full_disk_is_said(ready, monkeypatch):
    """What the system says while writing is the reason, and no half file stays."""

    def full(spare, project):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(private_files, "move_without_replacing", full)
    with pytest.raises(SettingInvalid, match="No space left on device"):
        archive.write_archive(b"zip", ready.folder / "a.zip")
    assert sorted(path.name for path in ready.folder.iterdir()) == [".env", "pyproject.toml"]


@pytest.mark.parametrize(
    "trouble", ["no .env", "unknown environment", "no such host", "mistake of ours"]
)
def test_trouble_is_told_in_it(project, kit, monkeypatch, trouble):
    """Whatever is wrong with settings, network or the check itself: status 0, all members, and the reason in the check."""
    said = {
        "no .env": "WYCH_CLIENT_ID is not set",
        "unknown environment": "must be mock, sandbox or production",
        "no such host": "cannot look up",
        "mistake of ours": "RuntimeError",
    }[trouble]
    if trouble == "no .env":
        monkeypatch.setenv("WYCH_ENVIRONMENT", "production")
    elif trouble == "unknown environment":
        monkeypatch.setenv("WYCH_ENVIRONMENT", "prod")
    else:
        known = {
            "client_secret": "Wek8Kea2" * 2,
            "api_key": "Pip3Huia" * 2,
            "partner_id": "1",
            "app_id": "2",
        }
        project.write_env(
            environment="sandbox", issuer_url=ISSUER, api_url=API, client_id="kim", **known
        )

    def unknown(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    def broken(*_, **__):
        raise RuntimeError(ODD)

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    if trouble == "mistake of ours":
        monkeypatch.setattr("wych_kit.diagnosis.connectivity.check_connectivity", broken)
    ran = kit("bundle")
    found = members(only(project.folder))
    assert ran.status == 0
    assert list(found) == MEMBERS
    assert said in found["check.txt"]
    assert said in found["check.json"]
    assert json.loads(found["check.json"])["ok"] is not True


def test_without_a_check(ready, kit):
    """--no-check sends nothing, leaves the two files out, and the README says so."""
    ran = kit("bundle", "--no-check", "--json")
    told = json.loads(ran.out)
    found = members(told["path"])
    assert (
        list(found)
        == [name for name in MEMBERS if not name.startswith("check.")]
        == [part["name"] for part in told["parts"]]
    )
    assert "--no-check" in found["README.txt"]
    assert "check.txt" not in found["README.txt"].replace("for check.txt", "")
    assert found["exchanges.jsonl"] == ""


def test_the_har_is_whole(ready, kit):
    """HAR 1.2: every field the specification requires is there, of its kind, in each entry."""
    kit("call", "POST", "user", "--json", '{"email": "kim@example.com"}')
    kit("bundle")
    log = json.loads(members(only(ready.folder))["exchanges.har"])["log"]
    assert log["version"] == "1.2"
    assert {"name", "version"} <= log["creator"].keys()
    assert len(log["entries"]) > 3
    for entry in log["entries"]:
        assert dt.datetime.fromisoformat(entry["startedDateTime"]).tzinfo is not None
        assert entry["time"] >= 0
        assert entry["cache"] == {}
        assert {"send", "wait", "receive"} <= entry["timings"].keys()
        request, response = entry["request"], entry["response"]
        sides = {
            "httpVersion": str,
            "cookies": list,
            "headers": list,
            "headersSize": int,
            "bodySize": int,
        }
        for side, kinds in (
            (request, sides | {"method": str, "url": str, "queryString": list}),
            (
                response,
                sides | {"status": int, "statusText": str, "content": dict, "redirectURL": str},
            ),
        ):
            assert {name: type(side[name]) for name in kinds} == kinds
            assert all({"name", "value"} <= row.keys() for row in side["headers"])
        assert {"size", "mimeType"} <= response["content"].keys()
        assert request.get("postData", {"mimeType": "", "text": ""}).keys() >= {"mimeType", "text"}


def test_request_ids_find_a_call(ready, kit):
    """Each call of the API has its x-amzn-RequestId with time, method, path and status, and which the check made is told."""
    kit("call", "GET", "nowhere")
    kit("bundle")
    rows = json.loads(members(only(ready.folder))["requests.json"])
    kept = [each for each in History(ready.home).read() if "/v3" in each.url]
    calls = [row for row in rows if row["path"].startswith("/v3")]
    assert [row["ids"]["x-amzn-requestid"] for row in calls] == [
        dict(each.response_headers)["x-amzn-requestid"] for each in kept
    ]
    first = calls[0]
    assert (first["method"], first["status"], first["of_the_check"]) == ("GET", 403, False)
    assert first["path"].endswith("/nowhere")
    assert first["started"] == kept[0].started
    assert calls[-1]["of_the_check"]


def test_the_clock_is_told(ready, kit):
    """How it stands to the server's is a sentence in README.txt and check.json; each server's Date is beside the time of the request."""
    kit("bundle")
    found = members(only(ready.folder))
    sentence = json.loads(found["check.json"])["clock"]
    assert sentence.startswith("The sender's clock agrees")
    assert f"\n  {sentence}\n" in found["README.txt"]
    assert any(row["server_date"] for row in json.loads(found["requests.json"]))


@pytest.mark.parametrize(
    ("state", "observed", "said"),
    [
        (
            "held",
            "This machine's clock is 90 seconds behind the server's.",
            "The sender's clock is 90 seconds behind the server's.",
        ),
        (
            "broken",
            "This machine's clock is 400 seconds ahead of the server's.",
            "The sender's clock is 400 seconds ahead of the server's.",
        ),
        (
            "skipped",
            "No server sent its time.",
            "The sender's clock was not compared with the server's. No server sent its time.",
        ),
        (
            "not reached",
            "",
            (
                "The sender's clock was not compared with the server's. The check ended before"
                " that, at: Connection."
            ),
        ),
    ],
)
def test_a_clock_is_a_sentence(state, observed, said):
    """Whatever the check saw of it, also when it saw nothing."""
    checks = (
        CheckResult(
            "connection", "Connection", "broken" if state == "not reached" else "held", "", 0.0
        ),
        CheckResult("clock", "Clock", state, observed, 0.0),
    )
    assert facts.describe_clock(Report(checks, None, ())) == said


def test_settings_have_origins_and_fingerprints(ready, monkeypatch, kit):
    """Each setting with where it comes from; of a secret, and of one in the wrong place, the fingerprint and never the text."""
    secret = load_settings().client_secret
    monkeypatch.setenv("WYCH_APP_NAME", secret.reveal())
    kit("bundle", "--no-check")
    rows = {
        row["name"]: row
        for row in json.loads(members(only(ready.folder))["settings.json"])["settings"]
    }
    for name in ("WYCH_CLIENT_SECRET", "WYCH_APP_NAME"):
        assert (rows[name]["fingerprint"], rows[name]["value"]) == (secret.fingerprint(), "••••••")
    assert rows["WYCH_APP_NAME"]["origin"] == "shell"
    assert rows["WYCH_CLIENT_SECRET"]["origin"].startswith(".env line")
    assert rows["WYCH_CLIENT_ID"]["value"] == load_settings().client_id


def test_the_same_inputs_give_the_same_bytes(ready):
    """Two bundles of the same settings, exchanges, check and time are equal to the byte."""
    report = check_connectivity(load_settings())
    made = [
        create_bundle(load_settings(), ready.folder / name, check=lambda _: report, now=NOW)
        for name in ("a.zip", "b.zip")
    ]
    one, other = (each.path.read_bytes() for each in made)
    assert one == other
    with zipfile.ZipFile(made[0].path) as whole:
        assert {info.date_time for info in whole.infolist()} == {(2026, 11, 26, 1, 2, 4)}
        assert {stat.S_IMODE(info.external_attr >> 16) for info in whole.infolist()} == {0o600}


def test_what_was_done_elsewhere_is_left_out(elsewhere):
    """Exchanges with other hosts, and those before the last hundred, are not handed on; the README counts them."""
    other = exchange(url="http://127.0.0.1:9924/v3/users")
    older = [exchange(url=f"{API}/number/{number}") for number in range(MAX_EXCHANGES + 2)]
    parts = {
        part.name: part.text for part in collect_parts(elsewhere, [other, *older], None, NOW, [])
    }
    paths = [row["path"] for row in json.loads(parts["requests.json"])]
    assert paths == [f"/v3/number/{number}" for number in range(2, MAX_EXCHANGES + 2)]
    assert "Exchanges: 3 left out" in parts["README.txt"]


def test_the_own_folder_is_not_named(elsewhere, monkeypatch, tmp_path):
    """A path in a setting begins with ~, as a folder is often called like its person."""
    monkeypatch.setenv("HOME", "/home/kim.tester")
    monkeypatch.setenv("USERPROFILE", "/home/kim.tester")
    settings = elsewhere.with_(home="/home/kim.tester/kit")
    parts = {part.name: part.text for part in collect_parts(settings, [], None, NOW, [])}
    assert '"~/kit"' in parts["settings.json"]
    assert "kim.tester" not in parts["settings.json"]


JSON = [("content-type", "application/json")]
PEOPLE = {
    "users": (
        {"response_body": json.dumps([{"id": USER, "email": "kim@example.com"}])},
        {"response_body": f'[{{"id":"{USER}","email":"‹e-mail›"}}]'},
    ),
    "an address in the query": (
        {"url": f"{API}/users?email=kim%40example.com&limit=5"},
        {"url": f"{API}/users?email=‹e-mail›&limit=5"},
    ),
    "a name in the query": (
        {"url": f"{API}/users?firstName=Kim&limit=5"},
        {"url": f"{API}/users?firstName=‹personal›&limit=5"},
    ),
    "sent": (
        {
            "request_headers": JSON,
            "request_body": (
                '{"email": "kim@example.com", "phone": "021 555 0199", "ok": true, "none": null}'
            ),
        },
        {"request_body": '{"email":"‹e-mail›","phone":"‹text›","ok":true,"none":null}'},
    ),
    "bank data": (
        {
            "response_body": (
                '{"state": "ACTIVE", "rows": [{"amount": -12.5, "description": "Rent Kim", "id":'
                ' "12-3456"}]}'
            )
        },
        {
            "response_body": (
                '{"state":"ACTIVE","rows":[{"amount":"‹number›","description":"‹text›","id":"‹text›"}]}'
            )
        },
    ),
    "a statement": (
        {
            "response_headers": [("content-type", "text/csv; x=y")],
            "response_body": "Kim Tester,12.50",
        },
        {"response_body": "(16 characters of text/csv, left out: they may be about a customer)"},
    ),
    "cut off": (
        {"response_body": '[{"name": "Kim Tes…'},
        {
            "response_body": (
                "(19 characters of application/json, left out: they may be about a customer)"
            )
        },
    ),
    "a refusal": (
        {
            "status": 400,
            "response_body": (
                '{"message": "kim@example.com is taken", "lastName": "Tester", "account":'
                ' "12-3456-7890123-00"}'
            ),
        },
        {
            "response_body": (
                '{"message":"‹e-mail› is taken","lastName":"‹personal›","account":"‹account'
                ' number›"}'
            )
        },
    ),
    "a refusal without people": ({"status": 403, "response_body": '{"message": "Forbidden"}'}, {}),
    "a refusal cut off": (
        {"status": 500, "response_body": '{"given_name": "Kim", "x": "kim@example.com'},
        {"response_body": '{"given_name": "‹personal›", "x": "‹e-mail›'},
    ),
    "user info": (
        {
            "url": f"{ISSUER}/userinfo",
            "response_body": '{"sub": "1", "given_name": "Kim", "email": "kim@example.com"}',
        },
        {"response_body": '{"sub":"1","given_name":"‹personal›","email":"‹e-mail›"}'},
    ),
    "discovery": (
        {
            "url": f"{ISSUER}/x",
            "response_body": '{"issuer": "x", "n": 900, "names_supported": ["name"]}',
        },
        {},
    ),
    "a form": (
        {
            "url": f"{ISSUER}/token",
            "request_headers": [("content-type", "application/x-www-form-urlencoded")],
            "request_body": "grant_type=password&username=kim&client_secret=‹WYCH_CLIENT_SECRET›",
        },
        {
            "request_body": (
                "grant_type=password&username=‹personal›&client_secret=‹WYCH_CLIENT_SECRET›"
            )
        },
    ),
    "a header": (
        {
            "response_headers": [
                *JSON,
                ("location", f"{API}/u?login_hint=kim"),
                ("x-for", "kim@example.com"),
            ]
        },
        {
            "response_headers": [
                *JSON,
                ("location", f"{API}/u?login_hint=‹personal›"),
                ("x-for", "‹e-mail›"),
            ]
        },
    ),
    "an issuer that only begins alike": (
        {"url": f"{ISSUER}-2/x", "response_body": '{"a": "Kim"}'},
        {"response_body": '{"a":"‹text›"}'},
    ),
}


@pytest.mark.parametrize("case", PEOPLE)
def test_people_are_masked(case):
    """Who a customer is and what the bank says of them goes; ids, states, refusals and what is about apps stay as they were."""
    changes, masked = PEOPLE[case]
    before = exchange(**changes)
    assert remove_personal_data(before, ISSUER) == dataclasses.replace(before, **masked)


def test_a_long_text_without_an_address_is_quick_to_mask(elsewhere):
    """What only looks like the beginning of an address is left as it is."""
    for text in ("a" * 16000, "a@" * 8000, "a." * 8000, "%4" * 8000, "x@" + "a." * 8000):
        before = exchange(status=500, response_headers=[], response_body=text)
        assert (
            remove_personal_data(before, ISSUER) == before
            or "‹e-mail›" in remove_personal_data(before, ISSUER).response_body
        )


def test_half_a_character_is_no_reason_to_stop(elsewhere):
    """JSON can bring one, no file can hold it."""
    bodies = ('{"message": "\ud800"}', '{"message": "\\ud800 kim@example.com"}', "\ud800")
    parts = collect_parts(
        elsewhere, [exchange(status=400, response_body=body) for body in bodies], "\ud800", NOW, []
    )
    assert archive.pack(parts, NOW)


def test_the_search_names_every_line_once(elsewhere):
    """A secret that is found in three ways of reading a line is one finding."""
    parts = collect_parts(
        elsewhere,
        [exchange(status=400, response_body=f'{{"m": "{ODD[5:]}", "n": "Pip3Huia1Pip3Huia1"}}')],
        None,
        NOW,
        [],
    )
    found = find_secrets(parts, [("a key", Secret("Pip3Huia1Pip3Huia1"))])
    assert sorted((each.part, each.kind) for each in found) == [
        (name, "a key, as it is in force") for name in ("exchanges.har", "exchanges.jsonl")
    ]
