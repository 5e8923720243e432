"""Break and fix, the engine: every exercise can be begun, hinted, tried in vain, put right and scored."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ADDRESSES, CREDENTIALS
from wych_kit.client import backoff, http_request
from wych_kit.diagnosis.connectivity import check
from wych_kit.diagnosis.scenarios import SCENARIOS
from wych_kit.diagnosis.scenarios.documentation import render_page
from wych_kit.errors import SettingInvalid
from wych_kit.secret import Secret
from wych_kit.training import EXERCISES, ExerciseAttempt, Result, Scores
from wych_kit.training.answer_key import describe_exercise, render_answer_key
from wych_kit.training.defects import requests

pytestmark = pytest.mark.slow


ROOT = Path(__file__).parents[2]
POSSIBLE = [name for name, each in EXERCISES.items() if not each.defect.impossible_because]
WRONG = "consent-pending"


@pytest.fixture(autouse=True)
def _impatient(project, monkeypatch):
    """Nobody waits for what will not come, and nothing of this machine's settings counts."""
    monkeypatch.setattr(check, "CHECK_SECONDS", 0.9)
    monkeypatch.setattr(http_request, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(backoff, "ATTEMPTS", 1)


@pytest.fixture
def begin(tmp_path):
    """Begins exercises, each when the one before it has ended, and ends the last."""
    begun = []

    def make(reference=None, **options):
        for drill in begun:
            drill.close()
        begun.append(
            ExerciseAttempt.begin(
                reference,
                tmp_path / "wych-drill",
                scores=Scores(tmp_path / "scores.json"),
                **options,
            )
        )
        return begun[-1]

    yield make
    for drill in begun:
        drill.close()


def repair(drill, exercise):
    """What a person does once the cause is known: take the values that Wych shows, write the request right, or name it."""
    setup = drill.setup
    if exercise.is_named_only:
        return drill.answer(exercise.reference)
    if exercise.is_hand_written:
        if exercise.scenario.stage == "token":
            requests.token(setup, requests.GRANT, requests.CLIENT, requests.SECRET)
        elif exercise.reference == "request-too-large":
            drill.replace("@export.json", '\'{"email": "kim@example.com"}\'')
        else:
            requests.call(setup)
        return drill.verify()
    for name in [name for name, _ in drill.variables() if name != "SSL_CERT_FILE"]:
        drill.export(name, None)
    if exercise.reference == "unknown-setting":
        drill.edit("WYCH_CLIENT_SECERT", Secret(""))
    for name in ("environment", *ADDRESSES, *CREDENTIALS):
        drill.copy(name)
    return drill.verify()


def test_every_scenario_is_an_exercise():
    """Each scenario that is no condition of the kit itself can be practised, and is in the facilitator's key and on the page."""
    wanted = [name for name, each in SCENARIOS.items() if each.made_by != "kit"]
    assert list(EXERCISES) == wanted, "no way to break it: wych_kit/breaking/"
    for text in (render_answer_key(), render_page()):
        assert [
            name
            for name in wanted
            if text.count(f"\n### {name}\n") != 1 or text.count(f"(#{name})") != 1
        ] == []


def test_the_committed_pages_have_every_exercise():
    """docs/facilitators-key.md is what `python -m wych_kit.training` prints; `make docs` makes it anew."""
    printed = subprocess.run(
        [sys.executable, "-m", "wych_kit.training"],
        check=True,
        capture_output=True,
        timeout=60,
        cwd=ROOT,
    )
    assert printed.stdout == (ROOT / "docs" / "facilitators-key.md").read_bytes(), "run: make docs"
    troubleshooting = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")
    assert [name for name in EXERCISES if f"### {name}\n" not in troubleshooting] == []


@pytest.mark.parametrize("reference", EXERCISES)
def test_the_key_says_all_of_an_exercise(reference):
    """Minutes, what is broken and where, how it shows, how it is found and repaired."""
    exercise = EXERCISES[reference]
    rows = describe_exercise(exercise)
    assert all(label and text for label, text in rows)
    page = "\n".join(text for _, text in rows)
    scenario = SCENARIOS[reference]
    for text in (
        str(exercise.minutes),
        scenario.symptom,
        scenario.cause,
        exercise.look,
        scenario.fix,
    ):
        assert text in page


@pytest.mark.parametrize("reference", POSSIBLE)
def test_an_exercise_from_begin_to_solved(begin, reference):
    """It is not solved while it is broken, three hints tell more and more, and its repair solves it."""
    drill = begin(reference)
    exercise = EXERCISES[reference]
    before = drill.verify()
    assert not before.solved
    assert before.seen
    hints = [drill.hint() for _ in range(4)]
    assert hints[2] == hints[3], "there are three"
    assert exercise.look in hints[0]
    assert exercise.scenario.symptom in hints[1]
    assert exercise.scenario.cause in hints[2]
    wrong = drill.answer(WRONG if reference != WRONG else "throttled")
    assert not wrong.solved
    assert not drill.is_over
    after = repair(drill, exercise)
    assert after.solved, after.seen
    assert drill.is_over
    assert drill.result.points == 0


def test_a_wrong_name_is_told_by_what_would_be_different(begin):
    """The symptom of what was named stands beside what is seen, and the real name is not told."""
    drill = begin("throttled")
    found = drill.answer("quota-spent")
    assert SCENARIOS["quota-spent"].symptom in found.seen
    assert "429" in found.next
    assert "throttled" not in found.seen + found.next


def test_a_right_name_is_no_repair(begin):
    """What one can put right at one's own end has to be put right."""
    drill = begin("wrong-client-secret")
    assert not drill.answer("wrong-client-secret").solved
    drill.copy("WYCH_CLIENT_SECRET")
    assert drill.verify().solved


def test_a_word_that_is_no_reference_is_helped(begin):
    """A slip is told apart from a wrong guess."""
    with pytest.raises(SettingInvalid, match="did you mean throttled"):
        begin("throttled").answer("trottled")
    with pytest.raises(SettingInvalid, match="did you mean throttled"):
        begin("trottled")


def test_what_this_machine_cannot_make_is_said(begin):
    """An exercise that needs another machine is refused with the reason, and no mystery is one."""
    with pytest.raises(SettingInvalid, match="::1"):
        begin("ipv6-localhost")


def test_points_are_three_less_the_hints(begin):
    """Three for nobody's help, two after one hint, none when the answer was shown."""
    for hints in (0, 1):
        drill = begin("wrong-client-secret")
        for _ in range(hints):
            drill.hint()
        drill.write(client_secret=drill.setup.wych.credentials.client_secret)
        assert drill.verify().solved
        assert drill.result.points == 3 - hints
    drill = begin("wrong-client-secret")
    assert "wrong-client-secret" in drill.give_up()
    assert drill.result.points == 0


def test_scores_are_private_and_hold_no_more_than_the_result(begin, tmp_path):
    """Only the user can read the file; in it are reference, time, seconds, hints and points."""
    ticks = iter([10.0, 52.5])
    drill = begin("throttled", clock=lambda: next(ticks))
    drill.hint()
    drill.answer("throttled")
    path = tmp_path / "scores.json"
    (kept,) = json.loads(path.read_text())
    assert kept.pop("when").endswith("+00:00")
    assert kept == {"reference": "throttled", "seconds": 42.5, "hints": 1, "points": 2}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_best_is_by_points_then_by_time(tmp_path):
    """More points count first, then fewer seconds; what cannot be read is passed over."""
    scores = Scores(tmp_path / "scores.json")
    for seconds, points in ((9.0, 1), (30.0, 3), (20.0, 3), (5.0, 2)):
        scores.add(Result("throttled", "2026-01-01T00:00:00+00:00", seconds, 0, points))
    assert scores.best()["throttled"].seconds == 20.0
    scores.path.write_text('[{"reference": "throttled"}, 3]')
    assert scores.results() == []
    scores.path.write_text("{")
    assert scores.best() == {}


def test_a_mystery_says_nothing_before_it_is_over(begin):
    """Neither the object, nor its words, nor any file of its folder has the reference; the same seed gives the same again."""
    chosen = []
    for _ in range(2):
        drill = begin(seed=5)
        verdict = drill.verify()
        told = [
            repr(drill),
            str(drill.reference),
            str(drill.minutes),
            drill.situation,
            verdict.seen,
            verdict.next,
            drill.hint(),
        ]
        files = [path for path in drill.setup.folder.rglob("*") if path.is_file()]
        told += [str(path) for path in files] + [
            path.read_text("utf-8", "replace") for path in files
        ]
        drill.give_up()
        chosen.append(drill.reference)
        assert drill.reference in EXERCISES
        assert "-" in drill.reference, "a plain word would be found anywhere"
        assert [text for text in told if drill.reference in text] == []
    assert chosen[0] == chosen[1]


def test_a_reference_can_be_a_mystery_too(begin):
    """Whoever leads the exercise may choose, and it is still not told."""
    drill = begin("wrong-client-secret", mystery=True)
    assert drill.reference is None
    assert drill.minutes is None
    drill.copy("WYCH_CLIENT_SECRET")
    drill.verify()
    assert drill.reference == "wrong-client-secret"


def test_a_folder_of_somebody_else_is_left_alone(begin, tmp_path):
    """A folder that no exercise made is refused and kept; an exercise's own is made anew, and goes when it ends."""
    folder = tmp_path / "wych-drill"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    with pytest.raises(SettingInvalid, match="not an exercise"):
        begin("throttled")
    assert (folder / "mine.txt").read_text() == "mine"
    (folder / "mine.txt").unlink()
    drill = begin("throttled")
    shutil.copytree(folder, tmp_path / "as it was")
    drill.close()
    assert not folder.exists()
    (tmp_path / "as it was").rename(folder)
    (folder / "notes.txt").write_text("of an exercise whose program was killed")
    begin("wrong-realm")
    assert not (folder / "notes.txt").exists()


def test_two_exercises_do_not_share_a_folder(begin, tmp_path):
    """While one is under way another is refused there, and nothing of the first is touched."""
    drill = begin("wrong-client-secret")
    with pytest.raises(SettingInvalid, match="in progress"):
        ExerciseAttempt.begin("throttled", tmp_path / "wych-drill")
    drill.copy("client_secret")
    assert drill.verify().solved


def test_a_link_is_not_followed(begin, tmp_path):
    """What stands under the folder's name and leads elsewhere is nobody's to empty."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "wych-drill").symlink_to(elsewhere)
    with pytest.raises(SettingInvalid, match="not an exercise"):
        begin("throttled")
    assert list(elsewhere.iterdir()) == []


def test_a_request_goes_to_the_exercise_only(begin, tmp_path):
    """A request to another host is not sent, and no file of another folder is read for it."""
    drill = begin("api-key-missing")
    requests.call(drill.setup, address="https://api.elsewhere.example/v3")
    assert "was not sent: it goes to api.elsewhere.example" in drill.verify().seen
    (tmp_path / "outside.json").write_text('{"email": "kim@example.com"}')
    path = "/partner/{partner_id}/app/{app_id}/user"
    requests.call(
        drill.setup, requests.BEARER, requests.KEY, "--data-binary @../outside.json", path=path
    )
    assert "another folder" in drill.verify().seen
    drill.setup.request.unlink()
    assert "no request.sh" in drill.verify().seen


def test_another_request_does_not_count(begin):
    """A token request in the place of a call is answered and solves nothing."""
    drill = begin("api-key-missing")
    requests.token(drill.setup, requests.GRANT, requests.CLIENT, requests.SECRET)
    found = drill.verify()
    assert not found.solved
    assert "a different request" in found.seen


def test_lines_are_edited_as_an_editor_would(begin):
    """A line is replaced in its place, added, taken out; a byte order mark and CRs go; quotes are put where they are needed."""
    drill = begin("env-file-bom")
    assert "saved as UTF-8" in drill.edit("WYCH_APP_ID", Secret("an id's"))
    assert drill.setup.settings().app_id == "an id's"
    assert drill.edit("WYCH_APP_ID", Secret("")).endswith("WYCH_APP_ID is removed.")
    assert drill.edit("WYCH_APP_ID", Secret("")).endswith("there was no WYCH_APP_ID.")
    with pytest.raises(SettingInvalid, match="not a valid name"):
        drill.edit("A B", Secret("x"))
    with pytest.raises(
        SettingInvalid, match=r"client_secert is not a setting .did you mean client_secret"
    ):
        drill.write(client_secert="x")
    with pytest.raises(SettingInvalid, match="is not shown by Wych"):
        drill.copy("WYCH_HOME")
