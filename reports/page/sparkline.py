"""Small lines for the table at the top: SVG that needs no script, so mail, print and no-script readers see them."""

from __future__ import annotations

from collections.abc import Sequence

WIDTH, HEIGHT, EDGE = 116, 34, 4


def points(values: Sequence[float | None], *, slots: int, first: int, top: float) -> tuple[str, ...]:
    """Runs of "x,y x,y ..." for polylines: values stand from slot `first` of `slots`; a gap ends a run."""
    runs: list[list[str]] = [[]]
    for step, value in enumerate(values):
        if value is None:
            runs.append([])
            continue
        x = EDGE + (WIDTH - 2 * EDGE) * (first + step) / (slots - 1)
        y = HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * value / top
        runs[-1].append(f"{x:.1f},{y:.1f}")
    return tuple(" ".join(run) for run in runs if run)


def spark(before: Sequence[float | None], now: Sequence[float | None]) -> dict[str, object] | None:
    """What the template draws: the 12 months before in grey, the 12 months in colour, a dot at the end."""
    known = [value for value in (*before, *now) if value is not None]
    top = max(known, default=0)
    if top <= 0:
        return None
    slots = len(before) + len(now)
    newer = points(now, slots=slots, first=len(before), top=top)
    bridge = [before[-1], now[0]] if before and now else []
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "before": points(before, slots=slots, first=0, top=top)
        + points(bridge, slots=slots, first=len(before) - 1, top=top),
        "now": newer,
        "dot": newer[-1].split(" ")[-1].split(",") if newer else None,
    }
