"""Keeps account of a vehicle's energy on ground that is not level, so that no ground ever gives it any.

Answers, after a substep, the velocity with which a vehicle goes on. Forces that come from a potential and are taken at the start of a
substep miss a wheel that comes to an edge within it: what it takes to lift it would be known a substep late, and some of it be
won. So where there is more energy than there was, and than drive and wind have given since, the rest is taken out of the motion
(projection on the energy surface: Hairer, Lubich and Wanner, Geometric Numerical Integration, IV.4; kept from above alone, as
in time-domain passivity control: Hannaford and Ryu 2002): out of motion against the push of what is raised first, as that lift
would have taken it.

Energy is that of the engine's own time: its velocity lies between two places, so height, springs and bars count with the mean of what
they hold at both. That is exact under any steady force. What a hit by others gives is theirs: after one, and where bodies lie about
that wheels run over, the account begins anew.
"""

from __future__ import annotations

import numpy as np

from alpasim.types import FloatArray, VehicleParameters
from alpasim.vehicle.chassis import GRAVITY_MPS2
from alpasim.vehicle.energy import held_energy, in_body, motion_energy, push_of_ground, slowed
from alpasim.vehicle.footing import LIFTED, lower
from alpasim.vehicle.stance import Quaternion, Vector3

SLACK_M = 1e-4
"""Height [m] that all of a vehicle may gain or lose by how finely its ground is looked at; what it weighs times this is left alone, as
rises that small come and go on any curved ground and taking each would brake."""

YIELDS_M = 1e-2
"""By how much more what is raised under a wheel yields in a substep at most where there is still more energy than motion can pay for: a
vehicle that is pressed against an edge would creep up it."""

UNKNOWN = 1e30
"""Energy of an account that has not begun [J]; finite, as it is saved."""

Body = tuple[Vector3, Quaternion, Vector3, Vector3]
"""Position, rotation (x, y, z, w), velocity and spin of a centre of mass, world frame."""


class Account:
    """The energy of one vehicle: the least that it had, what it was given since included, and what it holds where it is."""

    def __init__(self, vehicle: VehicleParameters, body: FloatArray) -> None:
        self._mass, self._body = vehicle.mass_kg, body
        self._inertia = vehicle.roll_inertia_kgm2, vehicle.pitch_inertia_kgm2, vehicle.yaw_inertia_kgm2
        self._slack = vehicle.mass_kg * GRAVITY_MPS2 * SLACK_M
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self._least = self._held = UNKNOWN

    def save(self) -> FloatArray:
        """What it goes on from."""
        return np.array([self._least, self._held])

    def load(self, saved: FloatArray) -> None:
        """Go on from there."""
        self._least, self._held = saved.tolist()

    def settle(
        self, body: Body, footing: FloatArray, lifted: FloatArray, angle: float, given: float, substep_s: float
    ) -> tuple[Vector3, Vector3] | None:
        """Velocity and spin with which a body goes on that is so at the end of a substep, or None where that is what it has.

        `footing` (4, COLUMNS) there, in which no wheel stays lifted beyond where it was, `lifted` (4,), by more than there is energy
        for; `angle` of the steered wheels, `given` the work that was done on it in the substep [J].
        """
        position, rotation, velocity, spin = body
        before, self._held = self._held, held_energy(self._body, position, rotation, footing)
        if before == UNKNOWN:
            return None
        self._least += given
        turning = in_body(rotation, spin)
        motion = motion_energy(self._mass, self._inertia, velocity, turning)
        # The half of a lift that is not counted yet has to be paid too.
        payable = min(self._least, before + 2.0 * motion + self._slack) + self._slack
        if self._held > payable:
            self._lower(position, rotation, footing, np.maximum(footing[:, LIFTED] - lifted, 0.0), payable)
        if self._held > payable:
            self._lower(position, rotation, footing, np.clip(footing[:, LIFTED], 0.0, YIELDS_M), payable)
            # A box that stands on the ground is lifted out of it by Bullet, and nothing else can pay for that.
            self._least = max(self._least, self._held - self._slack)
        energy = motion + 0.5 * (before + self._held)
        excess = energy - self._least - self._slack
        self._least = min(self._least, energy)
        if excess <= 0.0:
            return None
        force, torque = push_of_ground(self._body, angle, position, rotation, velocity, spin, footing, substep_s)
        push = force, in_body(rotation, torque)
        velocity, turning = slowed(self._mass, self._inertia, velocity, turning, push, excess)
        x, y, z, w = rotation
        return velocity, in_body((-x, -y, -z, w), turning)

    def _lower(
        self, position: Vector3, rotation: Quaternion, footing: FloatArray, most: FloatArray, payable: float
    ) -> None:
        """Lower what wheels stand on by `most` (4,) [m], or by the share of it with which no more than `payable` is held [J]."""
        excess, full = self._held - payable, self._held
        lower(footing, most)
        self._held = held_energy(self._body, position, rotation, footing)
        # What a lift takes grows with it, so that the share that can be kept is no less.
        if full - self._held > excess:
            lower(footing, (excess / (full - self._held) - 1.0) * most)
            self._held = held_energy(self._body, position, rotation, footing)
