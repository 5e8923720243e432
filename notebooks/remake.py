"""Run the notebooks on the mock and store what they show: `make notebooks`. Two runs give the same files."""

from __future__ import annotations

import re
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from conftest import HERE, surroundings
from nbclient import NotebookClient

from wych_kit import mock
from wych_kit.settings.environments import MOCK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wych_kit.mock import Mock

WIDGET = "application/vnd.jupyter.widget-view+json"
_DAY = date(2026, 11, 26)
# Else each kernel warns about TCP, although its ports are on this machine only.
QUIET = ["--IPKernelApp.log_level=ERROR"]
USUAL = str(MOCK.issuer_url).split("/")[2]


def remake(path: Path, wych: Mock) -> bool:
    """Run one notebook and store it. Return True if the file changed."""
    before = path.read_text("utf-8")
    notebook = nbformat.reads(before, 4)
    with surroundings(wych):
        NotebookClient(
            notebook,
            kernel_name="python3",
            record_timing=False,
            resources={"metadata": {"path": str(path.parent)}},
            extra_arguments=QUIET,
        ).execute()
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for output in (output for cell in notebook.cells for output in cell.get("outputs", ())):
        # Without its kernel a stored widget shows an error. Without the widget the table is shown.
        output.get("data", {}).pop(WIDGET, None)
    after = _stored(notebook)
    path.write_text(after, "utf-8")
    return after != before


def _stored(notebook: Any) -> str:
    """Return the file's text without what differs between two runs: ports, dates, request ids."""
    text = re.sub(r"127\.0\.0\.1:(?!9925\b)\d+\b", USUAL, nbformat.writes(notebook))
    text = re.sub(
        r"\b20\d\d-\d\d-\d\d\b",
        lambda match: str(date.fromisoformat(match[0]) + (_DAY - datetime.now(UTC).date())),
        text,
    )
    return re.sub(r"(x-amzn-requestid|x-amz-apigw-id): [\w=-]+", r"\1: …", text) + "\n"


def main(names: Sequence[str]) -> int:
    """Remake the notebooks with these names, or all."""
    chosen = [Path(name).resolve() for name in names] or sorted(
        [*HERE.glob("[0-9]*.ipynb"), *(HERE.parent / "tests" / "notebook").glob("*.ipynb")]
    )
    with mock.running(seed=1, ephemeral=True) as wych:
        for path in chosen:
            outcome = "remade" if remake(path, wych) else "as it was"
            print(f"{path.name}: {outcome}")  # noqa: T201 - for whoever waits
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
