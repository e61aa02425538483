"""What bodies stand on where a road rises: the heights and tilts of those that are guided, and ground under those that are free.

Answers how high and how tilted a box stands at a place, and keeps a large flat box, a tile, tangent under every body that
physics moves, which that body alone can touch: on a constant grade it never moves, in a curve it follows. Only grades and
cross-slopes carry free bodies here. Kerbs, bumps and holes are felt by wheels (`vehicle`), and kerbs and bumps by what has been
struck (`kerbs.py`). What is guided stands on them: vehicles on the plane through the ground under their wheels, all others on the ground
under their middle.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from alpasim.compiled import compiled
from alpasim.geometry import axes_on_slope, quaternion_from_axes
from alpasim.road.relief import LEVEL, Relief, height_at, parts_at, rise_at
from alpasim.scenario.concrete import Scenario
from alpasim.types import ActorKind, BoolArray, FloatArray
from alpasim.world.bounds import FARTHEST_M
from alpasim.world.bullet import Engine, Quaternion
from alpasim.world.wreck_wheels import AXLES, TRACK

ON_WHEELS = frozenset(
    {
        ActorKind.CAR,
        ActorKind.VAN,
        ActorKind.TRUCK,
        ActorKind.BUS,
        ActorKind.TRAIN,
        ActorKind.MOTORCYCLE,
        ActorKind.BICYCLE,
        ActorKind.UNKNOWN,
    }
)
"""Kinds that stand on wheels."""

TWO_WHEELS = frozenset({ActorKind.MOTORCYCLE, ActorKind.BICYCLE})
"""Those of them whose wheels follow one track."""

TILE_CELL_M = 256.0
"""A tile is anchored in the middle of the cell of this size under its body, so that it lies still on a constant grade."""


@compiled
def lies(x: float, y: float, yaw: float, ahead: float, aside: float, relief: Relief) -> tuple[float, float, float]:
    """Height and slopes dz/dx, dz/dy at (x, y) of the plane on which a body of that heading stands: the rise, and above it
    what is raised or sunk under its wheels, which are `ahead` and `aside` of its middle. No length means no wheels."""
    height, slope_x, slope_y = rise_at(x, y, relief)
    if relief.shape.shape[0] == 0 or ahead <= 0.0:
        return height, slope_x, slope_y
    cos, sin = math.cos(yaw), math.sin(yaw)
    ax, ay, bx, by = ahead * cos, ahead * sin, -aside * sin, aside * cos
    front_left, front_right = parts_at(x + ax + bx, y + ay + by, relief), parts_at(x + ax - bx, y + ay - by, relief)
    rear_left, rear_right = parts_at(x - ax + bx, y - ay + by, relief), parts_at(x - ax - bx, y - ay - by, relief)
    pitches = (front_left + front_right - rear_left - rear_right) / (4.0 * ahead)
    rolls = 0.0
    if aside > 0.0:
        rolls = (front_left + rear_left - front_right - rear_right) / (4.0 * aside)
    height += 0.25 * (front_left + front_right + rear_left + rear_right)
    return height, slope_x + pitches * cos - rolls * sin, slope_y + pitches * sin + rolls * cos


@compiled
def tilted(x: float, y: float, yaw: float, ahead: float, aside: float, relief: Relief) -> Quaternion:
    """Rotation of a body of that heading that stands at (x, y) (see `lies`): its x axis points along the heading, seen from
    above."""
    _, slope_x, slope_y = lies(x, y, yaw, ahead, aside, relief)
    if slope_x == 0.0 and slope_y == 0.0 and not relief.rising:
        return 0.0, 0.0, math.sin(0.5 * yaw), math.cos(0.5 * yaw)
    forward, left, up = axes_on_slope(yaw, slope_x, slope_y)
    return quaternion_from_axes(forward, left, up)


@compiled
def stand(
    position: FloatArray,
    yaw: FloatArray,
    velocity: FloatArray,
    present: BoolArray,
    struck: BoolArray,
    extent: FloatArray,
    wheels: FloatArray,
    upright: BoolArray,
    relief: Relief,
) -> None:
    """Put guided rows of a Motion on the ground: heights of `position` and vertical parts of `velocity` (n, 3).

    `wheels` (n, 2) lie ahead and aside of the middle; rows without stand on the whole height under it. `upright` ones do not
    tilt.
    """
    for i in range(1, present.shape[0]):
        if struck[i] or not present[i]:
            continue
        x, y = position[i, 0], position[i, 1]
        height, lean_x, lean_y = lies(x, y, yaw[i], wheels[i, 0], wheels[i, 1], relief)
        if wheels[i, 0] == 0.0:
            height = height_at(x, y, relief)
        lean = 1.0 if upright[i] else math.sqrt(1.0 + lean_x**2 + lean_y**2)
        position[i, 2] = height + 0.5 * extent[i, 2] * lean
        _, slope_x, slope_y = rise_at(x, y, relief)
        velocity[i, 2] = slope_x * velocity[i, 0] + slope_y * velocity[i, 1]


@compiled
def tilt(
    rotation: FloatArray,
    position: FloatArray,
    yaw: FloatArray,
    present: BoolArray,
    struck: BoolArray,
    wheels: FloatArray,
    upright: BoolArray,
    relief: Relief,
) -> None:
    """Turn guided rows of a state's `rotation` (n, 4), which has them level, as they stand."""
    for i in range(1, present.shape[0]):
        if struck[i] or upright[i] or not present[i]:
            continue
        x, y = position[i, 0], position[i, 1]
        _, slope_x, slope_y = lies(x, y, yaw[i], wheels[i, 0], wheels[i, 1], relief)
        if slope_x == 0.0 and slope_y == 0.0 and not relief.rising:
            continue
        x, y, z, w = tilted(x, y, yaw[i], wheels[i, 0], wheels[i, 1], relief)
        rotation[i, 0], rotation[i, 1], rotation[i, 2], rotation[i, 3] = x, y, z, w


