"""Labels on a picture that cover neither each other nor what they name, however dense the scene is.

Answers where there is room for a label near its place; one for which there is none is left out, and a thin line leads to one
that had to go further off.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from alpasim.types import WorldState
from alpasim.view import palette
from alpasim.view.canvas import Sheet, text_width
from alpasim.view.overlay import MARGIN, plate

Box = tuple[float, float, float, float]
"""Left, top, right and bottom [px]."""
SIZE, TALL, ROW, ROWS = 12, 18.0, 20.0, 6
"""Of letters, of a label, from one row of labels to the next [px], and how many rows away from its place a label may lie."""


class Labels:
    """The labels of one sheet, none over the boxes in `kept`; `write` draws them, lines below all."""

    def __init__(self, sheet: Sheet, kept: Iterable[Box] = ()) -> None:
        wide, tall = sheet.size
        scale = (0.74 * wide - 2 * MARGIN, tall - MARGIN - 32.0, wide, tall)
        self._sheet = sheet
        self._taken: list[Box] = [scale, *kept]
        self._plates: list[tuple[str, float, float]] = []
        self._lines: list[Box] = []

    def put(self, words: str, place: Box, above: bool = False) -> bool:
        """Find room for a label below (or first `above`) a place, as near as there is some; False where there is none."""
        left, upper, right, lower = place
        half = 0.5 * text_width(words, SIZE) + 7.0
        middle = 0.5 * (left + right)
        x = min(max(middle, half), self._sheet.size[0] - half)
        for row in range(ROWS):
            tops = (lower + 5.0 + ROW * row, upper - 3.0 - TALL - ROW * row)
            for top in reversed(tops) if above else tops:
                box = (x - half, top, x + half, top + TALL)
                if self._free(box):
                    self._taken.append(box)
                    self._plates.append((words, x, top))
                    if row:
                        ends = (lower, top) if top > lower else (top + TALL, upper)
                        self._lines.append((middle - 0.5, ends[0], middle + 0.5, ends[1]))
                    return True
        return False

    def write(self) -> None:
        """Draw what there was room for."""
        for left, top, right, bottom in self._lines:
            self._sheet.box(left, top, right - left, bottom - top, (*palette.PANEL[:3], 130), 0)
        for words, x, top in self._plates:
            plate(self._sheet, words, x, top)

    def _free(self, box: Box) -> bool:
        """Whether a box is inside the picture and over nothing that is taken."""
        left, top, right, bottom = box
        wide, tall = self._sheet.size
        inside = left >= 0.0 and top >= 2.0 and right <= wide and bottom <= tall - 2.0
        return inside and not any(overlap(box, taken) for taken in self._taken)


def overlap(one: Box, other: Box) -> bool:
    """Whether two boxes share more than a border."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def box_of(sheet: Sheet, state: WorldState, row: int) -> Box:
    """What an actor covers of a sheet, also where that is outside of it."""
    x, y = sheet.place(float(state.position[row, 0]), float(state.position[row, 1]))
    turned = float(state.yaw[row]) - sheet.view.camera.yaw
    along, across = abs(math.cos(turned)), abs(math.sin(turned))
    long, wide = 0.5 * sheet.scale * float(state.extent[row, 0]), 0.5 * sheet.scale * float(state.extent[row, 1])
    reach, rise = along * long + across * wide, across * long + along * wide
    return x - reach, y - rise, x + reach, y + rise
