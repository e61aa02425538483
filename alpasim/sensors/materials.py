"""What the ground sends back of a lidar's light, by what it is made of: asphalt, the concrete of sidewalks and kerbs, soil.

Answers with the reflectivity where each ray meets the ground. Lane paint, patches and wetness are not told apart.

Shares of near-infrared light (905 nm) that a surface faced squarely sends back. Asphalt: 17 %, by which it is met as far as the
HDL-64E's data sheet says (about 50 m where a target of 80 % is met at 120 m). Others in the middle of what is common in spectral
libraries of natural and man-made surfaces (ECOSTRESS, USGS), and assumed as exact figures: weathered concrete, green grass, whose
leaves are bright beyond 700 nm, rolled gravel, dry sand, wet loam, settled snow.
"""

from __future__ import annotations

import numpy as np

from alpasim.compiled import compiled
from alpasim.road.lanes import LaneKind
from alpasim.road.network import RoadNetwork
from alpasim.road.queries import grounds_at
from alpasim.sensors.rays import GROUND_HIT
from alpasim.types import FloatArray, IntArray, frozen

ASPHALT = 0.17
CONCRETE = 0.35
TERRAIN = {"paved": ASPHALT, "grass": 0.5, "gravel": 0.3, "sand": 0.4, "mud": 0.15, "snow": 0.8}


@compiled
def _places(
    distance: FloatArray,
    hits: IntArray,
    origin: FloatArray,
    turn: FloatArray,
    azimuth: FloatArray,
    elevation: FloatArray,
) -> FloatArray:
    """Where rays meet the ground (m, 2), ring by ring."""
    found = np.empty((hits.size, 2))
    cos, sin, up, flat = np.cos(azimuth), np.sin(azimuth), np.sin(elevation), np.cos(elevation)
    count = 0
    for i in range(hits.shape[0]):
        for j in range(hits.shape[1]):
            if hits[i, j] == GROUND_HIT:
                far = distance[i, j]
                ahead, left, above = far * flat[i] * cos[j], far * flat[i] * sin[j], far * up[i]
                found[count, 0] = origin[0] + turn[0, 0] * ahead + turn[0, 1] * left + turn[0, 2] * above
                found[count, 1] = origin[1] + turn[1, 0] * ahead + turn[1, 1] * left + turn[1, 2] * above
                count += 1
    return found[:count].copy()


class GroundMaterials:
    """The ground of one road as a lidar's light finds it."""

    def __init__(self, road: RoadNetwork) -> None:
        self._arrays, self._grid = road.arrays, road.grid
        lanes = [CONCRETE if lane.kind is LaneKind.SIDEWALK else ASPHALT for lane in road.lanes]
        # Read by row of the lane; from behind -1, no lane, and PAVED, -2.
        self._figures: FloatArray = frozen(np.array([*lanes, ASPHALT, TERRAIN[road.terrain]]))

    def reflectivity(
        self,
        distance: FloatArray,
        hits: IntArray,
        origin: FloatArray,
        turn: FloatArray,
        azimuth: FloatArray,
        elevation: FloatArray,
    ) -> FloatArray:
        """Reflectivity (m,) of the ground where rays meet it, ring by ring; the rays are as `cast_rays` takes and gives them."""
        places = _places(distance, hits, origin, turn, azimuth, elevation)
        return self._figures[grounds_at(places, self._arrays, self._grid)]
