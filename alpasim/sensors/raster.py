"""The bird's-eye raster: road, route, actors now and before, and the ego, drawn from above in the rig frame.

Answers what lies where around the ego, as a small picture for learned drivers. Row 0 lies farthest ahead and column 0
farthest to the left: the middle of the pixel in row r and column c is at

    x = (size - r - 0.5) * resolution - behind      y = (size / 2 - c - 0.5) * resolution

metres in the rig frame. A pixel is 255 in a layer when its middle lies inside what the layer shows, and 0 otherwise; the one in
which an actor's middle lies is 255 too, so that nobody is lost between the middles. Lines are at least one pixel wide. Actors
are those of the object list as perceived (`perception:` of a scenario), at the places at which they were perceived; the past
ones too are drawn where they stood on the road.

| array | shape | |
|---|---|---|
| `layers` | (layers, size, size) uint8 | in the order of `layer_names` |

| layer | what it shows |
|---|---|
| `drivable` | lanes, shoulders and parking strips for vehicles |
| `lane_borders` | both borders of every such lane |
| `route` | the lane that the route follows |
| `ego` | the ego's box |
| `actors` | every perceived actor's box |
| `actors_past_1` … | the same, `past_step_s`, 2 `past_step_s` … before; empty before the start |
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from alpasim.compiled import compiled
from alpasim.geometry import box_corners
from alpasim.memory import Memory, finite, read
from alpasim.road.network import DRIVABLE_KINDS, RoadNetwork
from alpasim.scenario.senses import BevModel, past_step_us, period_us
from alpasim.sensors.sensor import SensorContext
from alpasim.types import EGO, FloatArray, Reading, Route, WorldState, frozen
from alpasim.vehicle.frames import rig_from_box

Image = NDArray[np.uint8]

STATIC_LAYERS = ("drivable", "lane_borders", "route", "ego", "actors")
_DRIVABLE, _BORDERS, _ROUTE, _EGO, _ACTORS = range(5)
INK = 255


def layer_names(past_frames: int) -> tuple[str, ...]:
    """The layers in order."""
    return (*STATIC_LAYERS, *(f"actors_past_{k + 1}" for k in range(past_frames)))


@compiled
def fill_quad(layer: Image, corners: FloatArray) -> None:
    """Ink the pixels of `layer` (h, w) whose middles lie in a quadrilateral (4, 2) of column, row coordinates, whichever way
    it turns; a crossed one is filled where either winding holds."""
    rows, columns = layer.shape
    low_x = high_x = corners[0, 0]
    low_y = high_y = corners[0, 1]
    for i in range(1, 4):
        low_x, high_x = min(low_x, corners[i, 0]), max(high_x, corners[i, 0])
        low_y, high_y = min(low_y, corners[i, 1]), max(high_y, corners[i, 1])
    if high_x < 0.0 or high_y < 0.0 or low_x > columns or low_y > rows:
        return
    for r in range(max(math.ceil(low_y - 0.5), 0), min(math.floor(high_y - 0.5), rows - 1) + 1):
        y = r + 0.5
        # The polygon's outline cuts the row at two places (four where it is crossed or hollow): between first and second…
        cuts = np.empty(4)
        count = 0
        for i in range(4):
            x1, y1 = corners[i, 0], corners[i, 1]
            x2, y2 = corners[(i + 1) % 4, 0], corners[(i + 1) % 4, 1]
            if (y1 > y) != (y2 > y):
                at = x1 + (y - y1) / (y2 - y1) * (x2 - x1)
                k = count
                while k > 0 and cuts[k - 1] > at:
                    cuts[k] = cuts[k - 1]
                    k -= 1
                cuts[k] = at
                count += 1
        for k in range(0, count - 1, 2):
            first = max(math.ceil(cuts[k] - 0.5), 0)
            last = min(math.ceil(cuts[k + 1] - 0.5) - 1, columns - 1)
            for c in range(first, last + 1):
                layer[r, c] = INK


@compiled
def draw_line(layer: Image, x1: float, y1: float, x2: float, y2: float) -> None:
    """Ink a line one pixel wide between two points in column, row coordinates: one pixel in each row or column it crosses,
    whichever are more."""
    rows, columns = layer.shape
    dx, dy = x2 - x1, y2 - y1
    # Keep only the part inside the picture (Liang and Barsky).
    enter, leave = 0.0, 1.0
    for start, way, size in ((x1, dx, columns), (y1, dy, rows)):
        if way == 0.0:
            if start < 0.0 or start >= size:
                return
            continue
        first, last = -start / way, (size - start) / way
        enter, leave = max(enter, min(first, last)), min(leave, max(first, last))
    if enter > leave:
        return
    x1, y1, x2, y2 = x1 + enter * dx, y1 + enter * dy, x1 + leave * dx, y1 + leave * dy
    steps = max(math.ceil(max(abs(x2 - x1), abs(y2 - y1))), 1)
    for k in range(steps + 1):
        c = math.floor(x1 + (x2 - x1) * k / steps)
        r = math.floor(y1 + (y2 - y1) * k / steps)
        if 0 <= r < rows and 0 <= c < columns:
            layer[r, c] = INK


@compiled
def _place(points: FloatArray, view: FloatArray) -> FloatArray:
    """Column, row coordinates (k, 2) of world points; `view` (6,): rig x, y, cos, sin, 1 / resolution, pixels ahead; then
    half the picture's width in pixels."""
    placed = np.empty(points.shape)
    for i in range(points.shape[0]):
        dx, dy = points[i, 0] - view[0], points[i, 1] - view[1]
        placed[i, 0] = view[6] - (dy * view[2] - dx * view[3]) * view[4]
        placed[i, 1] = view[5] - (dx * view[2] + dy * view[3]) * view[4]
    return placed


