"""Settings say what was brought and from where, and judge it before any network."""

import copy
import dataclasses
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wych_kit.errors import SettingInvalid, SettingMissing
from wych_kit.mock import READY_MADE
from wych_kit.secret import Secret
from wych_kit.settings import loading as module
from wych_kit.settings.environments import ENVIRONMENTS, MOCK, PRODUCTION, SANDBOX, Environment
from wych_kit.settings.loading import (
    NAMES,
    SECRET_NAMES,
    Settings,
    env_path,
    load_settings,
    save_settings,
)

EXAMPLE = Path(__file__).parents[2] / ".env.example"
CANARY = "c4nary-Tweet-0815"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A project of its own to stand in, two folders deep, and a home that is not above it."""
    project = tmp_path / "project"
    (project / "notebooks" / "deep").mkdir(parents=True)
    (project / "pyproject.toml").touch()
    monkeypatch.chdir(project)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    return project


def value(loaded, name):
    return next(each for each in loaded.values if each.name == name)


def observed(problems):
    return [str(problem) for problem in problems]


def facts(problems):
    return [(problem.name, problem.origin, problem.reference) for problem in problems]


def test_nothing_brought_is_the_mock(here):
    """With no file and no variables, the mock's addresses and a token on disk are there, each with its origin; nothing is wrong."""
    loaded = load_settings(environ={})
    assert loaded.environment is MOCK
    assert (loaded.issuer_url, loaded.api_url) == (MOCK.issuer_url, MOCK.api_url)
    assert (loaded.client_id, loaded.client_secret, loaded.home, loaded.token_cache) == (
        None,
        None,
        None,
        "disk",
    )
    assert value(loaded, "WYCH_API_URL").origin == "default (mock)"
    assert value(loaded, "WYCH_API_KEY").origin == "not set"
    assert loaded.problems() == ()
    assert [each.name for each in loaded.values] == list(NAMES)


def test_shell_over_file_over_default_each_with_its_origin(here):
    """The shell wins and says which line it hides and whether that differs; an empty variable hides nothing."""
    Path(".env").write_text(
        "WYCH_CLIENT_ID=file\nWYCH_API_KEY=k1\nWYCH_CLIENT_SECRET=same\nWYCH_APP_ID=7\n"
    )
    loaded = load_settings(
        environ={
            "WYCH_CLIENT_ID": "shell",
            "WYCH_CLIENT_SECRET": "same",
            "WYCH_APP_ID": "",
            "WYCH_PARTNER_ID": "p",
        }
    )
    found = {each.name: (each.origin, each.shadowed, each.differs) for each in loaded.values}
    assert found["WYCH_CLIENT_ID"] == ("shell", ".env line 1", True)
    assert found["WYCH_CLIENT_SECRET"] == ("shell", ".env line 3", False)
    assert found["WYCH_API_KEY"] == (".env line 2", None, False)
    assert found["WYCH_APP_ID"] == (".env line 4", None, False)
    assert found["WYCH_PARTNER_ID"] == ("shell", None, False)
    assert (loaded.client_id, loaded.api_key, loaded.app_id) == ("shell", Secret("k1"), "7")


def test_the_processs_own_environment_is_the_shell(here, monkeypatch):
    """Without `environ`, the variables of this process count."""
    monkeypatch.setenv("WYCH_APP_ID", "from-the-process")
    assert load_settings().app_id == "from-the-process"


@pytest.mark.parametrize("stand", [".", "notebooks", "notebooks/deep"])
def test_the_file_is_found_upwards_to_the_root(here, monkeypatch, stand):
    """From a folder below, the project's .env is found; the nearest wins; nothing above the root is looked at."""
    (here.parent / ".env").write_text("WYCH_APP_ID=outside\n")
    monkeypatch.chdir(here / stand)
    assert env_path() == here / ".env"
    assert load_settings(environ={}).app_id is None
    (here / ".env").write_text("WYCH_APP_ID=root\n")
    assert load_settings(environ={}).app_id == "root"
    (Path.cwd() / ".env").write_text("WYCH_APP_ID=nearest\n")
    assert load_settings(environ={}).app_id == "nearest"


