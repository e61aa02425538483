"""The ego's box over the ground: how near it is, in how many parts it has to come down, and how it is kept from sinking in.

Answers for ground that is not level; what box and ground do to each other is Bullet's. Bullet sees the two touch only where they
overlap, and lifts out what has sunk in by the end of a substep bit by bit, for nothing: millimetres, which are a two-wheeler's energy of
half a percent. So what falls in is lifted at once, and as far as its own motion can pay for it (`alpasim.vehicle.account`).
"""

from __future__ import annotations

import math

from alpasim.road.relief import Relief, rise_at
from alpasim.types import VehicleParameters
from alpasim.vehicle.energy import in_body, motion_energy
from alpasim.world.bullet import BELT_AHEAD_M, BELT_ASIDE_M, BELT_HEIGHT_M, GRAVITY_MPS2, Quaternion, Vector3

SEEN_M, MOST_PARTS = 0.01, 8
"""What a part of the box may fall in one go near the ground, and in how many goes at most."""

LEFT_IN_M = 1e-4
"""What is left in the ground of a box that was lifted out of it, so that Bullet sees it touch."""


class Hull:
    """The box of one vehicle above its wheels, with the belt that stands out of it (`alpasim.world.bullet`)."""

    def __init__(self, vehicle: VehicleParameters, along: float, above: float) -> None:
        """`along`, `above`: the middle of the box as seen from the centre of mass [m]."""
        self._mass = vehicle.mass_kg
        self._inertia = vehicle.roll_inertia_kgm2, vehicle.pitch_inertia_kgm2, vehicle.yaw_inertia_kgm2
        self._along, self._above = along, above
        length, width = 0.5 * vehicle.length_m, 0.5 * vehicle.width_m
        height = 0.5 * (vehicle.height_m - vehicle.ground_clearance_m)
        self._belt = length, width, 0.5 * BELT_HEIGHT_M
        self._inner = length - min(BELT_AHEAD_M, 0.1 * length), width - min(BELT_ASIDE_M, 0.1 * width), height
        self._reach = abs(along) + math.sqrt(length * length + width * width + height * height)

    def clear_of_ground(self, position: Vector3, rotation: Quaternion, relief: Relief) -> float:
        """How far the lowest corner is above the ground, which is taken as even from below the centre of mass on [m]."""
        ground, slope_x, slope_y = rise_at(position[0], position[1], relief)
        steep = 1.0 / math.sqrt(1.0 + slope_x * slope_x + slope_y * slope_y)
        ahead, left, up = in_body(rotation, (-slope_x * steep, -slope_y * steep, steep))
        (length, width, height), (a, b, c) = self._belt, self._inner
        belt = abs(ahead) * length + abs(left) * width + abs(up) * height
        inner = abs(ahead) * a + abs(left) * b + abs(up) * c - self._above * up
        return (position[2] - ground) * steep + self._along * ahead - max(belt, inner)

    def parts_of_substep(
        self, body: tuple[Vector3, Quaternion, Vector3, Vector3], relief: Relief, substep_s: float
    ) -> int:
        """In how many parts to go through a substep that begins with that state of the body, so that one that falls touches the
        ground before it is far in it."""
        position, rotation, velocity, spin = body
        falls = (max(-velocity[2], 0.0) + math.hypot(spin[0], spin[1]) * self._reach) * substep_s
        if not falls >= SEEN_M or self.clear_of_ground(position, rotation, relief) > falls:
            return 1
        return math.ceil(min(falls / SEEN_M, MOST_PARTS))

    def lifted(self, body: tuple[Vector3, Quaternion, Vector3, Vector3], relief: Relief) -> Vector3 | None:
        """Where a body that has sunk into the ground is when it is lifted out of it, by what a part of it may fall and as far as half of
        its motion would carry it; None where it has not. The other half of the lift is paid a substep later."""
        position, rotation, velocity, spin = body
        sunk = -self.clear_of_ground(position, rotation, relief) - LEFT_IN_M
        if not sunk > 0.0:
            return None
        motion = motion_energy(self._mass, self._inertia, velocity, in_body(rotation, spin))
        lift = min(sunk, SEEN_M, 0.5 * motion / (self._mass * GRAVITY_MPS2))
        x, y, z = position
        _, slope_x, slope_y = rise_at(x, y, relief)
        up = lift / math.sqrt(1.0 + slope_x * slope_x + slope_y * slope_y)
        return x - up * slope_x, y - up * slope_y, z + up
