"""Takes the pictures in docs/images: `python -m tests.browser.take_pictures [FOLDER]`.

Run it after a change that people see, and look at each picture afterwards.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.browser.lab import Sheet, chromium, jupyter, project
from wych_kit import mock

if TYPE_CHECKING:
    from playwright.sync_api import Locator

IMAGES = Path(__file__).parents[2] / "docs" / "images"


def main(folder: Path) -> None:
    """Picture the tour with an invalid field, in the dark theme after one step, and at its end."""
    folder.mkdir(exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix="wych-pictures-"))
    with mock.running(seed=1, ephemeral=True) as wych, jupyter(place) as lab, chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 2400}, locale="en-GB")
        sheet = Sheet(page, lab, project(lab.root / "pictures", wych))
        sheet.open()
        sheet.run()
        sheet.fill("First name", "Ada")
        sheet.fill("Email", "ada")
        sheet.beside("Email").get_by_role("alert").wait_for()
        take_picture(sheet.form, folder / "tour.png")
        sheet.field("Email").fill("")
        sheet.fill("Email", "ada@example.com")
        sheet.button("Register").click()
        sheet.done(1)
        sheet.theme("JupyterLab Dark")
        take_picture(sheet.form, folder / "dark.png")
        sheet.theme("JupyterLab Light")
        for number, title in enumerate(("Discover", "Get a token", "First call"), 2):
            sheet.button(title).click()
            sheet.done(number)
        last = sheet.form.locator(".wych-step").last
        last.locator("details").evaluate_all("all => all.forEach(part => { part.open = true })")
        take_picture(last, folder / "result.png")
    shutil.rmtree(place)


def take_picture(part: Locator, path: Path) -> None:
    """Take a picture of a part of the page."""
    part.screenshot(path=path)
    print(f"{path.name}: {path.stat().st_size / 1024:.0f} kB")  # noqa: T201 - for whoever waits


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)
