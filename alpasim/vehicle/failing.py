"""A vehicle that fails: what brake loss, a puncture, a stuck throttle, steering play and delay do to it, and when.

Answers what reaches the actuators, and what the tyres still can, at a time. When a fault is there depends on time alone;
only the delay and the play remember something, which `save` and `load` carry.

A fault is there in every control step that begins in its time. Faults of one kind at once: brakes keep the product of what
each leaves, the throttle sticks at the highest, plays and delays count by the largest. A flat tyre (strength 1) keeps FLAT_GRIP
of its grip and FLAT_STIFFNESS of its cornering stiffness, and its rolling resistance is FLAT_ROLLING of its load: the order
found in blow-out tests, chosen; between none and flat, each goes in proportion.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from alpasim.memory import Memory, finite
from alpasim.scenario.concrete import EgoFault, SenseFault
from alpasim.types import FloatArray
from alpasim.vehicle.chassis import Chassis, packed
from alpasim.vehicle.wheels import BRAKE, DRIVE, STEER

FLAT_GRIP, FLAT_STIFFNESS, FLAT_ROLLING = 0.7, 0.3, 0.15


def fault_events(faults: Sequence[EgoFault | SenseFault], before_us: int, dt_us: int) -> tuple[str, ...]:
    """Which faults begin and end with the control step that starts at `before_us`, as `fault:KIND:begin` and `…:end`."""
    told: list[str] = []
    for fault in faults:
        there, was = fault.active(before_us), before_us > 0 and fault.active(before_us - dt_us)
        if there != was:
            told.append(f"fault:{fault.kind}:{'begin' if there else 'end'}")
    return tuple(told)


class Failing:
    """The faults of one drive, applied control step by control step."""

    def __init__(self, faults: Sequence[EgoFault], whole: Chassis, dt_us: int) -> None:
        self._faults, self._whole = tuple(faults), whole
        delays = [round(fault.strength * 1e6 / dt_us) for fault in faults if fault.kind == "actuator_delay"]
        self._dt_us = dt_us
        self._past = np.zeros((max(delays, default=0), 3))
        self._wheel_angle = np.zeros(1)
        self.chassis = whole
        self._sound = self.packed = packed(whole)
        self.grip: FloatArray = np.ones(4)

    def save(self) -> Memory:
        """Commands of the last steps, and where the road wheels were held by the play."""
        return {"past": self._past.copy(), "wheel_angle": self._wheel_angle.copy()}

    def load(self, memory: Memory) -> None:
        """Go on from there."""
        self._past[:] = finite(memory, "past", self._past.shape)
        self._wheel_angle[:] = finite(memory, "wheel_angle", (1,))

    def begin(self, time_us: int, commands: FloatArray) -> None:
        """Turn `commands` (3,) into what reaches the actuators in the control step that starts now; set `chassis`, `packed` and
        `grip` (4,), the share of each wheel's grip that is left."""
        if not self._faults:
            return
        there = [fault for fault in self._faults if fault.active(time_us)]
        self._delay(there, commands)
        self._play(there, commands)
        for fault in there:
            if fault.kind == "stuck_throttle":
                commands[DRIVE] = max(abs(commands[DRIVE]), fault.strength)
            elif fault.kind == "brake_loss":
                commands[BRAKE] *= 1.0 - fault.strength
        self._puncture([fault for fault in there if fault.kind == "puncture"])

    def _delay(self, there: Sequence[EgoFault], commands: FloatArray) -> None:
        """Give what was asked for earlier, and remember what is asked for now."""
        if not len(self._past):
            return
        asked = commands.copy()
        steps = [round(fault.strength * 1e6 / self._dt_us) for fault in there if fault.kind == "actuator_delay"]
        if steps:
            commands[:] = self._past[-max(steps)]
        self._past[:-1] = self._past[1:]
        self._past[-1] = asked

    def _play(self, there: Sequence[EgoFault], commands: FloatArray) -> None:
        """Let the road wheels stay where they are while the wheel turns within its play."""
        play = max((fault.strength for fault in there if fault.kind == "steering_play"), default=0.0)
        held = min(commands[STEER] + play, max(commands[STEER] - play, self._wheel_angle[0]))
        commands[STEER] = self._wheel_angle[0] = held

    def _puncture(self, flat: Sequence[EgoFault]) -> None:
        """What the tyres still can."""
        self.grip[:] = 1.0
        self.chassis, self.packed = self._whole, self._sound
        if not flat:
            return
        cornering, rolling = self._whole.cornering.copy(), self._whole.rolling.copy()
        for fault in flat:
            wheel, share = fault.wheel, fault.strength
            self.grip[wheel] *= 1.0 - share * (1.0 - FLAT_GRIP)
            cornering[wheel] *= 1.0 - share * (1.0 - FLAT_STIFFNESS)
            rolling[wheel] = max(rolling[wheel], rolling[wheel] + share * (FLAT_ROLLING - rolling[wheel]))
        self.chassis = self._whole._replace(cornering=cornering, rolling=rolling)
        self.packed = packed(self.chassis)
