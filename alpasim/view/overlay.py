"""What is laid over the scene: the ego's plan and trail, the goal, marks, and the panels with words and figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from alpasim.types import EGO, FloatArray, WorldState
from alpasim.view import palette, shapes
from alpasim.view.canvas import Canvas, Sheet, fitted, text_width, wrapped

MARGIN = 14
"""Distance of panels from the picture's border [px]."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something to point out at (x, y) [m]: a `collision` is a flash, a `note` a pin; `text` stands beside it."""

    x: float
    y: float
    text: str = ""
    kind: Literal["collision", "note"] = "note"


def draw_goal(canvas: Canvas, goal: Sequence[FloatArray]) -> None:
    """Goal regions (k, 2) [m]: a green veil with a rim."""
    for region in goal:
        canvas.area(region, (*palette.GOAL[:3], 70))
        canvas.line(region, canvas.metres(2.0), (*palette.GOAL[:3], 220), closed=True)


def draw_trail(canvas: Canvas, trail: FloatArray) -> None:
    """Where the ego has been, (k, 2) [m], oldest first: fading backwards."""
    way = _without_doubles(trail[:, :2])
    if len(way) >= 2:
        alphas = np.linspace(25.0, 200.0, len(way) - 1)
        canvas.fading_line(way, max(0.28, canvas.metres(2.2)), palette.TRAIL, alphas)


def draw_plan(canvas: Canvas, plan: FloatArray, width_m: float) -> None:
    """Where the ego means to go, (k, 2 or 3) [m], nearest first: a ribbon as wide as the ego, fading forwards."""
    way = _without_doubles(plan[:, :2])
    if len(way) < 2 or float(np.abs(way - way[0]).max()) < 0.3:
        return
    canvas.fading_line(way, width_m, palette.PLAN, np.linspace(120.0, 28.0, len(way) - 1))
    canvas.line(way, max(0.14, canvas.metres(1.4)), (*palette.PLAN[:3], 220))
    end = way[-1] - way[-2]
    angle = math.atan2(float(end[1]), float(end[0]))
    head = shapes.arrow_head(max(1.0, canvas.metres(8.0)), max(0.5, canvas.metres(4.0)))
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    canvas.area(head @ turn + way[-1], (*palette.PLAN[:3], 235))


def _without_doubles(way: FloatArray) -> FloatArray:
    """Points at least 5 cm apart."""
    kept = [0] if len(way) else []
    for index in range(1, len(way)):
        if float(np.hypot(*(way[index] - way[kept[-1]]))) > 0.05:
            kept.append(index)
    return way[kept]


def draw_marks(canvas: Canvas, marks: Sequence[Mark]) -> None:
    """Flashes and pins; their words come later, on the finished picture."""
    for mark in marks:
        at = np.array([mark.x, mark.y])
        if mark.kind == "collision":
            radius = max(1.5, canvas.metres(17.0))
            for share, colour, turn in zip((1.0, 0.74, 0.42), palette.FLASH, (0.0, 0.35, 0.1), strict=True):
                canvas.area(shapes.burst(share * radius, 10, 0.52, turn) + at, colour)
        else:
            canvas.disc(mark.x, mark.y, max(0.5, canvas.metres(5.0)), palette.PANEL)
            canvas.disc(mark.x, mark.y, max(0.3, canvas.metres(3.2)), palette.INK_ACCENT)


def write_marks(sheet: Sheet, marks: Sequence[Mark]) -> None:
    """The words of the marks, each on a small plate above its place."""
    for mark in marks:
        if mark.text:
            x, y = sheet.place(mark.x, mark.y)
            plate(sheet, mark.text, x, y - 42 if mark.kind == "collision" else y - 30, mark.kind == "collision")


def write_names(sheet: Sheet, state: WorldState, names: Sequence[str]) -> None:
    """Names under actors, by row; the empty string for none."""
    for row, name in enumerate(names):
        if not name or not state.present[row]:
            continue
        x, y = sheet.place(float(state.position[row, 0]), float(state.position[row, 1]))
        turned = float(state.yaw[row]) - sheet.view.camera.yaw
        half = 0.5 * (
            abs(math.sin(turned)) * float(state.extent[row, 0]) + abs(math.cos(turned)) * float(state.extent[row, 1])
        )
        if 0 <= x <= sheet.size[0] and 0 <= y <= sheet.size[1]:
            plate(sheet, name, x, y + half * sheet.scale + 5)


