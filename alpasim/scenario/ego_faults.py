"""What may fail on the ego, as a scenario file says it: brakes, a tyre, the throttle, the steering, the reaction, the senses.

Answers which faults can be written under `faults`, and for the vehicle in which unit and within which limits; the senses' own are
in `sense_faults.py`. What they do to the vehicle is the matter of `vehicle/failing.py`.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from alpasim.scenario.concrete import WHEELS, EgoFault, SenseFault
from alpasim.scenario.sense_faults import (
    SENSE_FAULTS,
    FrozenFrameFault,
    GpsDriftFault,
    SensorBlackoutFault,
    SensorDelayFault,
    SpeedometerFault,
    Strength,
    Timed,
    sense_fault,
)
from alpasim.scenario.values import Model, exactly_one

WheelWord = Literal["front_left", "front_right", "rear_left", "rear_right"]


class BrakeLossFault(Timed):
    """The brakes lose the share `strength` of their force."""

    strength: Strength = 1.0


class PunctureFault(Timed):
    """A tyre loses its air: little of it at a small `strength`, all of it at 1."""

    wheel: WheelWord
    strength: Strength = 1.0


class StuckThrottleFault(Timed):
    """The drive pedal cannot come back below the share `strength` of its way; the brakes work."""

    strength: Strength


class SteeringPlayFault(Timed):
    """The road wheels follow the wheel only once it has turned `play_deg`, counted at the road wheels, either way."""

    play_deg: Annotated[float, Field(gt=0.0, le=20.0)]


class ActuatorDelayFault(Timed):
    """What is asked of pedals and wheel reaches them `delay_s` later, in whole control steps."""

    delay_s: Annotated[float, Field(gt=0.0, le=5.0)]


class FaultModel(Model):
    """One fault of the ego's vehicle or of its senses."""

    brake_loss: BrakeLossFault | None = None
    puncture: PunctureFault | None = None
    stuck_throttle: StuckThrottleFault | None = None
    steering_play: SteeringPlayFault | None = None
    actuator_delay: ActuatorDelayFault | None = None
    sensor_blackout: SensorBlackoutFault | None = None
    frozen_frame: FrozenFrameFault | None = None
    sensor_delay: SensorDelayFault | None = None
    gps_drift: GpsDriftFault | None = None
    speedometer: SpeedometerFault | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> FaultModel:
        exactly_one(self, *FaultModel.model_fields)
        return self

    def written(self) -> tuple[str, Timed]:
        """The kind that is written, and its options."""
        kind = next(name for name in FaultModel.model_fields if getattr(self, name) is not None)
        return kind, getattr(self, kind)

    def concrete(self) -> EgoFault | SenseFault:
        """The fault in SI units and microseconds."""
        kind, options = self.written()
        if kind in SENSE_FAULTS:
            return sense_fault(kind, options)
        from_us = round(options.from_s * 1e6)
        until_us = None if options.for_s is None else from_us + round(options.for_s * 1e6)
        if isinstance(options, SteeringPlayFault):
            strength = math.radians(options.play_deg)
        elif isinstance(options, ActuatorDelayFault):
            strength = options.delay_s
        else:
            assert isinstance(options, BrakeLossFault | PunctureFault | StuckThrottleFault)  # the others are above
            strength = options.strength
        wheel = WHEELS.index(options.wheel) if isinstance(options, PunctureFault) else -1
        return EgoFault(kind, from_us, until_us, strength, wheel)


def fault_models() -> dict[str, type[Timed]]:
    """What each fault takes, by its key under `faults`."""
    return {kind: get_args(field.annotation)[0] for kind, field in FaultModel.model_fields.items()}
