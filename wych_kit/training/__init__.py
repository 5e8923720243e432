"""Break-and-fix exercises: a person finds one defect and repairs it. Prints nothing.

exercises         what can be broken, how long it takes, where to look
attempt           one exercise in progress: hints, edits, the solution
exercise_setup    a working project, shell and mock, ready to be broken
exercise_folder   the folder of an exercise
defects/          every way to break a set-up
edits             changes to a line of `.env` or to `request.sh`
request_script    `request.sh`, read and sent to the exercise's mock
detection         what each way of looking reports as the defect
scores            the exercises that a person has solved
answer_key        all exercises and answers, for a facilitator
"""

from __future__ import annotations

from wych_kit.training.attempt import AttemptResult, ExerciseAttempt
from wych_kit.training.exercise_folder import FOLDER
from wych_kit.training.exercises import EXERCISES, Exercise
from wych_kit.training.scores import Result, Scores

__all__ = [
    "EXERCISES",
    "FOLDER",
    "AttemptResult",
    "Exercise",
    "ExerciseAttempt",
    "Result",
    "Scores",
]
