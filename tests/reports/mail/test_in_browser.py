"""The mail as a mail program with Chromium inside shows it: wide and narrow, light and dark."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page

from reports.build import BuiltReport
from reports.mail.digest import attached_page, digest_of
from reports.mail.message import Envelope, message
from reports.mail.pictures import HEIGHT, WIDTH

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ReportOf = Callable[..., BuiltReport]
ENVELOPE = Envelope(
    "t@example.com", "Trends", "all", "weekly", "t@example.com", "a@example.com", datetime(2021, 6, 25, tzinfo=UTC), "s"
)
NEAR_WHITE, NEAR_BLACK = 200, 60


def page_of(built: BuiltReport) -> str:
    """The HTML of the message, each cid: replaced by the picture that the message holds under that id."""
    mail = message(digest_of(built, page=attached_page("page.html")), ENVELOPE, ())
    pictures = {
        part["Content-ID"].strip("<>"): base64.b64encode(part.get_content()).decode()
        for part in mail.walk()
        if part.get_content_type() == "image/png"
    }
    page: str = mail.get_body(("html",)).get_content()
    return re.sub(r'src="cid:([^"]+)"', lambda match: f'src="data:image/png;base64,{pictures[match[1]]}"', page)


@pytest.fixture(scope="module")
def pages(report_of: ReportOf, hostile: tuple[str, ...]) -> dict[str, str]:
    return {"plain": page_of(report_of()), "hostile": page_of(report_of(*hostile))}


def brightness(page: Page, selector: str, what: str) -> float:
    colour = page.eval_on_selector(selector, f"element => getComputedStyle(element).{what}")
    red, green, blue = (int(part) for part in re.findall(r"\d+", colour)[:3])
    return 0.3 * red + 0.6 * green + 0.1 * blue


@pytest.mark.parametrize("name", ["plain", "hostile"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [600, 390])
def test_every_picture_shows_nothing_runs_nothing_is_fetched_and_nothing_sticks_out(
    browser: Browser, pages: dict[str, str], name: str, scheme: str, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    asked: list[str] = []
    told: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda line: told.append(line.text))
    page.on("dialog", lambda dialog: told.append(dialog.message))
    page.set_content(pages[name], wait_until="load")
    sizes = page.eval_on_selector_all("img", "images => images.map(i => [i.naturalWidth, i.naturalHeight])")
    assert sizes == [[2 * WIDTH, 2 * HEIGHT]] * 4
    assert [url for url in asked if not url.startswith("data:")] == []
    assert told == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    ground, ink = brightness(page, ".card", "backgroundColor"), brightness(page, ".sentence", "color")
    assert (
        (ground > NEAR_WHITE and ink < NEAR_BLACK) if scheme == "light" else (ground < NEAR_BLACK and ink > NEAR_WHITE)
    )
    page.close()


def test_without_its_style_tag_it_looks_the_same_in_light(browser: Browser, pages: dict[str, str]) -> None:
    """Some programs drop <style>: what matters is inside the tags."""
    stripped = re.sub(r"<style>.*?</style>", "", pages["plain"], flags=re.DOTALL)
    shots = []
    for text in (pages["plain"], stripped):
        page = browser.new_page(viewport={"width": 600, "height": 800}, color_scheme="light")
        page.set_content(text, wait_until="load")
        shots.append(page.screenshot(full_page=True))
        page.close()
    assert shots[0] == shots[1]
