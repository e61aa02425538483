"""What one tyre does: its side force at a slip angle, how braking and cornering share its grip, and what stops it exactly.

Answers one wheel's force in its own axes from the velocity of its foot. Where that force acts, and what the ground gives, is
told in `dynamics.py` and `wheels.py`.
"""

from __future__ import annotations

import math

from alpasim.compiled import compiled
from alpasim.types import FloatArray
from alpasim.vehicle.chassis import (
    CORNERING,
    DRIVE_SHARE,
    GRAVITY_MPS2,
    MASS,
    ROLLS,
    STATIC_LOAD,
)


@compiled
def side_force_share(slip: float) -> float:
    """Share of the grip that a tyre uses sideways, in (-1, 1), from slip scaled so that the slope at 0 is 1.

    `slip` is cornering stiffness times the tangent of the slip angle over the grip. The curve
    x / (1 + x^4)^(1/4) stays within 1 % of its tangent up to 45 % of the grip and approaches, never falls from, the
    peak.
    """
    square = slip * slip
    return slip / math.sqrt(math.sqrt(1.0 + square * square))


@compiled
def within_grip(along_n: float, across_n: float, grip_n: float) -> tuple[float, float]:
    """Both forces of one tyre shortened together, so that their resultant stays within its grip (friction circle)."""
    demand = math.sqrt(along_n * along_n + across_n * across_n)
    if demand <= grip_n or demand <= 0.0:
        return along_n, across_n
    share = grip_n / demand
    return along_n * share, across_n * share


@compiled
def tyre_forces(
    body: FloatArray,
    i: int,
    along: float,
    across: float,
    held: tuple[float, float],
    load: float,
    beside: float,
    total_load: float,
    friction: float,
    rolls: float,
    rolling: float,
    drive_n: float,
    brake_n: float,
    dt_s: float,
) -> tuple[float, float, bool]:
    """Force of wheel i along and across its own heading [N], and whether it is at its grip limit.

    `along`, `across`: velocity of its foot in its own axes [m/s]; `held`: what everything else accelerates its share of the
    mass by, likewise [m/s^2]; `load`, that of the wheel `beside` it and of all; `rolls`: mass over the mass that a side force
    has to stop; `rolling`: resistance that the ground adds; `drive_n` and `brake_n` are the vehicle's totals.
    """
    grip = friction * load
    mass = body[MASS] * load / total_load
    drive = body[DRIVE_SHARE + i] * drive_n
    resist = brake_n * load / total_load + (body[ROLLS + i] + rolling) * body[STATIC_LOAD + i]
    to_stop = mass * along / dt_s + drive + mass * held[0]
    demand = drive - min(resist, to_stop) if to_stop > 0.0 else drive + min(resist, -to_stop)
    # Below this speed a tyre's full stiffness would overshoot within the substep: the floor keeps it to 90 % of a stop.
    slowest = body[CORNERING + i] / body[STATIC_LOAD + i] * GRAVITY_MPS2 * rolls * dt_s / 0.9
    tangent = across / max(abs(along), slowest)
    stiffness = 2.0 * body[CORNERING + i] * load / (load + beside)
    side = 0.0
    if grip > 0.0:
        slip = stiffness * tangent / grip
        standing = 1.0 - abs(along) / slowest
        if held[1] == 0.0 or standing <= 0.0:
            side = -grip * side_force_share(slip)
        else:
            slip += standing * mass * held[1] / grip
            side = -grip * (standing * min(max(slip, -1.0), 1.0) + (1.0 - standing) * side_force_share(slip))
    wanted = math.sqrt(demand * demand + side * side)
    limited = min(max(demand, -grip), grip)
    forward, left = within_grip(limited, side, grip)
    return forward, left, wanted > 0.98 * grip and grip > 0.0
