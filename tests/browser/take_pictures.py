"""The pictures in docs/images: `python -m tests.browser.take_pictures`, after a change that shows. Look at each afterwards."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from tests.browser.lab import Sheet, chromium, jupyter, project
from wych_kit import mock

IMAGES = Path(__file__).parents[2] / "docs" / "images"


def main(folder: Path) -> None:
    """Go through the tour, and picture its form, its end, and the middle of it in the dark theme."""
    place = Path(tempfile.mkdtemp(prefix="wych-pictures-"))
    with mock.running(seed=1, ephemeral=True) as wych, jupyter(place) as lab, chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 2400}, locale="en-GB")
        sheet = Sheet(page, lab, project(lab.root / "pictures", wych))
        sheet.open()
        sheet.run()
        sheet.fill("First name", "Ada")
        sheet.fill("Email", "ada")
        sheet.beside("Email").get_by_role("alert").wait_for()
        shot(sheet, folder / "tour.png")
        sheet.field("Email").fill("")
        sheet.fill("Email", "ada@example.com")
        sheet.button("Register").click()
        sheet.done(1)
        sheet.theme("JupyterLab Dark")
        shot(sheet, folder / "dark.png")
        sheet.theme("JupyterLab Light")
        for number, title in enumerate(("Discover", "Get a token", "First call"), 2):
            sheet.button(title).click()
            sheet.done(number)
        sheet.form.locator(".wych-wire").last.locator("summary").first.click()
        shot(sheet, folder / "result.png")
    shutil.rmtree(place)


def shot(sheet: Sheet, path: Path) -> None:
    """The form as it is now."""
    sheet.form.screenshot(path=path)
    print(f"{path.name}: {path.stat().st_size / 1024:.0f} kB")  # noqa: T201 - for whoever waits


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)
