"""The paths of the API: what is refused of those that a setting corrects, and what `wych-kit endpoints` shows."""

from __future__ import annotations

import json

import pytest

from wych_kit import SettingInvalid, WychClient, load_settings
from wych_kit.client.endpoints import ENDPOINTS, find_endpoint
from wych_kit.mock.api.routes import ROUTES
from wych_kit.settings import endpoint_paths
from wych_kit.settings.validation import explain_problem

GOOD = "/partner/{partnerId}/people/{userId}/links"


@pytest.mark.parametrize(
    "text", [GOOD, f"GET {GOOD}", f"post  {GOOD}", "/links/{userId}", "/{userId}/a.b~c-d_e"]
)
def test_a_path_is_fine(text):
    """With a method or without, in any case of letters, with the app's own parts or without."""
    assert explain_problem("WYCH_PATH_CONNECTIONS", text) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("https://api.wych.io/v3/links/{userId}", "whole URL"),
        ("links/{userId}", "start with /"),
        ("some words", "unknown method"),
        ("FETCH /links/{userId}", "unknown method"),
        ("/v3/links/{userId}", "version"),
        ("/links/{userId}?page=1", "path alone"),
        ("/links/%7BuserId%7D", "path alone"),
        ("/links//{userId}", "each part"),
        ("/links/../{userId}", "each part"),
        ("/links/{userId}/", "ends in a slash"),
        ("/links/{user_id}", "unknown placeholder"),
        ("/links/{connectionId}/{userId}", "unknown placeholder"),
        ("/links/:userId", "notation"),
        ("/links/{{userId}}", "notation"),
        ("/links/<userId>", "notation"),
        ("/links", "lacks {userId}"),
        ("/links/{userId}/my page", "space"),
    ],
)
def test_a_path_that_cannot_be_right_says_what_to_do(text, words):
    """Each mistake has its own sentence, which does not repeat the text."""
    reason = explain_problem("WYCH_PATH_CONNECTIONS", text)
    assert reason is not None
    assert words in reason
    assert text not in reason


@pytest.mark.parametrize("name", endpoint_paths.NAMES)
def test_every_setting_corrects_one_call(name, project, mock_wych):
    """A wrong text is refused by the call before anything is sent; the kit's own path is fine, and is what the mock has."""
    (known,) = (each for each in ENDPOINTS if each.setting == name)
    assert explain_problem(name, f"{known.method} {known.path}") is None
    assert [
        route
        for route in ROUTES
        if (route.method, route.path, route.token)
        == (known.method, f"/v3{known.path}", known.token)
    ]
    project.ready_on(mock_wych)
    settings = load_settings().with_(**{name.removeprefix("WYCH_").lower(): "nonsense"})
    before = len(mock_wych.requests)
    with pytest.raises(SettingInvalid, match=name), WychClient(settings) as client:
        client._call(known.name, userId="u", connectionId="c", accountId="a")
    assert len(mock_wych.requests) == before
    assert find_endpoint("users", settings) == ENDPOINTS[0]


def test_the_command_shows_every_call(project, mock_wych, kit):
    """Name, path, token and basis of each, and the setting that corrects it where Wych has published nothing."""
    project.ready_on(mock_wych)
    ran = kit("endpoints")
    assert (ran.status, ran.err) == (0, "")
    for each in ENDPOINTS:
        assert f"{each.name}: {each.basis}, {each.token} token" in ran.out
        assert f"{each.method} {each.path}" in ran.out
    assert [name for name in endpoint_paths.NAMES if name not in ran.out] == []


def test_the_command_shows_a_corrected_path(project, mock_wych, kit):
    """A path from `.env` stands in the kit's place, with the line it comes from; one that cannot be right is told and not shown."""
    project.ready_on(mock_wych, path_connections=f"POST {GOOD}", path_accounts="hush")
    ran = kit("endpoints", "--json")
    document = json.loads(ran.out)
    rows = {row["name"]: row for row in document["endpoints"]}
    assert (
        rows["connections"]["method"],
        rows["connections"]["path"],
        rows["connections"]["basis"],
    ) == ("POST", GOOD, "yours")
    assert rows["connections"]["source"].startswith("WYCH_PATH_CONNECTIONS, .env line ")
    assert (rows["users"]["setting"], rows["users"]["basis"]) == (None, "documented")
    assert (ran.status, rows["accounts"]["path"]) == (2, None)
    assert len(document["problems"]) == 1
    assert document["problems"][0].startswith("WYCH_PATH_ACCOUNTS (.env line ")
    ran = kit("endpoints")
    assert ran.status == 2
    assert "hush" not in ran.out
    assert "WYCH_PATH_ACCOUNTS (.env line " in ran.out


def test_a_call_with_a_users_token(project, mock_wych, kit):
    """`call --user` sends that user's token to customer data; without it nothing is sent, and the way is told."""
    project.ready_on(mock_wych)
    made = mock_wych.connect("kim@example.com", bank="kereru", state="ACTIVE")
    path = f"connection/{made['id']}/accounts"
    before = len(mock_wych.requests)
    ran = kit("call", "GET", path)
    assert (ran.out, ran.status != 0, len(mock_wych.requests)) == ("", True, before)
    assert "service token" in ran.err
    ran = kit("call", "GET", path, "--user", made["user"])
    assert (ran.status, len(json.loads(ran.out)["Data"]["Account"])) == (0, 3)
