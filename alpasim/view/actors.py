"""Places the figures of road users in the picture: shadow, velocity cue, drawing order, the ego in its own colour."""

from __future__ import annotations

import math

import numpy as np

from alpasim.types import EGO, VULNERABLE, ActorKind, FloatArray, WorldState
from alpasim.view import figures, palette, shapes
from alpasim.view.canvas import Canvas

CUE_S = 1.0
"""The velocity cue reaches to where the actor will be after this time."""

SMALLEST_PX = 13.0
"""People and other small things are drawn at least this large, whatever the scale."""

BRAKING = -0.02
"""A pedal below this lights the ego's brake lights."""

_LATER = {
    ActorKind.DEBRIS: 0,
    ActorKind.CONE: 0,
    ActorKind.BARRIER: 0,
    ActorKind.MOTORCYCLE: 2,
    ActorKind.BICYCLE: 2,
    ActorKind.ANIMAL: 2,
    ActorKind.PEDESTRIAN: 3,
}


def draw_actors(canvas: Canvas, state: WorldState, ego_cue: bool = True) -> None:
    """Everybody who is present: low things first, then vehicles, then people, the ego last. Without `ego_cue` the ego gets
    no velocity arrow, because its plan is drawn already."""
    rows = [row for row in range(1, len(state.ids)) if state.present[row] and _in_picture(canvas, state, row)]
    rows.sort(key=lambda row: _LATER.get(ActorKind(int(state.kinds[row])), 1))
    for row in rows:
        if int(state.kinds[row]) in VULNERABLE:
            _halo(canvas, state, row)
    for row in [*rows, EGO] if ego_cue else rows:
        _velocity_cue(canvas, state, row)
    for row in [*rows, EGO]:
        _figure(canvas, state, row)


def _in_picture(canvas: Canvas, state: WorldState, row: int) -> bool:
    dx, dy = float(state.position[row, 0]) - canvas.view.camera.x, float(state.position[row, 1]) - canvas.view.camera.y
    return math.hypot(dx, dy) < canvas.view.reach_m + float(state.extent[row, 0]) + 40.0


def _placed(shape: FloatArray, x: float, y: float, yaw: float, enlarge: float = 1.0) -> FloatArray:
    """A shape of an actor's own frame in the world [m]."""
    turn = enlarge * np.array([[math.cos(yaw), math.sin(yaw)], [-math.sin(yaw), math.cos(yaw)]])
    return np.asarray(shape @ turn + (x, y))


def _figure(canvas: Canvas, state: WorldState, row: int) -> None:
    """One actor with its shadow, and a red rim where it has been hit."""
    kind = ActorKind(int(state.kinds[row]))
    length, width = float(state.extent[row, 0]), float(state.extent[row, 1])
    x, y, yaw = float(state.position[row, 0]), float(state.position[row, 1]), float(state.yaw[row])
    enlarge = max(canvas.metres(SMALLEST_PX) / max(length, width, 0.05), 1.0)
    outline = shapes.rounded(length, width, 0.35 * width, 0.25 * width)
    if kind in figures.VEHICLE_KINDS:
        lift = canvas.metres(1.6)
        down = canvas.view.camera.yaw - 0.3 * math.pi
        canvas.area(
            _placed(outline, x + lift * math.cos(down), y + lift * math.sin(down), yaw, enlarge), palette.SHADOW
        )
    line = canvas.metres(0.8)
    if row == EGO:
        tint = (palette.EGO, palette.EGO_ROOF)
        parts = figures.car(length, width, tint, line, braking=state.ego.pedal < BRAKING)
    else:
        parts = figures.figure(kind, length, width, palette.VEHICLES[row % len(palette.VEHICLES)], line)
    for shape, colour in parts:
        canvas.area(_placed(shape, x, y, yaw, enlarge), colour)
    if state.struck[row]:
        canvas.line(_placed(outline, x, y, yaw, enlarge), canvas.metres(1.6), palette.STRUCK, closed=True)


def _halo(canvas: Canvas, state: WorldState, row: int) -> None:
    """A soft ring round people and animals, who are small and matter most."""
    x, y = float(state.position[row, 0]), float(state.position[row, 1])
    radius = max(0.5 * float(state.extent[row, 0]) + 0.4, canvas.metres(13.0))
    canvas.disc(x, y, radius, palette.HALO)
    canvas.disc(x, y, 0.72 * radius, palette.HALO)


def _velocity_cue(canvas: Canvas, state: WorldState, row: int) -> None:
    """A thin arrow from the nose to where the actor will be in a second."""
    across, up = float(state.velocity[row, 0]), float(state.velocity[row, 1])
    speed = math.hypot(across, up)
    if speed < 0.4:
        return
    heading = math.atan2(up, across)
    turned = heading - float(state.yaw[row])
    length, width = float(state.extent[row, 0]), float(state.extent[row, 1])
    nose = 0.5 * (abs(math.cos(turned)) * length + abs(math.sin(turned)) * width)
    tip, head, thick = nose + CUE_S * speed, max(canvas.metres(3.2), 0.28), canvas.metres(1.5)
    at = (float(state.position[row, 0]), float(state.position[row, 1]), heading)
    colour = palette.EGO_VELOCITY if row == EGO else palette.VELOCITY
    if tip - nose > 1.9 * head:
        shaft = shapes.rectangle(nose + 0.2, tip - 1.3 * head, -0.5 * thick, 0.5 * thick)
        canvas.area(_placed(shaft, *at), colour)
    canvas.area(_placed(shapes.arrow_head(tip, head), *at), colour)
