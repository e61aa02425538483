"""Where a moving point is along a line that may cross or come near itself.

Answers arc length and lateral offset of one point, step after step, without jumping to another branch of the line. It
does not know what the line is: the route for senses and metrics, a recorded path for metrics.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.memory import Memory, read
from alpasim.road.polyline import first_from
from alpasim.types import FloatArray

BACK_M = 30.0
"""How far behind its last place a point is looked for [m]."""
AHEAD_M = 60.0
"""How far ahead of its last place a point is looked for [m]; more than any vehicle covers in one step."""
LOST_M = 20.0
"""Farther than this from the line near its last place, a point is looked for along the whole line [m]."""


@compiled
def nearest_on_line(
    x: float, y: float, line: FloatArray, s_line: FloatArray, s_from: float, s_to: float
) -> tuple[float, float, float]:
    """Place of a point on the part of `line` (k, 2) between two arc lengths: s, offset d (left positive), distance [m].

    Beyond the two ends of the line s and d continue straight, while the distance is to the end point itself. Distance is
    inf where no segment lies in the part asked for.
    """
    best, segment = np.inf, -1
    last = line.shape[0] - 2
    first = max(0, first_from(s_line, s_from) - 1)
    for i in range(first, last + 1):
        if s_line[i] > s_to:
            break
        ux, uy = line[i + 1, 0] - line[i, 0], line[i + 1, 1] - line[i, 1]
        dx, dy = x - line[i, 0], y - line[i, 1]
        square = ux * ux + uy * uy
        if square == 0.0:
            continue
        share = min(max((dx * ux + dy * uy) / square, 0.0), 1.0)
        dx, dy = dx - share * ux, dy - share * uy
        apart = dx * dx + dy * dy
        if apart < best:
            best, segment = apart, i
    if segment < 0:
        return 0.0, 0.0, np.inf
    ux, uy = line[segment + 1, 0] - line[segment, 0], line[segment + 1, 1] - line[segment, 1]
    dx, dy = x - line[segment, 0], y - line[segment, 1]
    length = math.hypot(ux, uy)
    along, across = (dx * ux + dy * uy) / length, (ux * dy - uy * dx) / length
    held = min(max(along, 0.0), length)
    distance = math.hypot(along - held, across)
    before, beyond = segment == 0 and along < 0.0, segment == last and along > length
    if along == held or before or beyond:
        return s_line[segment] + along, across, distance
    return s_line[segment] + held, math.copysign(distance, across), distance


@compiled
def place_near(x: float, y: float, line: FloatArray, s_line: FloatArray, s_last: float) -> tuple[float, float, float]:
    """Place of a point whose last place was `s_last` (nan: not known): s, d, distance [m].

    The part of the line from BACK_M behind to AHEAD_M ahead decides, unless the point is more than LOST_M away from it
    and less than half as far from another part.
    """
    near_s, near_d, near = 0.0, 0.0, np.inf
    if not math.isnan(s_last):
        near_s, near_d, near = nearest_on_line(x, y, line, s_line, s_last - BACK_M, s_last + AHEAD_M)
        if near <= LOST_M:
            return near_s, near_d, near
    any_s, any_d, anywhere = nearest_on_line(x, y, line, s_line, -np.inf, np.inf)
    if anywhere < 0.5 * near:
        return any_s, any_d, anywhere
    return near_s, near_d, near


class LinePlace:
    """Keeps one point's place on one line from step to step.

    `line` (k, 2) [m] and its arc lengths `s` (k,); `start_s` is where the point is expected first, nan where not known.
    """

    def __init__(self, line: FloatArray, s: FloatArray, start_s: float = math.nan) -> None:
        self._line = np.ascontiguousarray(line, dtype=np.float64)
        self._s = np.ascontiguousarray(s, dtype=np.float64)
        self._start_s = start_s
        self._last = start_s

    def reset(self) -> None:
        """Forget where the point was."""
        self._last = self._start_s

    def save(self) -> Memory:
        """Where the point was last."""
        return {"last": float(self._last)}

    def load(self, memory: Memory) -> None:
        """Look for it from there."""
        self._last = read(memory, "last", float)

    def locate(self, x: float, y: float) -> tuple[float, float, float]:
        """Arc length, offset to the left and distance from the line of a point in the line's frame [m]."""
        place = place_near(x, y, self._line, self._s, self._last)
        self._last = place[0]
        return place