def test_without_a_root_the_search_ends_at_home(tmp_path, monkeypatch):
    """Outside of projects, home is the last folder looked into, and a new file belongs where one stands."""
    home = tmp_path / "home"
    (home / "a").mkdir(parents=True)
    (tmp_path / ".env").write_text("WYCH_APP_ID=above\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.chdir(home / "a")
    assert env_path() == home / "a" / ".env"
    (home / ".env").touch()
    assert env_path() == home / ".env"


def test_a_folder_named_env_is_passed_over(here, monkeypatch):
    """A virtual environment called .env is not taken for the file."""
    (here / "notebooks" / ".env").mkdir()
    (here / ".env").write_text("WYCH_APP_ID=7\n")
    monkeypatch.chdir(here / "notebooks")
    assert load_settings(environ={}).app_id == "7"


@pytest.mark.skipif(os.name != "posix", reason="Windows does not let a folder in use be deleted")
def test_a_deleted_folder_is_no_reason_to_fail(here, monkeypatch):
    """Standing in a folder that is gone, settings are the shell's and the defaults."""
    gone = here / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert load_settings(environ={"WYCH_APP_ID": "7"}).app_id == "7"
    monkeypatch.chdir(here)


def test_a_profile_is_a_file_and_maybe_an_environment(here):
    """`sandbox` reads .env.sandbox only, and makes the sandbox the default, so that no mock address slips in."""
    Path(".env").write_text("WYCH_CLIENT_ID=mock-recipient\n")
    Path(".env.sandbox").write_text("WYCH_APP_ID=7\n")
    loaded = load_settings("sandbox", environ={})
    assert (loaded.environment, loaded.app_id, loaded.client_id, loaded.issuer_url) == (
        SANDBOX,
        "7",
        None,
        None,
    )
    assert value(loaded, "WYCH_ENVIRONMENT").origin == "default (sandbox)"
    assert loaded.with_(app_id="8").environment is SANDBOX


@pytest.mark.parametrize(
    ("shell", "expected"),
    [
        ({}, [("WYCH_ENVIRONMENT", ".env.sandbox line 2", "environment-mismatch")]),
        (
            {"WYCH_ENVIRONMENT": "production"},
            [("WYCH_ENVIRONMENT", "shell", "environment-mismatch")],
        ),
        ({"WYCH_ENVIRONMENT": "sandbox"}, []),
    ],
)
def test_a_profile_that_means_another_environment_is_told(here, shell, expected):
    """A file copied for the sandbox whose environment was forgotten does not pass for it; a name of one's own means nothing."""
    Path(".env.sandbox").write_text("WYCH_APP_ID=7\nWYCH_ENVIRONMENT=mock\n")
    Path(".env.ours").write_text("WYCH_ENVIRONMENT=mock\n")
    assert facts(load_settings("sandbox", environ=shell).problems()) == expected
    assert load_settings("ours", environ={}).problems() == ()


def test_a_profile_without_a_file_is_said_first(here):
    """A mistyped profile is the reason given for what is missing, and for nothing else."""
    loaded = load_settings("sandbx", environ={"WYCH_APP_ID": "7"})
    loaded.require("WYCH_APP_ID")
    with pytest.raises(SettingInvalid, match=r"^\.env\.sandbx ") as refusal:
        loaded.require("WYCH_API_KEY")
    assert refusal.value.reference == "env-file-missing"


def test_a_profile_is_no_path(here):
    """A profile with a slash reads nothing and says so."""
    problem, *_ = load_settings("../x", environ={}).problems()
    assert (problem.name, problem.reference) == ("profile", "env-file-missing")


def test_production_has_the_published_addresses(here):
    """WYCH_ENVIRONMENT alone decides the addresses; the portal's is not public, so it is missing."""
    loaded = load_settings(environ={"WYCH_ENVIRONMENT": "production"})
    assert (loaded.environment, loaded.issuer_url, loaded.api_url) == (
        PRODUCTION,
        PRODUCTION.issuer_url,
        PRODUCTION.api_url,
    )
    assert observed(loaded.problems("WYCH_ISSUER_URL", "WYCH_PORTAL_URL")) == [
        "WYCH_PORTAL_URL is not set"
    ]


def test_an_unknown_environment_has_no_addresses(here):
    """A mistyped environment is not quietly the mock: no address, and the reason comes before what it leaves missing."""
    loaded = load_settings(environ={"WYCH_ENVIRONMENT": "produktion"})
    assert (loaded.environment.name, loaded.issuer_url) == ("produktion", None)
    environment, issuer = loaded.problems("WYCH_ISSUER_URL")
    assert "did you mean production?" in str(environment)
    assert (issuer.name, issuer.reference) == ("WYCH_ISSUER_URL", "setting-missing")


def test_loading_never_fails_and_judging_tells_all(here):
    """Every wrong value is loaded as it is and reported with its origin, in the order of the settings."""
    Path(".env").write_text("WYCH_ISSUER_URL=http://login.example.com/\nWYCH_TOKEN_CACHE=tape\n")
    loaded = load_settings(environ={"WYCH_API_KEY": "k1\n", "WYCH_HOME": "kit"})
    assert (loaded.issuer_url, loaded.token_cache, loaded.home) == (
        "http://login.example.com/",
        "memory",
        Path("kit"),
    )
    assert [(problem.name, problem.origin, problem.reference) for problem in loaded.problems()] == [
        ("WYCH_ISSUER_URL", ".env line 1", "not-https"),
        ("WYCH_API_KEY", "shell", "stray-whitespace"),
        ("WYCH_TOKEN_CACHE", ".env line 2", "setting-invalid"),
        ("WYCH_HOME", "shell", "setting-invalid"),
    ]
    assert [problem.name for problem in loaded.problems("WYCH_CLIENT_ID", "WYCH_API_KEY")] == [
        "WYCH_CLIENT_ID",
        "WYCH_API_KEY",
    ]


def test_require_raises_the_first_problem_of_those_named(here):
    """Missing or invalid, the first of the names asked for, with the caller's stage; what was not asked for is no matter."""
    loaded = load_settings(
        environ={"WYCH_CLIENT_ID": "a b", "WYCH_APP_ID": "7", "WYCH_HOME": "kit"}
    )
    loaded.require("WYCH_APP_ID", "WYCH_ISSUER_URL")
    with pytest.raises(SettingMissing) as missing:
        loaded.require("WYCH_API_KEY", "WYCH_CLIENT_ID", stage="token")
    assert (missing.value.name, missing.value.stage) == ("WYCH_API_KEY", "token")
    with pytest.raises(SettingInvalid) as invalid:
        loaded.require("WYCH_CLIENT_ID", "WYCH_API_KEY", stage="call")
    assert (invalid.value.name, invalid.value.stage, invalid.value.reference) == (
        "WYCH_CLIENT_ID",
        "call",
        "stray-whitespace",
    )
    with pytest.raises(KeyError):
        loaded.require("WYCH_CLIENTID")


def test_a_file_that_cannot_be_read_is_the_first_reason(here):
    """UTF-16 in .env: nothing is read, nothing fails, and a missing setting is blamed on the file with the caller's stage."""
    Path(".env").write_bytes("WYCH_API_KEY=k1\n".encode("utf-16"))
    loaded = load_settings(environ={})
    assert loaded.api_key is None
    with pytest.raises(SettingInvalid, match=r"UTF-16") as refusal:
        loaded.require("WYCH_API_KEY", stage="call")
    assert refusal.value.stage == "call"


def test_a_mistyped_name_is_recognised(here):
    """A WYCH_ name in the file that is no setting is reported, with the one it resembles, before what is missing for it."""
    Path(".env").write_text("WYCH_CLIENTID=x\nwych_api_key=y\nWYCH_QQQQQQQ=z\nOTHER=fine\n")
    loaded = load_settings(environ={})
    problems = loaded.problems()
    assert facts(problems) == [
        ("WYCH_CLIENTID", ".env line 1", "unknown-setting"),
        ("wych_api_key", ".env line 2", "unknown-setting"),
        ("WYCH_QQQQQQQ", ".env line 3", "unknown-setting"),
    ]
    assert "did you mean WYCH_CLIENT_ID?" in str(problems[0])
    assert "did you mean WYCH_API_KEY?" in str(problems[1])
    assert "did you mean" not in str(problems[2])
    with pytest.raises(SettingInvalid, match="did you mean WYCH_CLIENT_ID"):
        loaded.require("WYCH_CLIENT_ID")


def test_a_byte_order_mark_is_shown_but_stops_nothing(here):
    """What hides the first line from others is reported without names; we read it, so nothing required is refused."""
    Path(".env").write_bytes("\ufeffWYCH_APP_ID=7\n".encode())
    loaded = load_settings(environ={})
    loaded.require("WYCH_APP_ID")
    assert [problem.reference for problem in loaded.problems()] == ["env-file-bom"]
    assert observed(loaded.problems("WYCH_API_KEY")) == ["WYCH_API_KEY is not set"]


def test_values_are_judged_beside_each_other(here):
    """A mixture of environments and swapped credentials show in problems(), with the origin of the value named."""
    loaded = load_settings(
        environ={
            "WYCH_ISSUER_URL": "https://login.wych.app/realms/partner",
            "WYCH_CLIENT_ID": "k",
            "WYCH_API_KEY": "k",
        }
    )
    assert facts(loaded.problems()) == [
        ("WYCH_ISSUER_URL", "shell", "environment-mismatch"),
        ("WYCH_API_KEY", "shell", "swapped-credentials"),
    ]


def test_one_reason_for_each_setting(here):
    """When several things are wrong with a value, its own fault is told before a clash with others, and the worst clash first."""
    loaded = load_settings(
        environ={
            "WYCH_ENVIRONMENT": "production",
            "WYCH_CLIENT_ID": "mock-recipient",
            "WYCH_API_KEY": "mock-recipient",
        }
    )
    assert facts(loaded.problems()) == [
        ("WYCH_CLIENT_ID", "shell", "environment-mismatch"),
        ("WYCH_API_KEY", "shell", "environment-mismatch"),
    ]
    assert [
        problem.reference
        for problem in loaded.with_(api_key="mock-recipient\n").problems("WYCH_API_KEY")
    ] == ["stray-whitespace"]


def test_with_gives_a_copy_and_leaves_the_first(here, tmp_path):
    """Values given by the program win, are marked so, and move the defaults; the settings they came from stay."""
    first = load_settings(environ={"WYCH_APP_ID": "7", "WYCH_API_URL": "https://kept.example/v3"})
    second = first.with_(environment=PRODUCTION, client_secret="s", home=tmp_path, app_id=None)
    assert second.environment is PRODUCTION
    assert second.issuer_url == PRODUCTION.issuer_url
    assert second.api_url == "https://kept.example/v3"
    assert (second.client_secret, second.home, second.app_id) == (Secret("s"), tmp_path, None)
    assert value(second, "WYCH_CLIENT_SECRET").origin == "given"
    assert value(second, "WYCH_ISSUER_URL").origin == "default (production)"
    assert (first.environment, first.client_secret, first.app_id) == (MOCK, None, "7")
    assert second.with_(environment="mock").issuer_url == MOCK.issuer_url
    with pytest.raises(
        TypeError, match=re.escape("there is no setting clientid (did you mean client_id?)")
    ):
        first.with_(clientid="x")


def test_settings_and_environments_cannot_be_changed(here):
    """Both are frozen, as is the list of environments; copies are equal."""
    loaded = load_settings(environ={"WYCH_API_KEY": CANARY})
    with pytest.raises(dataclasses.FrozenInstanceError):
        loaded.app_id = "8"
    with pytest.raises(dataclasses.FrozenInstanceError):
        MOCK.issuer_url = "x"
    with pytest.raises(TypeError):
        ENVIRONMENTS["other"] = MOCK
    assert copy.deepcopy(loaded) == loaded
    assert hash(copy.copy(loaded)) == hash(loaded)
    assert all(isinstance(each, Environment) and each.note for each in ENVIRONMENTS.values())


def test_no_rendering_of_settings_shows_a_secret(here):
    """repr, asdict and problems of settings that hold secrets from the shell and the file show none; pickle refuses."""
    Path(".env").write_text(f"WYCH_API_KEY='{CANARY} '\nWYCH_CLIENTSECRET={CANARY}\n")
    loaded = load_settings(environ={"WYCH_CLIENT_SECRET": f"{CANARY}\n"})
    shown = [
        repr(loaded),
        repr(loaded.values),
        repr(loaded.file),
        repr(dataclasses.asdict(loaded)),
        repr(loaded.problems()),
    ]
    assert len(loaded.problems()) == 3
    assert [each for each in shown if CANARY in each] == []
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(loaded)


texts = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(
    st.dictionaries(
        st.sampled_from([name for name in NAMES if name != "WYCH_HOME"]), texts.filter(bool)
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_saved_is_what_is_loaded(tmp_path, given_values):
    """Any values saved to a file are found there when it is loaded, secrets as Secret, and judging them never fails."""
    path = tmp_path / ".env"
    path.unlink(missing_ok=True)
    assert save_settings(given_values, path) == path.resolve()
    loaded = load_settings(path=path, environ={})
    found = {each.name: each.text for each in loaded.values if each.origin.startswith(".env")}
    assert found == {
        name: Secret(text) if name in SECRET_NAMES else text for name, text in given_values.items()
    }
    for problem in loaded.problems():
        assert problem.name in given_values or problem.reference == "environment-mismatch"


def test_every_setting_is_an_attribute():
    """Settings have the variables' names in lower case without the prefix, and no others but `values` and `file`."""
    fields = {field.name for field in dataclasses.fields(Settings)}
    assert fields == {name.removeprefix("WYCH_").lower() for name in NAMES} | {"values", "file"}


def test_the_example_has_every_setting_explained_and_works_on_the_mock():
    """`.env.example` loads without a problem, has every setting once, after a comment, and the mock's own credentials."""
    loaded = load_settings(path=EXAMPLE, environ={})
    assert loaded.problems() == ()
    assert [line.name for line in loaded.file.lines] == sorted(
        NAMES, key=[line.name for line in loaded.file.lines].index
    )
    assert {line.name for line in loaded.file.lines} == set(NAMES)
    for block in EXAMPLE.read_text("utf-8").split("\n\n"):
        assert block.startswith("# ")
    assert (loaded.environment, loaded.issuer_url, loaded.api_url) == (
        MOCK,
        MOCK.issuer_url,
        MOCK.api_url,
    )
    assert (loaded.portal_url, loaded.connect_url) == (MOCK.portal_url, MOCK.connect_url)
    ours = {
        name: getattr(loaded, name)
        for name in ("client_id", "client_secret", "api_key", "partner_id", "app_id")
    }
    assert ours == {
        name: (
            Secret(getattr(READY_MADE, name))
            if f"WYCH_{name.upper()}" in SECRET_NAMES
            else getattr(READY_MADE, name)
        )
        for name in ours
    }


def test_importing_settings_is_cheap():
    """Nothing that speaks, draws, or reads files is imported with the settings."""
    code = "import sys, wych_kit.settings.loading; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert {
        "httpx",
        "rich",
        "dotenv",
        "platformdirs",
        "filelock",
        "subprocess",
        "difflib",
        "asyncio",
    }.isdisjoint(loaded)
    assert module.__name__ in loaded
