"""What bodies stand on where a road rises: the heights and tilts of those that are guided, and ground under those that are free.

Answers how high and how tilted a box stands at a place, and keeps a large flat box, a tile, tangent under every body that
physics moves, which that body alone can touch: on a constant grade it never moves, in a curve it follows. Only grades and
cross-slopes tilt and carry bodies here. Kerbs, bumps and holes are felt by wheels (`vehicle`), and kerbs and bumps by what has
been struck (`kerbs.py`); guided people, animals and things stand on them, guided vehicles do not.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from alpasim.compiled import compiled
from alpasim.geometry import axes_on_slope, quaternion_from_axes
from alpasim.road.relief import LEVEL, Relief, height_at, rise_at
from alpasim.scenario.concrete import Scenario
from alpasim.types import ActorKind, BoolArray, FloatArray
from alpasim.world.bounds import FARTHEST_M
from alpasim.world.bullet import Engine, Quaternion

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
"""Kinds whose height does not follow kerbs and bumps."""

TILE_CELL_M = 256.0
"""A tile is anchored in the middle of the cell of this size under its body, so that it lies still on a constant grade."""


@compiled
def tilted(x: float, y: float, yaw: float, relief: Relief) -> tuple[float, float, float, float]:
    """Rotation of a body of that heading that lies on the rise at (x, y): its x axis points along the heading, seen from above."""
    _, slope_x, slope_y = rise_at(x, y, relief)
    forward, left, up = axes_on_slope(yaw, slope_x, slope_y)
    return quaternion_from_axes(forward, left, up)


@compiled
def stand(
    position: FloatArray,
    velocity: FloatArray,
    present: BoolArray,
    struck: BoolArray,
    extent: FloatArray,
    rolls: BoolArray,
    upright: BoolArray,
    relief: Relief,
) -> None:
    """Put guided rows of a Motion on the ground: heights of `position` and vertical parts of `velocity` (n, 3).

    Rows that `rolls` stand on the rise, the others on the whole height; `upright` ones do not tilt with it.
    """
    for i in range(1, present.shape[0]):
        if struck[i] or not present[i]:
            continue
        x, y = position[i, 0], position[i, 1]
        height, slope_x, slope_y = rise_at(x, y, relief)
        if not rolls[i]:
            height = height_at(x, y, relief)
        lean = 1.0 if upright[i] else math.sqrt(1.0 + slope_x**2 + slope_y**2)
        position[i, 2] = height + 0.5 * extent[i, 2] * lean
        velocity[i, 2] = slope_x * velocity[i, 0] + slope_y * velocity[i, 1]


@compiled
def tilt(
    rotation: FloatArray,
    position: FloatArray,
    yaw: FloatArray,
    present: BoolArray,
    struck: BoolArray,
    upright: BoolArray,
    relief: Relief,
) -> None:
    """Turn guided rows of a state's `rotation` (n, 4) to lie on the rise."""
    for i in range(1, present.shape[0]):
        if struck[i] or upright[i] or not present[i]:
            continue
        x, y, z, w = tilted(position[i, 0], position[i, 1], yaw[i], relief)
        rotation[i, 0], rotation[i, 1], rotation[i, 2], rotation[i, 3] = x, y, z, w


class Standing:
    """The relief of the scenario at hand, asked for rows."""

    def __init__(self, scenario: Scenario) -> None:
        kinds = [actor.kind for actor in scenario.actors]
        self._rolls = np.array([True, *(kind in ON_WHEELS for kind in kinds)])
        self._upright = np.array([False, *(kind is ActorKind.PEDESTRIAN for kind in kinds)])
        self._extent = np.array(
            [scenario.ego.vehicle.extent, *(actor.extent for actor in scenario.actors)], dtype=np.float64
        )
        self.relief: Relief = scenario.road.relief

    def settle(self, position: FloatArray, velocity: FloatArray, present: BoolArray, struck: BoolArray) -> None:
        """Give the guided rows of a Motion their heights."""
        if not self.relief.level:
            stand(position, velocity, present, struck, self._extent, self._rolls, self._upright, self.relief)

    def turn(
        self, rotation: FloatArray, position: FloatArray, yaw: FloatArray, present: BoolArray, struck: BoolArray
    ) -> None:
        """Tilt the guided rows of a state."""
        if self.relief.rising:
            tilt(rotation, position, yaw, present, struck, self._upright, self.relief)

    def rotation(self, row: int, x: float, y: float, yaw: float) -> Quaternion:
        """Rotation of a guided row there."""
        if self.relief.rising and not self._upright[row]:
            return tilted(x, y, yaw, self.relief)
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
        self._engine.set_pose(self._tiles[row], (middle_x, middle_y, height), tilted(x, y, 0.0, self._relief))


FAR_BELOW_M = 5e4
"""Where tiles wait; and the ground, where there are tiles instead."""