class Standing:
    """The relief of the scenario at hand, asked for rows."""

    def __init__(self, scenario: Scenario) -> None:
        kinds = [actor.kind for actor in scenario.actors]
        self._upright = np.array([False, *(kind is ActorKind.PEDESTRIAN for kind in kinds)])
        self._extent = np.array(
            [scenario.ego.vehicle.extent, *(actor.extent for actor in scenario.actors)], dtype=np.float64
        )
        self._wheels = 0.5 * self._extent[:, :2] * [AXLES, TRACK]
        self._wheels[[False, *(kind not in ON_WHEELS for kind in kinds)]] = 0.0
        self._wheels[[False, *(kind in TWO_WHEELS for kind in kinds)], 1] = 0.0
        self.relief: Relief = scenario.road.relief

    def settle(
        self, position: FloatArray, yaw: FloatArray, velocity: FloatArray, present: BoolArray, struck: BoolArray
    ) -> None:
        """Give the guided rows of a Motion their heights."""
        if not self.relief.level:
            kept = self._extent, self._wheels, self._upright
            stand(position, yaw, velocity, present, struck, *kept, self.relief)

    def turn(
        self, rotation: FloatArray, position: FloatArray, yaw: FloatArray, present: BoolArray, struck: BoolArray
    ) -> None:
        """Tilt the guided rows of a state."""
        if not self.relief.level:
            tilt(rotation, position, yaw, present, struck, self._wheels, self._upright, self.relief)

    def rotation(self, row: int, x: float, y: float, yaw: float) -> Quaternion:
        """Rotation of a guided row there."""
        if not self.relief.level and not self._upright[row]:
            ahead, aside = self._wheels[row].tolist()
            return tilted(x, y, yaw, ahead, aside, self.relief)
        return 0.0, 0.0, math.sin(0.5 * yaw), math.cos(0.5 * yaw)


class Tiles:
    """Ground for each of some bodies on a road that rises; on others there are none."""

    def __init__(self, engine: Engine, bodies: Sequence[int]) -> None:
        self._engine = engine
        self._tiles = [engine.add_tile(body) for body in bodies]
        self._relief = LEVEL

    def clear(self) -> None:
        """Take every tile out of the way."""
        for tile in self._tiles:
            self._engine.place(tile, (0.0, 0.0, -FAR_BELOW_M))

    def reset(self, relief: Relief, friction: float) -> None:
        """Lie under the bodies of a scenario from now on."""
        self._relief = relief
        for tile in self._tiles:
            self._engine.set_friction(tile, friction)

    def put(self, row: int, x: float, y: float) -> None:
        """Bring the tile of a row under its body, which is at (x, y); one that is lost already, nowhere finite, gets none."""
        if not (abs(x) <= FARTHEST_M and abs(y) <= FARTHEST_M):
            return
        height, slope_x, slope_y = rise_at(x, y, self._relief)
        middle_x = (math.floor(x / TILE_CELL_M) + 0.5) * TILE_CELL_M
        middle_y = (math.floor(y / TILE_CELL_M) + 0.5) * TILE_CELL_M
        height += slope_x * (middle_x - x) + slope_y * (middle_y - y)
        self._engine.set_pose(self._tiles[row], (middle_x, middle_y, height), tilted(x, y, 0.0, 0.0, 0.0, self._relief))


FAR_BELOW_M = 5e4
"""Where tiles wait; and the ground, where there are tiles instead."""
