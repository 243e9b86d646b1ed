"""The page in real Chromium: desktop and phone, light and dark, keyboard, print. Nothing is fetched, nothing fails."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Browser, Page

from reports.build import BuiltReport, build_report

pytestmark = [pytest.mark.browser, pytest.mark.slow]
DESKTOP, PHONE = 1280, 390
LONGEST_MILLISECONDS = 100_000  # a page that takes longer hangs
PICTURES = ("search", "downloads", "contributors", "stars")
TICK = "[data-chart] .xtick text"
FIGURE = re.compile(r"\d[\d,]*(\.\d+)?(\u00a0[kMB%])?|12 (months|before).*")
SHAPES = ".scatterlayer .trace path, .barlayer .trace path, .scatterlayer .trace text"


@dataclass
class Opened:
    """A page and all that it said and asked for."""

    page: Page
    told: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    @property
    def outside(self) -> list[str]:
        return [url for url in self.asked if not url.startswith(("file:", "data:", "blob:"))]


Opener = Callable[..., Opened]


@pytest.fixture(scope="module")
def opened(browser: Browser) -> Iterator[Opener]:
    """Opens a page: `opened(path, width=..., scheme=..., script=...)`."""
    with ExitStack() as contexts:

        def open_page(
            path: Path,
            *,
            width: int = DESKTOP,
            scheme: str = "light",
            script: bool = True,
            at: str = "",
            before: str = "",
        ) -> Opened:
            context = browser.new_context(
                viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=script
            )
            contexts.enter_context(context)
            context.set_default_timeout(LONGEST_MILLISECONDS)
            made = Opened(context.new_page())
            made.page.on("console", lambda line: made.told.append(line.text))
            made.page.on("pageerror", lambda error: made.told.append(str(error)))
            made.page.on("dialog", lambda dialog: made.told.append(dialog.message))
            made.page.on("request", lambda request: made.asked.append(request.url))
            made.page.add_init_script(before)
            made.page.goto(path.as_uri() + at)
            if script:
                made.page.wait_for_selector("html[data-drawn]", state="attached")
            return made

        yield open_page


@pytest.fixture(scope="module")
def shown(opened: Opener, demo_report: BuiltReport) -> Opener:
    """The demo's page, opened once for each width and scheme: `shown(width=..., scheme=...)`. To be left as it was.

    `window.early` holds what was there before the page was drawn: the type of Plotly and the number of pictures.
    """
    early = "addEventListener('DOMContentLoaded', () => { window.early = [typeof Plotly, document.images.length]; })"
    return cache(lambda **view: opened(demo_report.page, before=early, **view))


def brightness(page: Page, selector: str, what: str) -> float:
    colour = page.eval_on_selector(selector, f"element => getComputedStyle(element).{what}")
    red, green, blue = (int(part) for part in re.findall(r"\d+", colour)[:3])
    return 0.3 * red + 0.6 * green + 0.1 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_every_chart_is_drawn_nothing_fails_nothing_is_fetched(
    shown: Opener, demo_report: BuiltReport, width: int, scheme: str
) -> None:
    made = shown(width=width, scheme=scheme)
    page = made.page
    drawn = page.eval_on_selector_all(
        "[data-chart]", f"""all => all.map(one => [one.dataset.chart, one.querySelectorAll("{SHAPES}").length])"""
    )
    assert [name for name, _ in drawn] == [chart.name for chart in demo_report.charts]
    assert [name for name, shapes in drawn if shapes < 2] == []
    assert made.told == []
    assert made.outside == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    ground, ink = brightness(page, "body", "backgroundColor"), brightness(page, "body", "color")
    tick = brightness(page, TICK, "fill")
    if scheme == "light":
        assert ground > 230 > 110 > max(ink, tick)
    else:
        assert ground < 40 < 140 < min(ink, tick)


def test_figures_beside_the_axes_and_under_the_pointer_are_written_as_in_the_text(
    shown: Opener, demo_report: BuiltReport
) -> None:
    page = shown(width=DESKTOP, scheme="light").page
    beside = page.eval_on_selector_all("[data-chart] .ytick text", "all => all.map(one => one.textContent)")
    assert "300\u00a0k" in beside
    assert [text for text in beside if text[:1].isdigit() and not FIGURE.fullmatch(text)] == []
    assert page.eval_on_selector_all(
        '[data-chart="downloads-share"] .xtick text', "all => all.map(one => one.textContent)"
    ) == [f"{number}\u00a0%" for number in (0, 20, 40, 60, 80, 100)]
    for chart in demo_report.charts:
        for trace in chart.figure.to_plotly_json()["data"]:
            assert not re.search(r"%\{[xyz]", trace.get("hovertemplate") or ""), "plotly would write them its own way"


def turn(page: Page, scheme: str) -> None:
    """Change the scheme and wait until the charts have followed, which they do in their own time."""
    before = page.eval_on_selector(TICK, "tick => getComputedStyle(tick).fill")
    page.emulate_media(color_scheme=scheme)
    page.wait_for_function(
        "([tick, before]) => getComputedStyle(document.querySelector(tick)).fill !== before", arg=[TICK, before]
    )


def test_charts_follow_when_the_reader_turns_dark_and_light_again(shown: Opener) -> None:
    page = shown(width=DESKTOP, scheme="light").page
    light = brightness(page, TICK, "fill")
    turn(page, "dark")
    assert brightness(page, TICK, "fill") > light + 40
    turn(page, "light")
    assert brightness(page, TICK, "fill") == light


def visible_traces(page: Page, chart: str) -> int:
    shown: int = page.eval_on_selector(
        f'[data-chart="{chart}"]', "one => one.data.filter(trace => trace.visible !== false).length"
    )
    return shown


def test_legend_buttons_hide_and_show_by_mouse_and_by_keyboard(shown: Opener) -> None:
    page = shown(width=DESKTOP, scheme="light").page
    everything = visible_traces(page, "search-rolling")
    for group in ("framework:pytorch", "releases", "weeks"):
        button = page.locator(f'button[data-for="search-rolling"][data-group="{group}"]')
        button.click()
        assert button.get_attribute("aria-pressed") == "false"
        assert visible_traces(page, "search-rolling") < everything
        button.focus()
        page.keyboard.press("Space")
        assert button.get_attribute("aria-pressed") == "true"
        assert visible_traces(page, "search-rolling") == everything


def test_what_is_hidden_stays_hidden_in_the_dark(shown: Opener) -> None:
    page = shown(width=DESKTOP, scheme="light").page
    button = page.locator('button[data-for="stars-rolling"][data-group="framework:keras"]')
    button.click()
    before = visible_traces(page, "stars-rolling")
    turn(page, "dark")
    assert visible_traces(page, "stars-rolling") == before
    turn(page, "light")
    button.click()
    assert visible_traces(page, "stars-rolling") > before


def test_the_first_tab_skips_to_the_figures(opened: Opener, demo_report: BuiltReport) -> None:
    """Without a script too: the link is one of the page's own."""
    page = opened(demo_report.page, script=False).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "figures-start"


