"""Print the page docs/facilitators-key.md: `python -m wych_kit.training`."""

from __future__ import annotations

import sys

from wych_kit.training.answer_key import render_answer_key

if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr] # nothing has replaced it here
    sys.stdout.write(render_answer_key())
