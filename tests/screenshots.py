"""Takes the pictures that README.md shows, of the demo's report: `make screenshots`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "reports" / "screenshots"
VIEWS = {
    "report-light.png": {"viewport": {"width": 1200, "height": 1500}, "color_scheme": "light"},
    "report-dark.png": {"viewport": {"width": 1200, "height": 1500}, "color_scheme": "dark"},
    "report-phone.png": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"},
}


def main() -> None:
    trends = Path(sys.executable).parent / "trends"
    night = subprocess.run([trends, "nightly", "--replay"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    report = Path(night.stdout.splitlines()[-1]).resolve()
    PICTURES.mkdir(exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, view in VIEWS.items():
            with browser.new_context(**view) as context:
                page = context.new_page()
                page.goto(report.as_uri(), wait_until="load")
                page.wait_for_timeout(1000)  # the charts draw themselves after the page has loaded
                page.screenshot(path=PICTURES / name)
                print(PICTURES / name)  # noqa: T201 - what a person who runs this wants to know
        browser.close()


if __name__ == "__main__":
    main()
