"""Print the page docs/troubleshooting.md: `python -m wych_kit.diagnosis.scenarios`."""

from __future__ import annotations

import sys

from wych_kit.diagnosis.scenarios.documentation import render_page

if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr] # nothing has replaced it here
    sys.stdout.write(render_page())
