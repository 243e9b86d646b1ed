"""Small lines for the table at the top: SVG, which shows in print and without JavaScript too."""

from __future__ import annotations

from collections.abc import Sequence

from reports.charts.marks import Place

WIDTH, HEIGHT, EDGE = 116, 34, 4


def points(values: Sequence[float | None], *, slots: int, first: int, top: float) -> tuple[str, ...]:
    """Runs of "x,y x,y ..." for polylines: values stand from slot `first` of `slots`; a gap ends a run."""
    runs: list[list[str]] = [[]]
    for step, value in enumerate(values):
        if value is None:
            runs.append([])
            continue
        runs[-1].append(f"{_x(first + step, slots):.1f},{_y(value, top):.1f}")
    return tuple(" ".join(run) for run in runs if run)


def _x(slot: float, slots: int) -> float:
    return EDGE + (WIDTH - 2 * EDGE) * min(max(slot, 0), slots - 1) / (slots - 1)


def _y(value: float, top: float) -> float:
    return HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * value / top


def spark(
    before: Sequence[float | None],
    now: Sequence[float | None],
    *,
    incomplete: Sequence[bool] = (),
    marked: Sequence[Place] = (),
) -> dict[str, object] | None:
    """What the template draws: the 12 months before in grey, the 12 months in colour, a dot at the end.

    `incomplete`: for each month of both years whether it is hollow, joined by no line. `marked`: the breaks, along the
    months from 0 on.
    """
    values = [*before, *now]
    top = max((value for value in values if value is not None), default=0)
    if top <= 0:
        return None
    slots, half = len(values), len(before)
    hollow = list(incomplete) or [False] * slots
    whole = [None if parts else value for value, parts in zip(values, hollow, strict=True)]
    newer = points(whole[half:], slots=slots, first=half, top=top)
    bridge = whole[half - 1 : half + 1] if before and now else []
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "before": points(whole[:half], slots=slots, first=0, top=top)
        + points(bridge, slots=slots, first=half - 1, top=top),
        "now": newer,
        "dot": newer[-1].split(" ")[-1].split(",") if newer else None,
        "hollow": [
            (f"{_x(slot, slots):.1f}", f"{_y(value, top):.1f}", slot >= half)
            for slot, (value, parts) in enumerate(zip(values, hollow, strict=True))
            if parts and value is not None
        ],
        "breaks": [f"{_x(place.first, slots):.1f}" for place in marked],
        "losses": [
            (f"{_x(place.first, slots):.1f}", f"{_x(place.last, slots) - _x(place.first, slots):.1f}")
            for place in marked
            if place.last is not None
        ],
    }
