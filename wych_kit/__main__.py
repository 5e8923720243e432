"""Runs the `wych-kit` command for `python -m wych_kit`."""

import sys

from wych_kit.terminal.cli import main

if __name__ == "__main__":
    sys.exit(main())
