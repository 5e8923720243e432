"""`python -m wych_kit.diagnosis.scenarios`: prints the page docs/troubleshooting.md."""

from __future__ import annotations

import sys

from wych_kit.diagnosis.scenarios.documentation import page

if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr] # nothing has replaced it here
    sys.stdout.write(page())
