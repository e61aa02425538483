"""The words of a preview: title and what is drawn by chance, events in a line each, a time axis, and the legend."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from alpasim.scenario.concrete import Scenario
from alpasim.scenario.conditions import fault_name, faults_of, in_force
from alpasim.view import palette
from alpasim.view.camera import Camera
from alpasim.view.canvas import Canvas, Colour, Sheet, fitted, text_width
from alpasim.view.overlay import MARGIN
from alpasim.view.start import event_words, known_time

MOST_EVENTS, MOST_BARS = 8, 12
LINE_PX, AXIS_PX, BAR_PX = 19, 40, 18


def title(scenario: Scenario, width: int, draws: Sequence[Scenario]) -> Sheet:
    """Title, seed, what was drawn by chance, weather and grip."""
    drawn = ", ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in scenario.parameters.items()
    )
    seeds = f"seed {scenario.seed}" + (f" and {len(draws)} more" if draws else "")
    lines = [f"{scenario.name} · {seeds}" + (f": {drawn}" if drawn else ""), in_force(scenario)]
    sheet = Canvas((width, 72), Camera(0.0, 0.0), palette.PANEL[:3]).finish()
    sheet.text(fitted(scenario.title, 17, width - 2 * MARGIN), MARGIN, 9, 17, palette.INK)
    for index, line in enumerate(lines):
        sheet.text(fitted(line, 12, width - 2 * MARGIN), MARGIN, 34 + 17 * index, 12, palette.INK_QUIET)
    return sheet


def panel(scenario: Scenario, width: int, *, waits: bool, ghosts: bool) -> Sheet:
    """Events, the time axis with faults and timed ways, and the legend."""
    events = [f"{number}  {event_words(scenario, event)}" for number, event in enumerate(scenario.events, start=1)]
    if len(events) > MOST_EVENTS:
        events = [*events[: MOST_EVENTS - 1], f"… and {len(events) - MOST_EVENTS + 1} more events"]
    bars = _bars(scenario)
    more = len(bars) - MOST_BARS + 1 if len(bars) > MOST_BARS else 0
    bars = bars[: len(bars) - more]
    height = 2 * MARGIN + LINE_PX * len(events) + AXIS_PX + BAR_PX * (len(bars) + (more > 0)) + 26
    sheet = Canvas((width, height), Camera(0.0, 0.0), palette.PANEL[:3]).finish()
    top = float(MARGIN)
    for line in events:
        sheet.text(fitted(line, 13, width - 2 * MARGIN), MARGIN, top, 13, palette.INK)
        top += LINE_PX
    _axis(sheet, scenario, bars, top + 4)
    if more:
        sheet.text(f"… and {more} more", MARGIN + 8.0, top + 4 + AXIS_PX + BAR_PX * len(bars), 11, palette.INK)
    _legend(sheet, waits, ghosts, height - 28.0)
    return sheet


def _bars(scenario: Scenario) -> list[tuple[str, float, float, Colour]]:
    """What lasts: label, from, to [s], colour."""
    end = scenario.time_limit_s
    bars: list[tuple[str, float, float, Colour]] = []
    for fault in faults_of(scenario):
        until = end if fault.until_us is None else min(fault.until_us * 1e-6, end)
        bars.append((f"fault: {fault_name(fault)}", min(fault.from_us * 1e-6, end), until, palette.INK_ALARM))
    for spec in scenario.actors:
        points = getattr(spec.options, "waypoints", None) or ()
        times = [point.t_s for point in points if getattr(point, "t_s", None) is not None]
        if times:
            bars.append((f"timed way of {spec.name}", 0.0, min(max(times), end), palette.WAY))
    return bars


def _axis(sheet: Sheet, scenario: Scenario, bars: Sequence[tuple[str, float, float, Colour]], top: float) -> None:
    """Seconds from the start to the time limit, pins where an event's time is known, bars below."""
    left, right = MARGIN + 8.0, sheet.size[0] - MARGIN - 60.0
    end = max(scenario.time_limit_s, 0.1)

    def at(seconds: float) -> float:
        return left + (right - left) * min(max(seconds / end, 0.0), 1.0)

    sheet.box(left, top + 20, right - left, 2, palette.INK_QUIET, 1)
    sheet.text("time limit", right + 6, top + 13, 11, palette.INK_QUIET)
    step = next(step for step in (0.5, 1, 2, 5, 10, 20, 60, 120, 600, 3600, 86_400) if end / step <= 14)
    for seconds in np.arange(0.0, end + 1e-6, step):
        sheet.box(at(seconds), top + 17, 1, 8, palette.INK_QUIET, 1)
        sheet.text(f"{seconds:g} s", at(seconds), top + 26, 11, palette.INK_QUIET, "middle")
    for number, event in enumerate(scenario.events, start=1):
        when = known_time(event)
        if when is not None:
            sheet.box(at(when) - 8, top, 16, 16, palette.TRIGGER, 8)
            sheet.text(str(number), at(when), top + 2, 11, palette.INK, "middle")
    for index, (label, since, until, colour) in enumerate(bars):
        y = top + AXIS_PX + BAR_PX * index
        sheet.box(at(since), y + 4, max(at(until) - at(since), 3.0), 8, colour, 3)
        _label(sheet, label, at(since), at(until), y)


def _label(sheet: Sheet, label: str, since: float, until: float, top: float) -> None:
    """The words of a bar from `since` to `until` [px]: behind it, before it, or on it where there is room for neither."""
    wide = text_width(label, 11)
    left = until + 6
    if left + wide > sheet.size[0] - MARGIN:
        left = since - 6 - wide
    if left < MARGIN:
        left = since + 12
        sheet.box(left - 4, top, wide + 8, 15, palette.PANEL[:3], 2)
    sheet.text(label, left, top, 11, palette.INK)


def _legend(sheet: Sheet, waits: bool, ghosts: bool, top: float) -> None:
    """What the colours mean."""
    items: list[tuple[Colour, str]] = [
        (palette.EGO, "ego"),
        (palette.PLAN, "its route"),
        (palette.GOAL, "goal"),
        (palette.WAY, "way of an actor (dashed: once an event sends it)"),
        ((200, 206, 212), "arrow: a second at its speed"),
    ]
    items += [(palette.TRIGGER, "where an event waits")] if waits else []
    items += [(palette.GHOST, "start in another draw")] if ghosts else []
    x = float(MARGIN)
    for colour, words in items:
        sheet.box(x, top + 3, 14, 10, colour, 3)
        x += 20 + sheet.text(words, x + 20, top + 1, 11, palette.INK_QUIET) + 22
