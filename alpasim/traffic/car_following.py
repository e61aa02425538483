"""The Intelligent Driver Model and its named parameter sets.

Answers how hard a driver accelerates given its own speed, the speed it wants, and the gap and speed of who is ahead. Who is
ahead is not its question (`followers.py` for traffic, the driver itself for a policy).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from alpasim.compiled import compiled
from alpasim.errors import InputError, did_you_mean


@dataclass(frozen=True, slots=True)
class CarFollowing:
    """Parameters of the Intelligent Driver Model.

    `speed_mps` is v0 where the source gives one, used where neither the scenario nor the road says how fast to go.
    `headway_s` T, `standstill_gap_m` s0 (bumper to bumper), `acceleration_mps2` a, `comfortable_braking_mps2` b, `exponent`
    delta.
    """

    speed_mps: float | None
    standstill_gap_m: float
    headway_s: float
    acceleration_mps2: float
    comfortable_braking_mps2: float
    exponent: float
    source: str


PRESETS: dict[str, CarFollowing] = {
    "treiber_kesting": CarFollowing(
        120.0 / 3.6, 2.0, 1.0, 1.0, 1.5, 4.0, "Treiber & Kesting, Traffic Flow Dynamics (2013), table 11.2, motorway"
    ),
    "treiber_2000": CarFollowing(
        120.0 / 3.6, 2.0, 1.6, 0.73, 1.67, 4.0, "Treiber, Hennecke & Helbing, Phys. Rev. E 62 (2000), table I"
    ),
    "nuplan": CarFollowing(10.0, 1.0, 1.5, 1.0, 2.0, 4.0, "nuPlan devkit, IDM agents of the reactive closed loop"),
    "highway_env": CarFollowing(
        None, 5.0, 1.5, 3.0, 5.0, 4.0, "highway-env, IDMVehicle (its 5 m are beside the vehicle's length)"
    ),
    "metadrive": CarFollowing(30.0 / 3.6, 10.0, 1.5, 1.0, 5.0, 10.0, "MetaDrive, IDMPolicy"),
    "waymax": CarFollowing(30.0, 2.0, 2.0, 2.0, 4.0, 4.0, "Waymax, IDMRoutePolicy"),
}
"""Named parameter sets; each source is the code or paper the figures were read in."""

DEFAULT_PRESET = "treiber_kesting"


def preset(name: str) -> CarFollowing:
    """The parameter set of that name; raises InputError with a suggestion."""
    if name not in PRESETS:
        known = ", ".join(PRESETS)
        raise InputError(f"unknown car-following preset {name!r}{did_you_mean(name, PRESETS)}; known: {known}")
    return PRESETS[name]


@compiled
def free_acceleration(speed: float, target: float, acceleration: float, braking: float, exponent: float) -> float:
    """The model's acceleration on an empty road, a (1 - (v / v0)^delta), never braking harder than is comfortable."""
    if target <= 0.0:
        return -braking if speed > 0.0 else 0.0
    return max(acceleration * (1.0 - math.pow(speed / target, exponent)), -braking)


@compiled
def desired_gap(
    speed: float, lead_speed: float, standstill: float, headway: float, acceleration: float, braking: float
) -> float:
    """The gap the driver wants now, s* = s0 + max(0, v T + v (v - v_lead) / (2 sqrt(a b))) [m]."""
    closing = speed * (speed - lead_speed) / (2.0 * math.sqrt(acceleration * braking))
    return standstill + max(0.0, speed * headway + closing)
