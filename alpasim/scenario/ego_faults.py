"""What may fail on the ego's vehicle, as a scenario file says it: brakes, a tyre, the throttle, the steering, the reaction.

Answers which faults can be written, in which unit and within which limits. What they do to the vehicle is the matter of
`vehicle/failing.py`.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator

from alpasim.scenario.concrete import EgoFault
from alpasim.scenario.values import Duration, Model, exactly_one

WHEELS = ("front_left", "front_right", "rear_left", "rear_right")
WheelWord = Literal["front_left", "front_right", "rear_left", "rear_right"]
Strength = Annotated[float, Field(gt=0.0, le=1.0)]


class _Timed(Model):
    """From `from_s` on, for `for_s`, or to the end of the drive where that is not given."""

    from_s: Duration = 0.0
    for_s: Annotated[float, Field(gt=0.0, le=86_400.0)] | None = None


class BrakeLossFault(_Timed):
    """The brakes lose the share `strength` of their force."""

    strength: Strength = 1.0


class PunctureFault(_Timed):
    """A tyre loses its air: little of it at a small `strength`, all of it at 1."""

    wheel: WheelWord
    strength: Strength = 1.0


class StuckThrottleFault(_Timed):
    """The drive pedal cannot come back below the share `strength` of its way; the brakes work."""

    strength: Strength


class SteeringPlayFault(_Timed):
    """The road wheels follow the wheel only once it has turned `play_deg`, counted at the road wheels, either way."""

    play_deg: Annotated[float, Field(gt=0.0, le=20.0)]


class ActuatorDelayFault(_Timed):
    """What is asked of pedals and wheel reaches them `delay_s` later, in whole control steps."""

    delay_s: Annotated[float, Field(gt=0.0, le=5.0)]


class FaultModel(Model):
    """One fault of the ego's vehicle."""

    brake_loss: BrakeLossFault | None = None
    puncture: PunctureFault | None = None
    stuck_throttle: StuckThrottleFault | None = None
    steering_play: SteeringPlayFault | None = None
    actuator_delay: ActuatorDelayFault | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> FaultModel:
        exactly_one(self, *FaultModel.model_fields)
        return self

    def concrete(self) -> EgoFault:
        """The fault in SI units and microseconds."""
        kind = next(name for name in FaultModel.model_fields if getattr(self, name) is not None)
        options = getattr(self, kind)
        from_us = round(options.from_s * 1e6)
        until_us = None if options.for_s is None else from_us + round(options.for_s * 1e6)
        if isinstance(options, SteeringPlayFault):
            strength = math.radians(options.play_deg)
        elif isinstance(options, ActuatorDelayFault):
            strength = options.delay_s
        else:
            strength = options.strength
        wheel = WHEELS.index(options.wheel) if isinstance(options, PunctureFault) else -1
        return EgoFault(kind, from_us, until_us, strength, wheel)
