"""Break and fix: one thing is broken in a set-up of its own, and a person finds it and puts it right. Prints nothing.

exercise    what can be broken, how long it takes, and with what one looks at it
playing     one exercise under way: hints, repairs, the answer, the verdict
repairs     lines of `.env` and words of `request.sh`, changed
sending     `request.sh`, really sent to the exercise's own mock
place       the folder in which it happens
scores      what a person has solved
key         all of it on a page, for whoever leads the exercise
"""

from __future__ import annotations

from wych_kit.training.attempt import Drill, Verdict
from wych_kit.training.exercise_folder import FOLDER
from wych_kit.training.exercises import EXERCISES, Exercise
from wych_kit.training.scores import Result, Scores

__all__ = ["EXERCISES", "FOLDER", "Drill", "Exercise", "Result", "Scores", "Verdict"]
