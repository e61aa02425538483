"""What may fail on the ego's senses, as a scenario file says it: frames that stay away, repeat or come late, a drifting place
and a wrong speed.

Answers which faults can be written, in which unit and within which limits, and what is wrong with the ones of a scenario. What
they do to an observation is the matter of `sensors/failing.py` and `sensors/believing.py`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints, model_validator

from alpasim.errors import InputError
from alpasim.scenario.concrete import SenseFault
from alpasim.scenario.senses import sensor_complaint, whole_steps
from alpasim.scenario.values import Degrees, Duration, Model

SENSORS = ("all", "objects", "signals", "lidar", "bev", "camera")
"""What can fail by name, beside single cameras: `camera:NAME`. `camera` means every camera."""

Strength = Annotated[float, Field(gt=0.0, le=1.0)]
SensorWord = Annotated[str, StringConstraints(min_length=1, max_length=80)]


class Timed(Model):
    """From `from_s` on, for `for_s`, or to the end of the drive where that is not given."""

    from_s: Duration = 0.0
    for_s: Annotated[float, Field(gt=0.0, le=86_400.0)] | None = None


class SensorBlackoutFault(Timed):
    """Nothing comes from a sensor; below a `strength` of 1 each frame is lost with that chance."""

    sensor: SensorWord = "all"
    strength: Strength = 1.0


class FrozenFrameFault(Timed):
    """The last frame before the fault comes again and again, with its old time stamp (`stale_stamp`) or as if it were new."""

    sensor: SensorWord = "all"
    stale_stamp: bool = True


class SensorDelayFault(Timed):
    """Frames taken in this time arrive `delay_s` later, in whole control steps."""

    sensor: SensorWord = "all"
    delay_s: Annotated[float, Field(gt=0.0, le=10.0)]


class GpsDriftFault(Timed):
    """The ego believes to be beside its place, farther and farther to `to_deg` up to `limit_m`, and by noise along each axis.

    `to_deg` counts from x counter-clockwise.
    """

    rate_mps: Annotated[float, Field(ge=0.0, le=1000.0)] = 0.0
    to_deg: Degrees = 90.0
    limit_m: Annotated[float, Field(gt=0.0, le=1e5)] | None = None
    noise_sigma_m: Annotated[float, Field(ge=0.0, le=1000.0)] = 0.0

    @model_validator(mode="after")
    def _moves(self) -> GpsDriftFault:
        if self.rate_mps == self.noise_sigma_m == 0.0:
            raise ValueError("found neither rate_mps nor noise_sigma_m, expected one of them to be more than 0")
        return self


class SpeedometerFault(Timed):
    """The ego believes to drive at `scale` times its forward speed and `bias_mps` more; `frozen`: at the speed last believed."""

    scale: Annotated[float, Field(ge=0.0, le=10.0)] = 1.0
    bias_mps: Annotated[float, Field(ge=-100.0, le=100.0)] = 0.0
    frozen: bool = False

    @model_validator(mode="after")
    def _lies(self) -> SpeedometerFault:
        wrong = self.scale != 1.0 or self.bias_mps != 0.0
        if not wrong and not self.frozen:
            raise ValueError("found a speedometer that is right, expected a scale, a bias_mps or frozen: true")
        if wrong and self.frozen:
            raise ValueError(
                "found frozen beside scale or bias_mps, expected one of the two; a list may hold several faults"
            )
        return self


SENSE_FAULTS: dict[str, type[Timed]] = {
    "sensor_blackout": SensorBlackoutFault,
    "frozen_frame": FrozenFrameFault,
    "sensor_delay": SensorDelayFault,
    "gps_drift": GpsDriftFault,
    "speedometer": SpeedometerFault,
}
"""The kinds by their key under `faults`."""


def sense_fault(kind: str, options: Timed) -> SenseFault:
    """The fault in SI units and microseconds."""
    from_us = round(options.from_s * 1e6)
    until_us = None if options.for_s is None else from_us + round(options.for_s * 1e6)
    if isinstance(options, SensorBlackoutFault):
        return SenseFault(kind, from_us, until_us, sensor=options.sensor, lost=options.strength)
    if isinstance(options, FrozenFrameFault):
        return SenseFault(kind, from_us, until_us, sensor=options.sensor, stale_stamp=options.stale_stamp)
    if isinstance(options, SensorDelayFault):
        return SenseFault(kind, from_us, until_us, sensor=options.sensor, delay_us=round(options.delay_s * 1e6))
    if isinstance(options, SpeedometerFault):
        return SenseFault(
            kind, from_us, until_us, scale=options.scale, bias_mps=options.bias_mps, frozen=options.frozen
        )
    assert isinstance(options, GpsDriftFault)  # the only kind that is left
    to = math.radians(options.to_deg)
    return SenseFault(
        kind,
        from_us,
        until_us,
        drift_mps=(options.rate_mps * math.cos(to), options.rate_mps * math.sin(to)),
        limit_m=math.inf if options.limit_m is None else options.limit_m,
        noise_sigma_m=options.noise_sigma_m,
    )


def complaints(
    faults: Sequence[tuple[str, BaseModel]], own_cameras: Collection[str], time_limit_s: float, dt_us: int
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What is wrong with faults, of the vehicle too, as kind and options: place in the file and what is to be said."""
    for index, (kind, options) in enumerate(faults):
        here = ("faults", index, kind)
        if isinstance(options, Timed):
            yield from ((here + place, told) for place, told in _time_complaints(options, time_limit_s, dt_us))
        if hasattr(options, "delay_s"):
            try:
                whole_steps("", options.delay_s, dt_us)
            except InputError as wrong:
                yield (*here, "delay_s"), str(wrong).removeprefix(": ")
        told = sensor_complaint(options.sensor, own_cameras, SENSORS) if hasattr(options, "sensor") else ""
        if told:
            yield (*here, "sensor"), told


def _time_complaints(options: Timed, time_limit_s: float, dt_us: int) -> Iterator[tuple[tuple[str], str]]:
    """A fault is there in the control steps that begin in its time: there has to be one."""
    from_s = options.from_s
    first_us = -(-round(from_s * 1e6) // dt_us) * dt_us
    if first_us >= round(time_limit_s * 1e6):
        told = f"found {from_s:g}, but the scenario ends at {time_limit_s:g} s"
        yield ("from_s",), f"{told}; expected an earlier time or a longer end.time_limit_s"
    elif options.for_s is not None and first_us >= round(from_s * 1e6) + round(options.for_s * 1e6):
        told = (
            f"found {options.for_s:g}, but no control step begins between {from_s:g} and {from_s + options.for_s:g} s"
        )
        yield ("for_s",), f"{told}; expected a longer time or an earlier from_s"
