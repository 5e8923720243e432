"""Plays every return that a customer's browser may bring at a person's own handler, and says what it made of each.

    for played in rehearse("https://staging.example/callback"):     → Played(scene, answers, verdict), one by one
        print(played.scene.name, played.verdict.judgement, played.verdict.seen)

`SCENES` is what is played, each with its basis. Everything is made up and nothing of it is secret. What is judged is what shows from
outside: whether a handler asks the API before it believes ACTIVE does not.
"""

from __future__ import annotations

from wych_kit.callback.rehearsal.assessment import Verdict
from wych_kit.callback.rehearsal.cases import SCENES, Scene, Visit
from wych_kit.callback.rehearsal.runner import Played, rehearse

__all__ = ["SCENES", "Played", "Scene", "Verdict", "Visit", "rehearse"]
