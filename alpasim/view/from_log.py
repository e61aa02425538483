"""Pictures and films of recorded rollouts: everything they show comes from the log alone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from alpasim.errors import InputError, did_you_mean
from alpasim.recording.reader import Log, read_log
from alpasim.scenario.concrete import Scenario
from alpasim.scenario.loading import load_inputs
from alpasim.types import EGO, EndReason
from alpasim.view.camera import Camera, following
from alpasim.view.canvas import UInt8Array
from alpasim.view.picture import picture_of, save_png
from alpasim.view.topdown import SIZE
from alpasim.view.video import write_video

TRAIL_STEPS = 100
"""How much of the way there a picture shows."""

MOMENTS = ("worst", "end")


def picture_from_log(path: Path | str, at: str | float = "worst", out: Path | str = "picture.png") -> Path:
    """Write a picture of one moment of a log: `worst`, `end`, or seconds from the start. Returns where it lies.

    RecordingError where there is no whole log, InputError for a moment that is none or outside the drive.
    """
    log = read_log(path)
    scenario = scenario_of(log)
    return save_png(picture_at(log, scenario, step_at(log, at)), out)


def film_from_log(path: Path | str, out: Path | str, *, size: tuple[int, int] = SIZE) -> Path:
    """Write the whole drive of a log as an MP4 in real time; needs the [video] extra."""
    log = read_log(path)
    scenario = scenario_of(log)
    return write_video(_frames(log, scenario, size), out, 1.0 / log.dt_s)


def scenario_of(log: Log) -> Scenario:
    """The scenario that a log was driven in, rebuilt from the files it carries."""
    header = log.header
    return load_inputs(header.source, log.inputs).concrete(header.seed, dict(header.parameters))


def step_at(log: Log, at: str | float) -> int:
    """The step of a moment: `worst`, `end`, or seconds from the start."""
    if at == "end":
        return len(log.states) - 1
    if at == "worst":
        return worst_step(log)
    try:
        seconds = float(at)
    except ValueError:
        raise InputError(
            f"moment {at!r}: expected seconds, or {' or '.join(MOMENTS)}{did_you_mean(str(at), MOMENTS)}"
        ) from None
    last = log.states[-1].time_s
    if not math.isfinite(seconds) or not 0.0 <= seconds <= last + 0.5 * log.dt_s:
        raise InputError(f"moment {at} s: the drive lasts from 0 to {last:g} s")
    return min(round(seconds / log.dt_s), len(log.states) - 1)


def worst_step(log: Log) -> int:
    """The step of the ego's first contact; without one the end of a drive that left the road; else that of the smallest
    time to collision, then of the smallest distance to anything; the end where neither was ever measured."""
    for state in log.states:
        if any(EGO in (contact.first, contact.second) for contact in state.contacts):
            return state.step
    if log.result is not None and log.result.end_reason == EndReason.OFF_ROAD:
        return len(log.states) - 1
    for metric in ("time_to_collision", "min_distance_to_obstacle_m"):
        measured = [
            (values[metric].value, step + 1)
            for step, values in enumerate(log.metrics)
            if metric in values and values[metric].valid and math.isfinite(values[metric].value)
        ]
        if measured and (metric != "time_to_collision" or min(measured)[0] < 0.9 * max(measured)[0]):
            return min(measured)[1]
    return len(log.states) - 1


def picture_at(
    log: Log, scenario: Scenario, step: int, *, camera: Camera | None = None, size: tuple[int, int] = SIZE
) -> UInt8Array:
    """The picture of one step of a log, (height, width, 3) uint8."""
    decision = log.decisions[min(step, len(log.decisions) - 1)] if log.decisions else None
    first = max(step - TRAIL_STEPS, 0)
    header = log.header
    return picture_of(
        scenario,
        log.states[first : step + 1],
        decision=decision,
        ending=log.result.end_reason if log.result is not None and step == len(log.states) - 1 else "",
        caption=(header.title or header.scenario, f"{header.policy} · seed {header.seed}"),
        camera=camera,
        size=size,
    )


def _frames(log: Log, scenario: Scenario, size: tuple[int, int]) -> Iterator[UInt8Array]:
    """Every step of a drive; the camera turns and zooms smoothly, a second behind the ego."""
    span, yaw = 0.0, 0.0
    for step, state in enumerate(log.states):
        wanted = following(state)
        if step == 0:
            span, yaw = wanted.span_m, wanted.yaw
        share = min(log.dt_s, 1.0)
        span += share * (wanted.span_m - span)
        yaw += share * float(np.arctan2(math.sin(wanted.yaw - yaw), math.cos(wanted.yaw - yaw)))
        yield picture_at(log, scenario, step, camera=following(state, span_m=span, yaw=yaw), size=size)
