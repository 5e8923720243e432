"""`wych-kit drill`: an exercise in a terminal. Decides nothing: wych_kit.training does.

command    what the command does, and its exit status
prompt     what can be typed while an exercise is under way
"""

from __future__ import annotations

from wych_kit.terminal.commands.drill import drill, listing, page, results

__all__ = ["drill", "listing", "page", "results"]