def test_no_cloud_button(shown: Opener) -> None:
    page = shown(width=DESKTOP, scheme="light").page
    assert page.locator(".modebar-btn, .plotlyjsicon").count() == 0


def test_the_synthetic_series_says_so_on_the_chart(shown: Opener) -> None:
    page = shown(width=DESKTOP, scheme="light").page
    charts = page.eval_on_selector_all(
        "[data-chart]", "all => all.filter(one => /synthetic/i.test(one.textContent)).map(one => one.dataset.chart)"
    )
    assert charts == ["search-rolling", "search-months"]


def test_without_script_the_figures_are_there_as_tables(opened: Opener, demo_report: BuiltReport) -> None:
    page = opened(demo_report.page, script=False).page
    assert page.locator(".waiting").count() == len(demo_report.charts)
    page.locator("#figure-stars-rolling summary").click()
    assert page.locator("#figure-stars-rolling table").first.is_visible()


def test_without_script_the_pictures_of_the_mail_stand_for_the_charts(opened: Opener, demo_report: BuiltReport) -> None:
    page = opened(demo_report.page, script=False).page
    stills = page.eval_on_selector_all("img.still", "all => all.map(one => [one.getAttribute('src'), one.alt.length])")
    assert [source for source, _ in stills] == [f"charts/{name}.png" for name in PICTURES]
    assert min(length for _, length in stills) > 40


# ---- what a reader takes along ---------------------------------------------------------------------------------------


def test_a_chart_is_saved_as_picture_and_as_figures(shown: Opener) -> None:
    page = shown(width=DESKTOP, scheme="light").page
    begins = {"png": b"\x89PNG", "svg": b"<svg", "csv": b"Month"}
    for form, bytes_ in begins.items():
        with page.expect_download() as download:
            page.click(f'button[data-for="stars-months"][data-save="{form}"]')
        assert download.value.suggested_filename == f"stars-months.{form}"
        content = Path(download.value.path()).read_bytes()
        assert content.startswith(bytes_), content[:60]
    lines = list(csv.reader(content.decode().splitlines()))
    shown_rows = page.locator("#figure-stars-months details table tr").count()
    assert len([line for line in lines if line]) == shown_rows > 12


def test_each_chart_says_how_to_cite_it(shown: Opener, demo_report: BuiltReport) -> None:
    page = shown(width=DESKTOP, scheme="light").page
    told = page.eval_on_selector_all("figure .cite", "all => all.map(one => one.textContent)")
    assert len(told) == len(demo_report.charts)
    for text in told:
        assert "report of 25 June 2021" in text
        assert re.search(r"Source: \S.*Definition: \S", text)
    assert ["synthetic" in text for text in told] == [chart.is_synthetic for chart in demo_report.charts]


