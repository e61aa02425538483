"""Draws what lies still: pavement, strips, crossings, patches, relief, marks, kerbs, stop lines and traffic lights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from alpasim.road.network import Lane, LaneKind, LineMark, RoadNetwork
from alpasim.types import FloatArray, IntArray, SignalColour
from alpasim.view import palette
from alpasim.view.canvas import Canvas, Colour
from alpasim.view.relief import draw_relief

LINE_M = 0.15
KERB_M = 0.25
DASH_M, GAP_M = 4.0, 6.0

_KIND_COLOURS: dict[LaneKind, Colour] = {
    LaneKind.DRIVING: palette.ASPHALT,
    LaneKind.BUS: palette.BUS_LANE,
    LaneKind.SHOULDER: palette.SHOULDER,
    LaneKind.PARKING: palette.PARKING,
    LaneKind.BICYCLE: palette.BICYCLE_LANE,
    LaneKind.SIDEWALK: palette.SIDEWALK,
}
_KIND_ORDER = (LaneKind.SIDEWALK, LaneKind.BICYCLE, LaneKind.PARKING, LaneKind.SHOULDER, LaneKind.BUS, LaneKind.DRIVING)


def draw_ground(canvas: Canvas, road: RoadNetwork, signals: IntArray) -> None:
    """The whole road, with its lights as they are now: `signals` (m,) SignalColour codes."""
    lanes = [lane for lane in road.lanes if _near(canvas, lane)]
    for lane in lanes:
        if lane.kind is LaneKind.SIDEWALK:
            canvas.area(_outline(canvas, lane), palette.SIDEWALK)
    _pavement(canvas, road)
    for kind in _KIND_ORDER[1:]:
        for lane in lanes:
            if lane.kind is kind:
                canvas.area(_outline(canvas, lane), _KIND_COLOURS[kind])
    for lane in lanes:
        if lane.kind is LaneKind.CROSSING:
            _zebra(canvas, lane)
    for patch in road.surfaces:
        _surface(canvas, patch.polygon, patch.friction, patch.kind)
    draw_relief(canvas, road)
    for points, mark, opposite in _borders(canvas, lanes):
        _mark(canvas, points, mark, opposite)
    for lane in lanes:
        if lane.stop_line is not None:
            _stop_line(canvas, lane.stop_line, lane.signal, signals)
    for row, signal in enumerate(road.signals):
        colour = SignalColour(int(signals[row])) if row < len(signals) else SignalColour.OFF
        _traffic_light(canvas, signal.position, colour)


def _near(canvas: Canvas, lane: Lane) -> bool:
    """Whether a lane's bounding box comes near the picture."""
    low, high = lane.centre.min(axis=0), lane.centre.max(axis=0)
    reach = canvas.view.reach_m + 15.0
    camera = canvas.view.camera
    return bool(
        low[0] < camera.x + reach
        and high[0] > camera.x - reach
        and low[1] < camera.y + reach
        and high[1] > camera.y - reach
    )


def _visible(canvas: Canvas, points: FloatArray) -> slice:
    """The stretch of a line that comes near the picture, one point more at either end."""
    camera = canvas.view.camera
    near = np.hypot(points[:, 0] - camera.x, points[:, 1] - camera.y) < canvas.view.reach_m + 20.0
    rows = np.flatnonzero(near)
    if not len(rows):
        return slice(0, len(points)) if len(points) < 50 else slice(0, 0)
    return slice(max(int(rows[0]) - 1, 0), int(rows[-1]) + 2)


def _outline(canvas: Canvas, lane: Lane) -> FloatArray:
    """A lane as a polygon, cut to what is near."""
    part = _visible(canvas, lane.centre)
    return np.vstack([lane.left[part], lane.right[part][::-1]])


def _pavement(canvas: Canvas, road: RoadNetwork) -> None:
    """The drivable area in one piece, with a hint of an edge; holes are islands."""
    for area in road.drivable.geoms:
        ring = np.asarray(area.exterior.coords)[:, :2]
        canvas.line(ring, canvas.metres(2.0), palette.PAVEMENT_EDGE)
        canvas.area(ring, palette.ASPHALT)
        for hole in area.interiors:
            canvas.area(np.asarray(hole.coords)[:, :2], palette.TERRAIN[road.terrain])


