"""What one tyre can do: its side force at a slip angle, and how braking and cornering share its grip."""

from __future__ import annotations

import math

from alpasim.compiled import compiled


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
