"""What the ego's wheels did to low bodies that they rolled over, told as contacts are.

Answers the impulses of one substep from what the wheels felt (`alpasim.vehicle.footing`); what becomes of them is the world's
matter.
"""

from __future__ import annotations

import math

from alpasim.types import FloatArray
from alpasim.vehicle.chassis import Chassis
from alpasim.vehicle.footing import BUMP, COUNT, FORCE, RISE, ROW, TILT
from alpasim.world.bullet import Quaternion, Vector3, yaw_of
from alpasim.world.contacts import WheelHit


def wheel_hits(
    body: Chassis,
    footing: FloatArray,
    wheels: FloatArray,
    state: tuple[Vector3, Quaternion, Vector3, Vector3],
    substep_s: float,
) -> list[WheelHit]:
    """Who was under which wheel in the substep, in the order of wheels.

    The impulse is that of the wheel's load beyond its static one, and of the push against its way. `footing` and `wheels`
    (4, 2) are those that the forces of the substep came from, `state` is the body's.
    """
    _, rotation, velocity, _ = state
    cos, sin = math.cos(yaw_of(rotation)), math.sin(yaw_of(rotation))
    speed = velocity[0] * cos + velocity[1] * sin
    hits = []
    for i in range(4):
        points = int(footing[i, COUNT])
        found: dict[int, list[float]] = {}
        for k in range(points):
            row = int(footing[i, ROW + k])
            if row < 0:
                continue
            force, tilt = float(footing[i, FORCE + k]), float(footing[i, TILT + k])
            sums = found.setdefault(row, [0.0, 0.0, 0.0, 0.0])
            sums[0] += force * tilt * substep_s / points
            sums[1] += max(force - float(body.static_load[i]), 0.0) * substep_s / points
            sums[3] += force * substep_s / points
            sums[2] = max(sums[2], speed * tilt / math.hypot(1.0, tilt) - velocity[2] / math.hypot(1.0, tilt))
        for row, (back, up, closing, pinch) in found.items():
            height = float(footing[i, RISE] + footing[i, BUMP + points // 2])
            place = (float(wheels[i, 0]), float(wheels[i, 1]), height)
            hits.append(WheelHit(row, (-back * cos, -back * sin, up), place, closing, pinch))
    return hits