def _surface(canvas: Canvas, polygon: FloatArray, friction: float, kind: str) -> None:
    """A patch of other ground: ice and snow pale blue, soils and oil in their own colours, others darker the more slippery."""
    icy = "ice" in kind.lower() or "snow" in kind.lower() or friction < 0.25
    if kind in palette.SOILS:
        canvas.area(polygon, palette.SOILS[kind])
    elif icy:
        canvas.area(polygon, palette.ICE)
        canvas.line(polygon, canvas.metres(1.2), palette.ICE_EDGE, closed=True)
    else:
        canvas.area(polygon, palette.SLIPPERY if friction < 0.7 else palette.ROUGH)


def _borders(canvas: Canvas, lanes: Sequence[Lane]) -> Iterator[tuple[FloatArray, LineMark, bool]]:
    """Every painted border, and every one between neighbours, once: its points, its mark, whether it parts directions."""
    seen: set[frozenset[tuple[int, int]]] = set()
    for lane in lanes:
        for points, mark, neighbour in (
            (lane.left, lane.left_mark, lane.left_neighbour),
            (lane.right, lane.right_mark, lane.right_neighbour),
        ):
            if mark is LineMark.NONE and (neighbour is None or lane.in_junction):
                continue
            key = frozenset((_half_metre(points[0]), _half_metre(points[-1])))
            if key in seen:
                continue
            seen.add(key)
            opposite = neighbour is not None and not neighbour.same_direction
            part = _visible(canvas, points)
            if part.stop - part.start >= 2:
                yield points[part] if mark is not LineMark.DASHED else points, mark, opposite


def _half_metre(point: FloatArray) -> tuple[int, int]:
    return round(2.0 * float(point[0])), round(2.0 * float(point[1]))


def _mark(canvas: Canvas, points: FloatArray, mark: LineMark, opposite: bool) -> None:
    width = max(LINE_M, canvas.metres(1.1))
    colour = palette.MARK_OPPOSITE if opposite else palette.MARK
    if mark is LineMark.SOLID:
        canvas.line(points, width, colour)
    elif mark is LineMark.DASHED:
        canvas.dashes(points, width, colour, DASH_M, GAP_M)
    elif mark is LineMark.KERB:
        canvas.line(points, max(KERB_M, canvas.metres(1.6)), palette.KERB)
    else:
        canvas.line(points, width, palette.UNPAINTED)


def _zebra(canvas: Canvas, lane: Lane) -> None:
    """Bars along the traffic's direction, across the walkers' way."""
    steps = np.hypot(*np.diff(lane.centre, axis=0).T)
    s = np.concatenate([[0.0], np.cumsum(steps)])
    for start in np.arange(0.25, float(s[-1]) - 0.25, 1.0):
        at = np.array([start, min(start + 0.5, float(s[-1]))])
        left, right = (
            np.column_stack([np.interp(at, s, side[:, axis]) for axis in (0, 1)]) for side in (lane.left, lane.right)
        )
        canvas.area(np.vstack([left, right[::-1]]), palette.MARK)


def _stop_line(canvas: Canvas, line: FloatArray, signal: int, signals: IntArray) -> None:
    """A thick bar; under a light it takes a rim of the light's colour."""
    width = max(0.4, canvas.metres(2.0))
    if 0 <= signal < len(signals) and int(signals[signal]) != SignalColour.OFF:
        colour = palette.SIGNALS[SignalColour(int(signals[signal]))]
        canvas.line(line, width + max(0.5, canvas.metres(3.0)), (*colour[:3], 210))
    canvas.line(line, width, palette.STOP_LINE)


def _traffic_light(canvas: Canvas, position: tuple[float, float], colour: SignalColour) -> None:
    """A housing with three lamps, always large enough to be read and upright in the picture."""
    x, y = canvas.view.pixels(np.array([position]))[0]
    unit = 2.0 * max(0.45 * canvas.scale / 2.0, 3.2)
    box = np.array([[-0.95, -2.6], [0.95, -2.6], [0.95, 2.6], [-0.95, 2.6]]) * unit + (x, y)
    canvas.area_in_pixels(box, palette.HOUSING)
    lit = {
        SignalColour.RED: (0,),
        SignalColour.RED_YELLOW: (0, 1),
        SignalColour.YELLOW: (1,),
        SignalColour.GREEN: (2,),
        SignalColour.OFF: (),
    }[colour]
    lamps = (SignalColour.RED, SignalColour.YELLOW, SignalColour.GREEN)
    angles = np.linspace(0.0, 2.0 * np.pi, 17)[:-1]
    for index, lamp in enumerate(lamps):
        disc = np.column_stack([np.cos(angles), np.sin(angles)]) * 0.7 * unit + (x, y + (index - 1) * 1.65 * unit)
        canvas.area_in_pixels(disc, palette.SIGNALS[lamp] if index in lit else palette.LAMP_OFF)
