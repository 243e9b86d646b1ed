"""Takes the pictures that README.md shows, of the demo's report: `make screenshots`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "reports" / "screenshots"
SIGNAL = "#contributors"


def main() -> None:
    trends = Path(sys.executable).parent / "trends"
    night = subprocess.run([trends, "nightly", "--replay"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    report = Path(night.stdout.splitlines()[-1]).resolve()
    PICTURES.mkdir(exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            view = {"viewport": {"width": 1200, "height": 1400}, "color_scheme": scheme}
            with browser.new_context(**view) as context:
                page = context.new_page()
                page.goto(report.as_uri(), wait_until="load")
                page.wait_for_timeout(1000)  # the charts draw themselves after the page has loaded
                page.screenshot(path=PICTURES / f"report-{scheme}.png")
                top = page.evaluate(f"document.querySelector('{SIGNAL}').getBoundingClientRect().top")
                part = {"x": 0, "y": top, "width": 1200, "height": 1180}
                page.screenshot(path=PICTURES / f"signal-{scheme}.png", full_page=True, clip=part)
        browser.close()
    print(*sorted(PICTURES.iterdir()), sep="\n")  # noqa: T201 - what a person who runs this wants to know


if __name__ == "__main__":
    main()
