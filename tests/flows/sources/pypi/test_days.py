"""Days that ClickPy answers without: late, half loaded, lost, or without any download. Each is told from the others."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import pytest

from flows.replay.clickhouse import over_the_limit
from flows.replay.pypi_recordings import recorded
from flows.replay.pypistats import CategoryDay
from flows.replay.server import Reply, Request, Upstream, status
from flows.sources.errors import TransientError
from flows.sources.pypi.days import Counted, covered_days, nobody_knows
from tests.flows.sources.pypi.conftest import DAY, a_day, a_month, by_day, read_until_error, world
from warehouse.columns import Columns
from warehouse.rows import Answer

YESTERDAY = DAY - timedelta(1)
FIRST = DAY - timedelta(28)


def as_it_is(request: Request, upstream: Upstream) -> Reply:
    return upstream(request)


def ago(days: int) -> date:
    return DAY - timedelta(days)


def never(day: date, usual: float) -> bool:
    return False


def sources(answers: Iterable[Answer]) -> set[str]:
    return {answer.service for answer in answers}


def windows(answers: Iterable[Answer], basis: str = "all") -> list[tuple[date, date]]:
    return [
        (answer.window_start, answer.window_end)
        for answer in answers
        if answer.window_start and answer.window_end and answer.rows and answer.rows[0].basis == basis  # type: ignore[union-attr]
    ]


def reasons(answers: Iterable[Answer]) -> set[str]:
    return {answer.state["fallback_because"] for answer in answers if "fallback_because" in answer.state}


class TestStandingStill:
    """ClickPy answers as if nothing were, but its newest day is days old."""

    @pytest.mark.parametrize(("newest", "taken"), [(ago(3), 0), (ago(4), 3), (ago(12), 11)])
    def test_later_days_come_from_pypistats_when_it_is_over_two_days_behind(self, newest: date, taken: int) -> None:
        clickpy, pypistats = a_month(1000)
        with world(clickpy=clickpy, pypistats=pypistats, clickpy_is={"newest": newest}) as here:
            answers = list(here.fetch("torch", FIRST))
        for basis in ("all", "without_mirrors"):
            found = by_day(answers, basis)
            assert [day for day, (source, _) in found.items() if source == "pypistats"] == [
                newest + timedelta(n) for n in range(1, taken + 1)
            ]
            assert set(found.values()) == {("clickpy", 1000), ("pypistats", 1001)} if taken else {("clickpy", 1000)}
        assert max(end for _, end in windows(a for a in answers if a.service == "clickpy")) == newest

    def test_the_answer_says_why(self) -> None:
        clickpy, pypistats = a_month(1000)
        with world(clickpy=clickpy, pypistats=pypistats, clickpy_is={"newest": ago(6)}) as here:
            answers = list(here.fetch("torch", FIRST))
        assert reasons(answers) == {"clickpy: 5 days missing from 2026-09-23 on, its newest is 2026-09-22"}
        assert all("fallback_because" in answer.state for answer in answers if answer.service == "pypistats")

    def test_one_basis_that_stands_still_is_taken_alone(self) -> None:
        clickpy, pypistats = a_month(1000)
        late = tuple(row for row in pypistats if row.category == "without_mirrors")
        with world(clickpy=clickpy, pypistats=late, clickpy_is={"newest": ago(6)}) as here:
            answers = list(here.fetch("torch", FIRST))
        assert len(by_day(answers, "all")) == 23
        assert len(by_day(answers, "without_mirrors")) == 28

    def test_when_pypistats_fails_too_what_came_stays_and_both_are_named(self) -> None:
        clickpy, _ = a_month(1000)
        with world(clickpy=clickpy, clickpy_is={"newest": ago(6)}) as here:
            here.server.misbehave("pypistats", status(503), times=3)
            answers, error = read_until_error(here.fetch("torch", FIRST))
        assert isinstance(error, TransientError)
        assert "torch: clickpy: 5 days missing from 2026-09-23 on" in str(error)
        assert "| pypistats: " in str(error)
        assert len(by_day(answers)) == 23

    def test_a_package_that_few_install_is_no_sign_of_it(self) -> None:
        clickpy, _ = a_month(3)
        with world(clickpy=clickpy, clickpy_is={"newest": ago(6)}) as here:
            here.server.misbehave("pypistats", status(503), times=3)
            answers = list(here.fetch("torch", FIRST))
        assert sources(answers) == {"clickpy"}

    def test_days_that_pypistats_keeps_no_more_are_not_asked_for(self) -> None:
        clickpy, _ = a_month(1000, until=ago(400))
        with world(clickpy=clickpy) as here:
            list(here.fetch("torch", ago(430), ago(390)))
            assert not here.asked("pypistats")


class TestHalfLoaded:
    """The newest day is there, and far too small."""

    @pytest.mark.parametrize(
        ("loaded", "is_taken"), [(0.1, False), (0.5, False), (0.66, False), (0.67, True), (1.0, True)]
    )
    def test_a_newest_day_far_below_the_weeks_before_is_not_over(self, loaded: float, is_taken: bool) -> None:
        clickpy, _ = a_month(1000)
        with world(clickpy=clickpy, clickpy_is={"loaded": loaded, "newest": YESTERDAY}) as here:
            answers = list(here.fetch("torch", FIRST))
        assert (YESTERDAY in by_day(answers)) is is_taken
        assert answers[0].window_end == (YESTERDAY if is_taken else ago(2))
        assert answers[0].state == ({} if is_taken else {"not_settled": ["2026-09-27"]})

    def test_a_stall_in_the_midst_of_a_day_takes_that_day_from_pypistats(self) -> None:
        clickpy, pypistats = a_month(1000)
        with world(clickpy=clickpy, pypistats=pypistats, clickpy_is={"loaded": 0.4, "newest": ago(5)}) as here:
            found = by_day(here.fetch("torch", FIRST))
        assert found[ago(6)] == ("clickpy", 1000)
        assert found[ago(5)] == ("pypistats", 1001)
        assert len(found) == 28

    @pytest.mark.parametrize("newest", [ago(n) for n in range(1, 8)])
    def test_a_weekend_is_no_half_loaded_day_and_half_a_weekday_is_no_weekend(self, newest: date) -> None:
        rows = [a_day(day, downloads=500 if day.isoweekday() > 5 else 1000) for day in map(ago, range(1, 28))]
        for loaded, expected in ((1.0, newest), (0.5, newest - timedelta(1))):
            with world(clickpy=tuple(rows), clickpy_is={"newest": newest, "loaded": loaded}) as here:
                assert max(by_day(here.fetch("torch", ago(27)))) == expected

    def test_two_days_may_be_half_loaded(self) -> None:
        rows = [a_day(ago(n), downloads={1: 50, 2: 400}.get(n, 1000)) for n in range(1, 28)]
        with world(clickpy=tuple(rows)) as here:
            answers = list(here.fetch("torch", ago(27)))
        assert max(by_day(answers)) == ago(3)
        assert answers[0].state == {"not_settled": ["2026-09-26", "2026-09-27"]}

    @pytest.mark.parametrize(("fell", "newest"), [(1, 2), (2, 3), (3, 3), (6, 3), (8, 1)])
    def test_a_fall_that_lasts_comes_two_days_late_and_after_a_week_at_once(self, fell: int, newest: int) -> None:
        rows = [a_day(ago(n), downloads=1000 if n > fell else 300) for n in range(1, 28)]
        with world(clickpy=tuple(rows)) as here:
            found = by_day(here.fetch("torch", ago(27)))
        assert max(found) == ago(newest)

    @pytest.mark.parametrize(("package", "late"), [("tensorboard", 3), ("transformers", 7)])
    def test_recorded_days_are_whole_but_for_the_week_of_a_new_way_of_counting(self, package: str, late: int) -> None:
        rows = [row for row in recorded("clickpy_daily") if row["package"] == package]
        days = [(date.fromisoformat(row["day"]), int(row["downloads"])) for row in rows]
        nights = [dict(days[number - 15 : number]) for number in range(15, len(days) + 1)]
        newest = [covered_days(counts, never, never, max(counts)) for counts in nights]
        half = [covered.not_settled[-1] for covered in newest if covered.not_settled]
        assert len(half) == late
        assert all(date(2026, 8, 25) <= day <= date(2026, 8, 31) for day in half)

    def test_a_package_begins_with_a_weekday_and_a_few_days_to_compare_with(self) -> None:
        rows = [a_day(ago(n), downloads=100 if n == 1 else 1000) for n in range(1, 5)]
        with world(clickpy=tuple(rows)) as here:
            assert max(by_day(here.fetch("torch", ago(27)))) == ago(2)

    def test_pypistats_may_be_half_way_too(self) -> None:
        rows = [CategoryDay("torch", ago(n), "with_mirrors", 1000 if n > 1 else 300) for n in range(1, 28)]
        with world(pypistats=tuple(rows)) as here:
            found = by_day(here.fetch("torch", ago(14)))
        assert max(found) == ago(2)


class TestZeroOrLost:
    """A day without a row, between others that have one."""

    GAP = (ago(10), ago(9))

    def fetch(
        self, downloads: int, *, clickpy: bool = False, pypistats: bool = False, counted: Counted = nobody_knows
    ) -> list[Answer]:
        """The package with two days lost by the services named; the other one has nothing of it."""
        in_clickpy, in_pypistats = a_month(downloads)
        with world(
            clickpy=in_clickpy if clickpy else (),
            pypistats=in_pypistats if pypistats else (),
            clickpy_is={"lost": self.GAP},
            pypistats_is={"lost": self.GAP},
        ) as here:
            here.counted = counted
            return list(here.fetch("torch", FIRST))

    def counted_but_on(self, *days: date) -> Counted:
        return lambda day: day not in days

    @pytest.mark.parametrize("control", [None, "counted", "lost"])
    def test_with_few_downloads_it_is_zero_unless_nobody_counted(self, control: str | None) -> None:
        known = {None: nobody_knows, "counted": self.counted_but_on(), "lost": self.counted_but_on(*self.GAP)}[control]
        for source in ("clickpy", "pypistats"):
            answers = self.fetch(3, counted=known, clickpy=source == "clickpy", pypistats=source == "pypistats")
            found = {day: value for day, (_, value) in by_day(answers).items()}
            expected = {} if control == "lost" else dict.fromkeys(self.GAP, 0)
            assert {day: found[day] for day in self.GAP if day in found} == expected, source
            assert len(found) == 26 + len(expected)

    def test_with_many_downloads_clickpy_lost_it_whoever_counted(self) -> None:
        answers = self.fetch(1000, clickpy=True, counted=self.counted_but_on())
        assert not set(self.GAP) & by_day(answers).keys()
        assert windows(answers) == [(FIRST, ago(11)), (ago(8), YESTERDAY)], "no window holds a day that was lost"
        assert answers[0].state == {"lost": ["2026-09-18", "2026-09-19"]}

    def test_pypistats_counts_all_packages_at_once_so_a_day_that_others_have_is_zero(self) -> None:
        found = by_day(self.fetch(1000, pypistats=True, counted=self.counted_but_on()))
        assert [found[day] for day in self.GAP] == [("pypistats", 0)] * 2

    @pytest.mark.parametrize("control", [None, "lost"])
    def test_pypistats_lost_a_day_of_many_downloads_that_nobody_has(self, control: str | None) -> None:
        known = self.counted_but_on(*self.GAP) if control else nobody_knows
        answers = self.fetch(1000, pypistats=True, counted=known)
        assert not set(self.GAP) & by_day(answers).keys()
        assert len(windows(answers)) == 2

    def test_a_day_that_clickpy_lost_is_taken_from_pypistats(self) -> None:
        clickpy, pypistats = a_month(1000)
        with world(clickpy=clickpy, pypistats=pypistats, clickpy_is={"lost": self.GAP}) as here:
            answers = list(here.fetch("torch", FIRST))
        found = by_day(answers)
        assert [found[day] for day in self.GAP] == [("pypistats", 1001)] * 2
        assert len(found) == 28
        assert reasons(answers) == {"clickpy: 2 days missing from 2026-09-18 on"}

    def test_days_are_handed_on_in_columns(self) -> None:
        """A million days are no million objects: whoever saves them takes the columns as they are."""
        with world(clickpy=a_month(1000)[0]) as here:
            answers = list(here.fetch("torch", FIRST))
        assert {type(answer.rows) for answer in answers} == {Columns}
        assert sum(len(answer.rows) for answer in answers) == 2 * 28

    def test_a_day_of_mirrors_alone_is_zero_without_them(self) -> None:
        rows = [CategoryDay("torch", ago(n), "with_mirrors", 1000) for n in range(1, 10)]
        rows += [CategoryDay("torch", ago(n), "without_mirrors", 900) for n in range(1, 10) if n != 5]
        with world(pypistats=tuple(rows)) as here:
            found = by_day(here.fetch("torch", ago(9)), "without_mirrors")
        assert found[ago(5)] == ("pypistats", 0)

    def test_days_before_the_first_and_after_the_newest_say_nothing(self) -> None:
        with world(clickpy=(a_day(ago(9)), a_day(ago(7)))) as here:
            found = by_day(here.fetch("torch", ago(20)))
        assert found == {ago(9): ("clickpy", 7), ago(8): ("clickpy", 0), ago(7): ("clickpy", 7)}

    @pytest.mark.parametrize(("behind", "zeros"), [(0, 4), (1, 3), (4, 0)])
    def test_with_few_downloads_the_newest_days_are_zero_as_far_as_others_have_come(
        self, behind: int, zeros: int
    ) -> None:
        newest = ago(1 + behind)
        few = tuple(a_day(ago(n), "few", 2) for n in range(5, 30))
        with world(clickpy=(*few, *a_month(1000)[0]), clickpy_is={"newest": newest}) as here:
            here.packages = ("few", "unheard-of", "torch")
            found = by_day(here.fetch("few", FIRST))
            asked = [request.query["param_project"] for request in here.asked("clickpy")]
        assert {day: count for day, (_, count) in found.items() if not count} == {
            ago(n): 0 for n in range(5 - zeros, 5)
        }
        assert asked == ["few", *here.packages, "few"], "once, whatever the number of days and bases"

    def test_how_far_clickpy_has_come_is_asked_where_it_matters(self) -> None:
        few = tuple(a_day(ago(n), "few", 2) for n in range(1, 30))
        with world(clickpy=(*few, *a_month(1000)[0]), clickpy_is={"newest": ago(2)}) as here:
            here.packages = ("few", "torch")
            list(here.fetch("torch", FIRST))
            assert len(here.asked("clickpy")) == 2

    def test_a_half_loaded_day_of_another_package_is_not_reached(self) -> None:
        few = tuple(a_day(ago(n), "few", 2) for n in range(3, 30))
        with world(clickpy=(*few, *a_month(1000)[0]), clickpy_is={"newest": YESTERDAY, "loaded": 0.5}) as here:
            here.packages = ("few", "torch")
            assert max(by_day(here.fetch("few", FIRST))) == ago(2)

    def test_where_another_package_cannot_be_asked_the_newest_days_stay_open(self) -> None:
        few = tuple(a_day(ago(n), "few", 2) for n in range(3, 30))
        with world(clickpy=(*few, *a_month(1000)[0])) as here:
            here.packages = ("torch",)
            for fault in (as_it_is, over_the_limit()):
                here.server.misbehave("clickpy", fault)
            assert max(by_day(here.fetch("few", FIRST))) == ago(3)

    def test_pypistats_has_come_as_far_as_all_packages_together(self) -> None:
        rows = [CategoryDay("torch", ago(n), "with_mirrors", 1000) for n in range(4, 10)]
        with world(pypistats=tuple(rows)) as here:
            here.counted = lambda day: True if day <= ago(2) else None
            found = by_day(here.fetch("torch", ago(9)))
        assert {day: value for day, (_, value) in found.items() if not value} == {ago(3): 0, ago(2): 0}

    def test_a_hole_of_weeks_is_judged_by_the_days_around_it(self) -> None:
        rows = [a_day(ago(n), downloads=1000) for n in range(1, 100) if not 20 < n < 70]
        with world(clickpy=tuple(rows)) as here:
            answers = list(here.fetch("torch", ago(99)))
        assert not [day for day, (_, count) in by_day(answers).items() if count == 0]


def test_pypistats_is_asked_once_for_all_days_that_are_lacking() -> None:
    clickpy, pypistats = a_month(1000)
    lacking = {"lost": (ago(10), ago(12)), "newest": ago(6)}
    with world(clickpy=clickpy, pypistats=pypistats, clickpy_is=lacking) as here:
        assert len(by_day(here.fetch("torch", FIRST))) == 28
        assert len(here.asked("pypistats")) == 1
