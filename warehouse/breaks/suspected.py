"""Suspected breaks: the common jumps in what the warehouse knows, with their evidence; detect.py finds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import duckdb

from warehouse.breaks.detect import WINDOW_DAYS, Jump, Point, find_jumps
from warehouse.publish.evaluate import evaluated_for
from warehouse.read.queries import query
from warehouse.rows import Break

_ASKED = ("known", "families", "series_downloads", "series_search", "series_stars")


def suspected_breaks(con: duckdb.DuckDBPyConnection) -> tuple[Break, ...]:
    """Common jumps in what the views know, for every service that several series share; known breaks are left out.

    Synthetic figures are not looked at. The same rows give the same breaks, in the same order. `con` must not be in a
    transaction.
    """
    with evaluated_for(con, *(query(f"breaks/{name}") for name in _ASKED)):
        known = con.execute(query("breaks/known")).fetchall()
        baskets = (*_download_baskets(con), *_search_baskets(con), *_star_baskets(con))
    found = [
        (basket, jump)
        for basket in baskets
        for jump in find_jumps(basket.series, basket.controls)
        if not _is_known(basket, jump, known)
    ]
    return tuple(_suspicion(basket, jump) for basket, jump in _once_a_service(found))


@dataclass(frozen=True, slots=True)
class _Basket:
    """Series that one service counts in one way, of frameworks that do not install each other."""

    service: str
    metric: str
    basis: str
    series: dict[str, list[Point]]
    controls: dict[str, list[Point]] = field(default_factory=dict)


def _download_baskets(con: duckdb.DuckDBPyConnection) -> list[_Basket]:
    """Of each service and basis the packages of the frameworks, and as controls all others, whoever tells of them."""
    points: dict[tuple[str, str], dict[str, list[Point]]] = {}
    for service, basis, package, start, end, value in con.execute(query("breaks/series_downloads")).fetchall():
        points.setdefault((service, basis), {}).setdefault(package, []).append(Point(start, end, value))
    families = _families(con.execute(query("breaks/families")).fetchall())
    tracked = {package for family in families for package in family}
    return [
        _Basket(
            service,
            "pypi_downloads",
            basis,
            _independent(series, families),
            {
                f"{package} of {other_service}": own
                for (other_service, other_basis), others in points.items()
                for package, own in others.items()
                if other_basis == basis and package not in tracked
            },
        )
        for (service, basis), series in points.items()
    ]


def _search_baskets(con: duckdb.DuckDBPyConnection) -> list[_Basket]:
    series: dict[str, list[Point]] = {}
    controls: dict[str, list[Point]] = {}
    for name, start, end, value, is_control in con.execute(query("breaks/series_search")).fetchall():
        (controls if is_control else series).setdefault(name, []).append(Point(start, end, value))
    return [_Basket("google_trends", "search_interest", "interest", series, controls)]


def _star_baskets(con: duckdb.DuckDBPyConnection) -> list[_Basket]:
    series: dict[str, list[Point]] = {}
    for framework, day, value in con.execute(query("breaks/series_stars")).fetchall():
        series.setdefault(framework, []).append(Point(day, day, value))
    return [_Basket("github", "stars", "stars added", series)]


def _families(members: Sequence[tuple[str, str]]) -> list[set[str]]:
    """Packages of one framework move together, and so do frameworks that share a package."""
    by_framework: dict[str, set[str]] = {}
    for framework, package in members:
        by_framework.setdefault(framework, set()).add(package)
    families: list[set[str]] = []
    for packages in by_framework.values():
        touched = [family for family in families if family & packages]
        families = [family for family in families if not family & packages]
        families.append(packages.union(*touched))
    return families


def _independent(series: Mapping[str, list[Point]], families: Sequence[set[str]]) -> dict[str, list[Point]]:
    """Of each family the series with the most figures, then the largest: tensorflow alone is not two witnesses."""
    chosen = {}
    for family in families:
        there = sorted(family & series.keys())
        if there:
            best = max(there, key=lambda name: (len(series[name]), sum(point.value for point in series[name])))
            chosen[best] = series[best]
    return chosen


def _is_known(basket: _Basket, jump: Jump, known: Sequence[tuple[str, str, date, date | None]]) -> bool:
    """A known break begins or ends within the window of this jump."""
    near = timedelta(days=WINDOW_DAYS)
    return any(
        service == basket.service
        and metric in ("*", basket.metric)
        and any(day and jump.effective_on - near <= day <= jump.seen_on + near for day in (begins, ends))
        for service, metric, begins, ends in known
    )


def _suspicion(basket: _Basket, jump: Jump) -> Break:
    way = "rose" if jump.factor > 1 else "fell"
    each = ", ".join(f"{name} {factor:.2f}" for name, factor in jump.factors.items())
    others = ", ".join(f"{name} {factor:.2f}" for name, factor in jump.controls.items()) or "none"
    return Break(
        break_source=basket.service,
        metric=basket.metric,
        effective_on=jump.effective_on,
        kind="suspected",
        what_changed=f"all series of this source {way} together to about {jump.factor:.2f} times their level",
        evidence=(
            f"{basket.basis}: {jump.agreeing} of {len(jump.factors)} independent series agree, {jump.score:.0f} times "
            f"the usual common movement; level from {jump.seen_on} divided by the level before: {each}; "
            f"control series: {others}"
        ),
    )


def _once_a_service(found: Sequence[tuple[_Basket, Jump]]) -> list[tuple[_Basket, Jump]]:
    """The bases of a service show the same break; the first told is kept."""
    kept: list[tuple[_Basket, Jump]] = []
    for basket, jump in sorted(found, key=lambda item: (item[0].service, item[0].metric, item[1].seen_on)):
        is_told = any(
            (basket.service, basket.metric) == (other.service, other.metric)
            and (jump.factor > 1) == (earlier.factor > 1)
            and jump.seen_on - earlier.seen_on <= timedelta(days=WINDOW_DAYS)
            for other, earlier in kept
        )
        if not is_told:
            kept.append((basket, jump))
    return kept
