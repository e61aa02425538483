"""What grounds do to a wheel: grip, added rolling resistance and roughness by kind, with where the figures come from.

A patch of the road names its own friction in the scenario; the figures of grip here are those of the terrain beside the road.

- Rolling resistance, coefficients of car tyres on the whole: asphalt and concrete 0.013, rolled gravel 0.02, unpaved road 0.05,
  field 0.1 to 0.35 (Bosch, *Automotive Handbook*, "Rolling resistance"); medium hard soil 0.08, sand 0.3 (Gillespie,
  *Fundamentals of Vehicle Dynamics*, table 4.1). What is added here is the excess over asphalt, which the vehicle has itself.
- Roughness: classes of ISO 8608, whose density falls with the square of the frequency; a smooth road is class A, a poor one D,
  fields are E and F. Which ground is of which class is an assumption.
- Grip: gravel 0.6, dry earth 0.68 and wet earth 0.55, hard snow 0.2 (Wong, *Theory of Ground Vehicles*, table 1.3); of grass,
  sand and mud an assumption between those.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from alpasim.road.relief import LONGEST_M, SHORTEST_M

ASPHALT_ROLLING = 0.013
"""Coefficient of rolling resistance that tyres have anyway, on asphalt."""
ISO_8608 = {"A": 16e-6, "B": 64e-6, "C": 256e-6, "D": 1024e-6, "E": 4096e-6, "F": 16384e-6}
"""Density of displacement [m³] at 0.1 cycles a metre, middle of each class."""
_REFERENCE = 0.1


@dataclass(frozen=True, slots=True)
class Soil:
    """A kind of ground: `grip` as terrain, `rolling` is the ADDED coefficient of rolling resistance, `rough` the root mean
    square of its unevenness [m]."""

    grip: float
    rolling: float
    rough: float


def roughness(road_class: str) -> float:
    """Root mean square [m] of the unevenness of a class of ISO 8608, over the wavelengths that `unevenness` has.

    The density G(n) = G0 (n / n0)^-2 integrated from 1/LONGEST_M to 1/SHORTEST_M.
    """
    return math.sqrt(ISO_8608[road_class] * _REFERENCE**2 * (LONGEST_M - SHORTEST_M))


SOILS = {
    "paved": Soil(math.inf, 0.0, 0.0),
    "grass": Soil(0.5, 0.08 - ASPHALT_ROLLING, roughness("E")),
    "gravel": Soil(0.6, 0.05 - ASPHALT_ROLLING, roughness("D")),
    "sand": Soil(0.5, 0.3 - ASPHALT_ROLLING, roughness("D")),
    "mud": Soil(0.35, 0.2 - ASPHALT_ROLLING, roughness("E")),
    "snow": Soil(0.2, 0.04 - ASPHALT_ROLLING, roughness("C")),
}
"""Kinds of terrain by name. Patches of these kinds are as soft and as rough; patches of any other kind are hard and even."""