@compiled
def draw_quads(
    layer: Image, quads: FloatArray, bounds: FloatArray, view: FloatArray, reach: float, small_too: bool
) -> None:
    """Fill every quadrilateral (q, 4, 2) of the world whose bounding circle (q, 3) x, y, radius comes within `reach` of the
    rig; with `small_too` also the pixel in which its middle lies, as one smaller than a pixel may lie between all middles."""
    rows, columns = layer.shape
    for i in range(quads.shape[0]):
        dx, dy, far = bounds[i, 0] - view[0], bounds[i, 1] - view[1], bounds[i, 2] + reach
        if dx * dx + dy * dy > far * far:
            continue
        fill_quad(layer, _place(quads[i], view))
        if small_too:
            c = math.floor(view[6] - (dy * view[2] - dx * view[3]) * view[4])
            r = math.floor(view[5] - (dx * view[2] + dy * view[3]) * view[4])
            if 0 <= r < rows and 0 <= c < columns:
                layer[r, c] = INK


@compiled
def draw_lines(layer: Image, lines: FloatArray, bounds: FloatArray, view: FloatArray, reach: float) -> None:
    """Draw every line (l, 2, 2) of the world whose bounding circle comes within `reach` of the rig."""
    for i in range(lines.shape[0]):
        dx, dy, far = bounds[i, 0] - view[0], bounds[i, 1] - view[1], bounds[i, 2] + reach
        if dx * dx + dy * dy <= far * far:
            ends = _place(lines[i], view)
            draw_line(layer, ends[0, 0], ends[0, 1], ends[1, 0], ends[1, 1])


def _strips(left: FloatArray, right: FloatArray) -> FloatArray:
    """Quadrilaterals (k - 1, 4, 2) between two borders (k, 2) with equally many points."""
    return np.stack((right[:-1], right[1:], left[1:], left[:-1]), axis=1)


def _bounds(shapes: FloatArray) -> FloatArray:
    """Bounding circles (q, 3) x, y, radius of shapes (q, corners, 2)."""
    middle = shapes.mean(axis=1)
    radius = np.hypot(*np.moveaxis(shapes - middle[:, None], 2, 0)).max(axis=1) if len(shapes) else np.zeros(0)
    return frozen(np.ascontiguousarray(np.column_stack((middle, radius))))


def _road_shapes(road: RoadNetwork) -> tuple[FloatArray, FloatArray]:
    """Quadrilaterals of every drivable lane, and segments of its borders."""
    lanes = [lane for lane in road.lanes if lane.kind in DRIVABLE_KINDS]
    quads = [_strips(lane.left, lane.right) for lane in lanes]
    borders = [np.stack((line[:-1], line[1:]), axis=1) for lane in lanes for line in (lane.left, lane.right)]
    empty = np.zeros((0, 4, 2)), np.zeros((0, 2, 2))
    return (
        frozen(np.ascontiguousarray(np.concatenate([empty[0], *quads]))),
        frozen(np.ascontiguousarray(np.concatenate([empty[1], *borders]))),
    )