def test_what_a_reader_chose_is_in_the_address(opened: Opener, demo_report: BuiltReport) -> None:
    page = opened(demo_report.page).page
    everything = visible_traces(page, "stars-rolling")
    keras = 'button[data-for="stars-rolling"][data-group="framework:keras"]'
    page.click(keras)
    page.click("#scheme")
    page.wait_for_function("document.getElementById('scheme').textContent === 'Colours: dark'")
    assert brightness(page, "body", "backgroundColor") < 40
    link = page.get_attribute('[data-link="stars-rolling"]', "href")
    assert link is not None
    again = opened(demo_report.page, at=link).page
    assert visible_traces(again, "stars-rolling") < everything
    assert again.get_attribute(keras, "aria-pressed") == "false"
    assert brightness(again, "body", "backgroundColor") < 40 < 140 < brightness(again, TICK, "fill")
    assert again.evaluate("document.getElementById('figure-stars-rolling').getBoundingClientRect().top") < 900
    hostile = "#scheme=<b>&hide=a/b,/,stars-rolling&at=nothing"
    assert opened(demo_report.page, at=hostile).told == []


def test_the_page_is_there_before_the_chart_library(shown: Opener) -> None:
    page = shown(width=DESKTOP, scheme="light").page
    assert page.evaluate("window.early[0]") == "undefined"
    assert page.evaluate("typeof Plotly") == "object"


# ---- rules for everybody (as axe checks them) ------------------------------------------------------------------------


def names_of(page: Page, selector: str) -> list[str]:
    names: list[str] = page.eval_on_selector_all(
        selector,
        "all => all.map(one => (one.getAttribute('aria-label') ?? one.textContent).replace(/\\s+/g, ' ').trim())",
    )
    return names


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_no_two_buttons_or_regions_have_one_name_and_none_is_in_a_picture(shown: Opener, width: int) -> None:
    page = shown(width=width, scheme="light").page
    for selector in ("button", "summary", "[role=region], nav", "h2"):
        names = names_of(page, selector)
        assert sorted(names) == sorted(set(names)), selector
        assert "" not in names
    inside = "[role=img] :is(a[href], button, input, summary, [tabindex])"
    assert page.locator(inside).count() == 0
    assert page.locator("main").count() == page.locator("h1").count() == 1
    headings = page.eval_on_selector_all(
        "section[aria-labelledby] h2[id]", "all => all.map(one => one.textContent.trim())"
    )
    assert not set(headings) & set(names_of(page, "[role=region]")), "a region in a section of the same name"


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_what_is_pressed_is_large_enough(shown: Opener, width: int) -> None:
    page = shown(width=width, scheme="light").page
    sizes = page.eval_on_selector_all(
        "button, summary, .tools a",
        "all => all.map(one => one.getBoundingClientRect()).map(box => [box.width, box.height])",
    )
    assert len(sizes) > 50
    assert min(height for _, height in sizes if height) >= 24
    assert min(wide for wide, _ in sizes if wide) >= 24


def test_it_prints_light_whatever_the_screen(shown: Opener, tmp_path: Path) -> None:
    page = shown(width=DESKTOP, scheme="dark").page
    path = tmp_path / "report.pdf"
    page.pdf(path=path, format="A4", print_background=True)
    assert path.read_bytes().startswith(b"%PDF")
    assert 6 <= len(re.findall(rb"/Type\s*/Page\b", path.read_bytes())) <= 24
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert brightness(page, TICK, "fill") < 110
    widths = page.eval_on_selector_all("[data-chart] .main-svg", "all => all.map(one => one.clientWidth)")
    assert max(widths) <= 700
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert brightness(page, TICK, "fill") > 140


def test_the_shared_script_form_draws_too(
    opened: Opener, demo_warehouse: duckdb.DuckDBPyConnection, demo_report: BuiltReport, tmp_path: Path
) -> None:
    out = tmp_path / "reports" / "2021-06-25"
    shared = build_report(demo_warehouse, as_of=demo_report.as_of, out=out, self_contained=False)
    made = opened(shared.page)
    assert made.told == []
    assert [Path(url).name for url in made.asked] == ["report.html", "plotly-7.1.0.min.js"]
    assert made.page.locator("[data-chart] .main-svg").count() >= len(demo_report.charts)


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_hostile_names_do_nothing(opened: Opener, hostile_report: BuiltReport, width: int) -> None:
    made = opened(hostile_report.page, width=width)
    assert made.told == []
    assert made.outside == []
    page = made.page
    assert page.locator("[data-chart] a").count() == 0
    assert page.locator("img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for button in page.locator('button[data-for="stars-rolling"]').all():
        button.click()
    assert made.told == []
