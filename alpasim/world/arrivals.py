"""Who appears inside somebody else: told as events of the step, so that nobody mistakes it for a collision.

Answers only that; what the bodies do then is told in `world.py`, and whose fault a touch is in `metrics/touch.py`. Two
recorded actors that overlap by measuring error are as their recording has them, and no event.
"""

from __future__ import annotations

import numpy as np

from alpasim.geometry import boxes_overlap
from alpasim.scenario.concrete import Scenario
from alpasim.types import EGO, Bodies, BoolArray

APPEARS_IN = "appears_in"


def arrivals(scenario: Scenario, before: BoolArray, bodies: Bodies) -> tuple[str, ...]:
    """An event `appears_in:NAME:OTHER` for each body that OTHER's overlaps, in the plane and in height, as NAME's is there for
    the first time; `before` (n,) says who was there before."""
    if before.tobytes() == bodies.present.tobytes():
        return ()
    told = []
    for row in np.flatnonzero(bodies.present & ~before).tolist():
        for other in np.flatnonzero(bodies.present).tolist():
            # Of two that arrive together, the later row is told.
            if other == row or (other > row and not before[other]) or _recorded(scenario, row, other):
                continue
            if _overlap(scenario, bodies, row, other):
                told.append(f"{APPEARS_IN}:{scenario.ids[row]}:{scenario.ids[other]}")
    return tuple(told)


def _recorded(scenario: Scenario, row: int, other: int) -> bool:
    return all(one != EGO and scenario.actors[one - 1].track is not None for one in (row, other))


def _overlap(scenario: Scenario, bodies: Bodies, row: int, other: int) -> bool:
    numbers, heights = [], []
    for one in (row, other):
        extent = scenario.ego.vehicle.extent if one == EGO else scenario.actors[one - 1].extent
        x, y, z = bodies.position[one].tolist()
        numbers += [x, y, float(bodies.yaw[one]), extent[0], extent[1]]
        heights.append((z, extent[2]))
    (z, tall), (other_z, other_tall) = heights
    return abs(z - other_z) <= 0.5 * (tall + other_tall) and bool(boxes_overlap(*numbers))
