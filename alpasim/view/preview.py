"""The picture of a scenario before anybody drives it: who stands where, who goes where, what waits for whom, and when.

Answers with one picture: the scene near the ego, the whole way to the goal below it where that is longer, and a panel with
events, faults and a time axis. Further draws of the same file appear as pale boxes where their actors start.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from alpasim.scenario.concrete import Scenario
from alpasim.types import EGO, VULNERABLE, FloatArray, WorldState
from alpasim.view import palette, shapes
from alpasim.view.actors import draw_actors
from alpasim.view.camera import Camera, Projection, fitting
from alpasim.view.canvas import Canvas, Sheet, UInt8Array, text_width
from alpasim.view.ground import draw_ground
from alpasim.view.labels import ROW, Labels, box_of
from alpasim.view.overlay import MARGIN, draw_goal, write_scale
from alpasim.view.preview_panel import panel, title
from alpasim.view.relief import relief_labels
from alpasim.view.start import Place, Way, places_of, route_of, state_at_start, ways_of

WIDTH = 1280
NEAR_M = 150.0
"""The scene shows everybody no further from the ego than this; what lies beyond is in the strip below it."""
WORTH = 0.6
"""A scene of its own is worth its room where it is narrower than this share of the whole."""


def preview(scenario: Scenario, draws: Sequence[Scenario] = ()) -> UInt8Array:
    """The picture (height, 1280, 3) uint8 of a concrete scenario, with other `draws` of the same file as pale boxes."""
    state, ways, places = state_at_start(scenario), list(ways_of(scenario)), list(places_of(scenario))
    route, yaw = route_of(scenario), float(scenario.ego.pose[2])
    everything = [state.position[:, :2], route, *scenario.ego.goal.regions]
    everything += [way.points for way in ways] + [place.points for place in places]
    ego = state.position[EGO, :2]
    near = [points[np.hypot(*(points - ego).T) < NEAR_M] for points in everything]
    whole, close = _fitted(everything, yaw, 200, 700), _fitted([rows for rows in near if len(rows)], yaw, 200, 460)
    seen = (scenario, draws, state, ways, places, route)
    if close[0].span_m > WORTH * whole[0].span_m:
        sheets = [_scene(*seen, *whole, range(len(state.ids)))]
    else:
        inside = Projection(close[0], WIDTH, close[1])
        far = [row for row in range(len(state.ids)) if not inside.sees(inside.pixels(state.position[[row], :2]), 0.0)]
        sheets = [_scene(*seen, *close, range(len(state.ids))), _scene(*seen, *_fitted(everything, yaw, 140, 360), far)]
        _caption(sheets[0], "near the ego")
        _caption(sheets[1], "the whole way")
    sheets.insert(0, title(scenario, WIDTH, draws))
    sheets.append(panel(scenario, WIDTH, waits=bool(places), ghosts=bool(draws)))
    return np.concatenate([sheet.array() for sheet in sheets])


def _fitted(points: Sequence[FloatArray], yaw: float, least: int, most: int) -> tuple[Camera, int]:
    """A camera that shows the points, and the height of a picture [px] that they fill."""
    every = np.concatenate([rows.reshape(-1, 2) for rows in points])
    turn = np.array([[math.cos(yaw), -math.sin(yaw)], [math.sin(yaw), math.cos(yaw)]])
    wide, tall = np.ptp(every @ turn, axis=0) + 24.0
    height = round(min(max(WIDTH * float(tall) / float(wide), least), most))
    return fitting([every], (WIDTH, height), margin_m=12.0, yaw=yaw), height


def _scene(
    scenario: Scenario,
    draws: Sequence[Scenario],
    state: WorldState,
    ways: Sequence[Way],
    places: Sequence[Place],
    route: FloatArray,
    camera: Camera,
    height: int,
    named: Sequence[int],
) -> Sheet:
    """Road, ways, places of events, pale draws and everybody at the start, with the names of the rows in `named`."""
    canvas = Canvas((WIDTH, height), camera, palette.TERRAIN[scenario.road.terrain])
    draw_ground(canvas, scenario.road, state.signals)
    draw_goal(canvas, scenario.ego.goal.regions)
    canvas.line(route, max(0.7 * float(state.extent[EGO, 1]), canvas.metres(3.0)), (*palette.PLAN[:3], 80))
    for place in places:
        _place(canvas, place)
    for other in draws:
        for way in ways_of(other):
            _way(canvas, way, 70)
        _ghosts(canvas, state_at_start(other))
    for way in ways:
        _way(canvas, way, 230)
    draw_actors(canvas, state)
    sheet = canvas.finish()
    labels = Labels(sheet, (box_of(sheet, state, row) for row in range(len(state.ids))))
    _names(sheet, labels, state, [row for row in named if row == EGO])
    for place in places:
        top = min((sheet.place(float(x), float(y)) for x, y in place.points), key=lambda at: at[1])
        if -10.0 < top[0] < WIDTH + 10.0 and -20.0 < top[1] < height:
            labels.put(f"event {place.number}", (top[0], top[1], top[0], top[1]), above=True)
    _patches(sheet, labels, scenario)
    for words, x, y in relief_labels(sheet, scenario.road):
        labels.put(words, (x, y, x, y), above=True)
    _names(sheet, labels, state, [row for row in named if row != EGO])
    labels.write()
    write_scale(sheet)
    return sheet


def _way(canvas: Canvas, way: Way, alpha: int) -> None:
    """A line, dashed where an event sends the actor along it, with dots at the waypoints and a head at its end."""
    if len(way.points) < 2:
        return
    colour = (*palette.WAY[:3], alpha)
    width = max(0.2, canvas.metres(1.8))
    if way.later:
        canvas.dashes(way.points, width, colour, canvas.metres(9.0), canvas.metres(6.0))
    else:
        canvas.line(way.points, width, colour)
    for x, y in way.stops[:200]:
        canvas.disc(float(x), float(y), max(0.3, canvas.metres(2.6)), colour)
    steps = np.hypot(*np.diff(way.points, axis=0).T)
    last = int(np.flatnonzero(steps > 1e-6)[-1]) if (steps > 1e-6).any() else -1
    if last >= 0:
        dx, dy = (way.points[last + 1] - way.points[last]) / steps[last]
        head = shapes.arrow_head(max(1.4, canvas.metres(9.0)), max(0.9, canvas.metres(6.0)))
        canvas.area(head @ np.array([[dx, dy], [-dy, dx]]) + way.points[-1], colour)


def _place(canvas: Canvas, place: Place) -> None:
    if place.closed:
        canvas.area(place.points, (*palette.TRIGGER[:3], 22))
    canvas.line(place.points, max(0.3, canvas.metres(2.2)), (*palette.TRIGGER[:3], 235), closed=place.closed)


def _ghosts(canvas: Canvas, state: WorldState) -> None:
    """Pale boxes where everybody starts in another draw."""
    for row in range(len(state.ids)):
        half = 0.5 * state.extent[row, :2]
        yaw = float(state.yaw[row])
        turn = np.array([[math.cos(yaw), math.sin(yaw)], [-math.sin(yaw), math.cos(yaw)]])
        corners = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) * np.maximum(half, canvas.metres(3.0))
        colour = palette.EGO if row == EGO else palette.GHOST
        box = corners @ turn + state.position[row, :2]
        canvas.area(box, (*colour[:3], 60))
        canvas.line(box, canvas.metres(0.8), (*colour[:3], 150), closed=True)


def _caption(sheet: Sheet, words: str) -> None:
    """What a part of the picture shows, in its upper left corner."""
    sheet.box(MARGIN, 8, text_width(words, 12) + 16, 20, (*palette.PANEL[:3], 170), 6)
    sheet.text(words, MARGIN + 8, 12, 12, palette.INK)


def _names(sheet: Sheet, labels: Labels, state: WorldState, named: Sequence[int]) -> None:
    """The names of rows in sight, people and animals before others."""
    for row in sorted(named, key=lambda row: (int(state.kinds[row]) not in VULNERABLE, row)):
        x, y = sheet.place(float(state.position[row, 0]), float(state.position[row, 1]))
        if 0.0 < x < sheet.size[0] and 0.0 < y < sheet.size[1]:
            labels.put(state.ids[row], box_of(sheet, state, row))


def _patches(sheet: Sheet, labels: Labels, scenario: Scenario) -> None:
    """Kind and grip beside patches of other ground."""
    for patch in scenario.road.surfaces[:12]:
        corners = sheet.view.pixels(patch.polygon) * (sheet.size[0] / sheet.view.width)
        middle = 0.5 * float(corners[:, 0].min() + corners[:, 0].max())
        top, bottom = span_at(corners, middle)
        if MARGIN < middle < WIDTH - MARGIN and top > -ROW and bottom < sheet.size[1] + ROW:
            labels.put(f"{patch.kind} {patch.friction:.2g}", (middle, top, middle, bottom), above=True)


def span_at(corners: FloatArray, x: float) -> tuple[float, float]:
    """From where to where a polygon (k, 2) reaches on the vertical line at `x`, which has to meet it."""
    ends = np.roll(corners, -1, axis=0)
    crossed = (np.minimum(corners[:, 0], ends[:, 0]) <= x) & (x <= np.maximum(corners[:, 0], ends[:, 0]))
    one, other = corners[crossed], ends[crossed]
    wide = other[:, 0] - one[:, 0]
    share = np.divide(x - one[:, 0], wide, out=np.zeros(len(one)), where=wide != 0.0)
    heights = one[:, 1] + share * (other[:, 1] - one[:, 1])
    return float(heights.min()), float(heights.max())
