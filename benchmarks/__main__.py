"""`python benchmarks [NAME…]`: measures, and prints one table. Slow is not wrong here: the exit status is 1 only for what broke."""

from __future__ import annotations

import subprocess
import sys
import time
from importlib import import_module

from measure import Row

NAMES = (
    "calls",
    "diagnosing",
    "confusion",
    "sharing",
    "mock_server",
    "startup",
    "journey",
    "connectivity",
    "notebooks",
    "browser",
)


def main(names: list[str]) -> int:
    """Run the named ones, or all. 2 for a name that is none of them."""
    if unknown := sorted(set(names) - set(NAMES)):
        print(
            f"no benchmark is called {', '.join(unknown)}; there are: {', '.join(NAMES)}",
            file=sys.stderr,
        )
        return 2
    began, status = time.monotonic(), 0
    show(Row("", "ours", "target", "others, same run"))
    for name in names or NAMES:
        print(f"\n{name}", flush=True)
        try:
            for row in import_module(name).rows():
                show(row)
        except (subprocess.SubprocessError, OSError, RuntimeError, ValueError) as failure:
            print(
                f"  could not be measured: {failure}\n{said_by(failure)}",
                file=sys.stderr,
                flush=True,
            )
            status = 1
    print(f"\n{time.monotonic() - began:.0f} s. Ratios are medians of interleaved runs.")
    return status


def said_by(failure: BaseException) -> str:
    """The end of what a child that failed wrote about it."""
    text = getattr(failure, "stderr", None) or b""
    return (text if isinstance(text, str) else text.decode(errors="replace"))[-2000:]


def show(row: Row) -> None:
    """Print a row as soon as it is there."""
    print(f"{row.what:<60}{row.ours:<22}{row.target:<12}{row.others}".rstrip(), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