def _route_shapes(route: Route) -> FloatArray:
    """Quadrilaterals of the lane that the route follows."""
    aside = np.column_stack((-np.sin(route.heading), np.cos(route.heading)))
    left = route.centre + aside * route.lane_left[:, None]
    right = route.centre - aside * route.lane_right[:, None]
    return frozen(np.ascontiguousarray(_strips(left, right)))


class Bev:
    """The raster of one scenario; see the module for what its Reading holds."""

    def __init__(self, context: SensorContext) -> None:
        options = context.options or BevModel()
        scenario = context.scenario
        self.name = context.name
        self.period_us = period_us(context.name, options.rate_hz, scenario.dt_us)
        self._past_us = past_step_us(options, scenario.dt_us)
        self._frames, self._size = options.past_frames, options.size_px
        side = options.size_px * options.resolution_m
        behind = 0.25 * side if options.behind_m is None else options.behind_m
        self._scale = np.array([1.0 / options.resolution_m, (side - behind) / options.resolution_m, 0.5 * self._size])
        self._reach = math.hypot(max(behind, side - behind), 0.5 * side)
        self._vehicle, self._tracks = scenario.ego.vehicle, context.tracks
        self._quads, self._borders = _road_shapes(scenario.road)
        self._route = _route_shapes(scenario.ego.route)
        self._circles = _bounds(self._quads), _bounds(self._borders), _bounds(self._route)
        self._past: dict[int, FloatArray] = {}

    def reset(self, state: WorldState) -> None:  # noqa: ARG002
        """Forget where actors were."""
        self._past = {}

    def save(self) -> Memory:
        """Where actors were."""
        return {"past": [{"time_us": time, "boxes": boxes} for time, boxes in self._past.items()]}

    def load(self, memory: Memory) -> None:
        """Go on from there."""
        past = read(memory, "past", list)
        self._past = {read(one, "time_us", int): finite(one, "boxes", (-1, 4, 2)) for one in past}

    def observe(self, state: WorldState) -> Reading:
        """The picture at this moment."""
        rig = rig_from_box(state.position[EGO], float(state.yaw[EGO]), self._vehicle)
        view = np.array([rig[0], rig[1], math.cos(rig[3]), math.sin(rig[3]), *self._scale])
        layers = np.zeros((len(STATIC_LAYERS) + self._frames, self._size, self._size), dtype=np.uint8)
        draw_quads(layers[_DRIVABLE], self._quads, self._circles[0], view, self._reach, False)
        draw_lines(layers[_BORDERS], self._borders, self._circles[1], view, self._reach)
        draw_quads(layers[_ROUTE], self._route, self._circles[2], view, self._reach, False)
        here = slice(EGO, EGO + 1)
        self._draw_boxes(layers[_EGO], box_corners(state.position[here], state.yaw[here], state.extent[here]), view)
        tracks = self._tracks()
        boxes = box_corners(tracks.position, tracks.yaw, tracks.extent)
        self._draw_boxes(layers[_ACTORS], boxes, view)
        for frame in range(self._frames):
            before = self._past.get(state.time_us - (frame + 1) * self._past_us)
            if before is not None:
                self._draw_boxes(layers[_ACTORS + 1 + frame], before, view)
        self._remember(state.time_us, boxes)
        return Reading(state.time_us, {"layers": frozen(layers)})

    def _draw_boxes(self, layer: Image, boxes: FloatArray, view: FloatArray) -> None:
        boxes = np.ascontiguousarray(boxes)
        draw_quads(layer, boxes, _bounds(boxes), view, self._reach, True)

    def _remember(self, time_us: int, boxes: FloatArray) -> None:
        """Keep the boxes for as long as a later picture may show them."""
        self._past[time_us] = boxes
        self._past.pop(time_us - self._frames * self._past_us, None)
        oldest = time_us - self._frames * self._past_us
        for time in [time for time in self._past if time < oldest]:
            del self._past[time]