def plate(sheet: Sheet, words: str, x: float, y: float, alarm: bool = False) -> None:
    """A small label, its middle at `x`, its top at `y`."""
    words = fitted(words, 12, 240)
    wide = text_width(words, 12) + 12
    sheet.box(x - 0.5 * wide, y, wide, 18, (*palette.FLASH[0][:3], 235) if alarm else (*palette.PANEL[:3], 190), 6)
    sheet.text(words, x, y + 3, 12, palette.INK, "middle")


def write_status(sheet: Sheet, state: WorldState, caption: Sequence[str], failing: Sequence[str] = ()) -> None:
    """Top left: speed, time, what the caption says, and what of the ego fails at the moment."""
    speed = float(np.hypot(state.velocity[EGO, 0], state.velocity[EGO, 1])) * 3.6
    lines = [fitted(line, 13, round(0.6 * sheet.size[0])) for line in (*caption, *failing)]
    figures = f"{speed:.0f}"
    wide = max([text_width(figures, 30) + 118, *(text_width(line, 13) for line in lines), 150]) + 28
    tall = 50 + 18 * len(lines) + (6 if lines else 0)
    sheet.box(MARGIN, MARGIN, wide, tall, palette.PANEL, 10)
    drawn = sheet.text(figures, MARGIN + 14, MARGIN + 11, 30, palette.INK)
    sheet.text("km/h", MARGIN + 20 + drawn, MARGIN + 24, 13, palette.INK_QUIET)
    sheet.text(f"{state.time_s:.1f} s", MARGIN + wide - 14, MARGIN + 20, 17, palette.INK_ACCENT, "right")
    for index, line in enumerate(lines):
        ink = palette.INK_ALARM if index >= len(caption) else palette.INK_QUIET if index else palette.INK
        sheet.text(line, MARGIN + 14, MARGIN + 50 + 18 * index, 13, ink)


def write_decision(sheet: Sheet, headline: str, sentence: str, alarm: bool) -> None:
    """Bottom left: the decision in a word or two, and the driver's sentence."""
    if not headline.strip() and not sentence.strip():
        return
    width, height = sheet.size
    most = min(int(0.66 * width), 620)
    rows = wrapped(sentence, 15, most - 28, 3)
    headline = fitted(headline, 12, most - 28)
    longest = max([text_width(row, 15) for row in rows] + [text_width(headline, 12)])
    wide = longest + 28
    tall = (20 if headline else 0) + 20 * len(rows) + 18
    top = height - MARGIN - tall
    sheet.box(MARGIN, top, wide, tall, palette.PANEL, 10)
    sheet.box(MARGIN, top + 8, 4, tall - 16, palette.INK_ALARM if alarm else palette.INK_ACCENT, 2)
    y = top + 10
    if headline:
        sheet.text(headline, MARGIN + 14, y, 12, palette.INK_ALARM if alarm else palette.INK_ACCENT)
        y += 20
    for index, row in enumerate(rows):
        sheet.text(row, MARGIN + 14, y + 20 * index, 15, palette.INK)


def write_scale(sheet: Sheet) -> None:
    """Bottom right: a bar of a round length."""
    width, height = sheet.size
    metres = next(
        length
        for length in (1000, 500, 200, 100, 50, 20, 10, 5, 2, 1)
        if length * sheet.scale < 0.24 * width or length == 1
    )
    long = metres * sheet.scale
    right, bottom = width - MARGIN, height - MARGIN
    sheet.box(right - long - 20, bottom - 32, long + 20, 32, (*palette.PANEL[:3], 170), 8)
    sheet.box(right - long - 10, bottom - 10, long, 3, palette.INK, 1)
    for x in (right - long - 10, right - 12):
        sheet.box(x, bottom - 14, 2, 8, palette.INK, 1)
    sheet.text(f"{metres} m", right - 10 - 0.5 * long, bottom - 28, 12, palette.INK, "middle")
