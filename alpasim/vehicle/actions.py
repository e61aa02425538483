"""What an RL action means: numbers of a Gymnasium space turned into a Decision, by name.

Answers which actions there are, the exact space of each, and what its numbers stand for. `control` goes to the pedals and the
wheel, `trajectory` and `meta` go through the tracker like any policy's trajectory.

| action | space | meaning |
|---|---|---|
| `control` | Box float32 (2,), -1 to 1 | wheel, share of the largest road-wheel angle, left positive; pedal, share of the largest drive force when positive and brake force when negative |
| `control_reverse` | Box float32 (3,), -1 to 1 | the same, and the gear: backwards above 0 |
| `trajectory` | Box float32 (8, 2), -1 to 1 | where the rig should be in 0.5, 1, … 4 s, in the rig frame of now: x ahead (backwards in reverse) = number x 40 m/s x time, y to the left = number x 10 m/s x time |
| `meta` | Discrete(5) | 0 keep, 1 faster, 2 slower, 3 left, 4 right: see `manoeuvres.py` |
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from alpasim.errors import InputError, PolicyInvalidAction, did_you_mean
from alpasim.scenario.concrete import Scenario
from alpasim.types import Control, Decision, FloatArray, Observation, Trajectory, frozen
from alpasim.vehicle.actuation import ABSURD
from alpasim.vehicle.manoeuvres import CHANGE_S, FASTER_MPS2, SLOWER_MPS2, WORDS, Manoeuvres

POINTS, POINT_STEP_US = 8, 500_000
FORWARD_MPS, SIDEWAYS_MPS = 40.0, 10.0
"""Mean speed from now to a waypoint that a number of 1 stands for [m/s]."""
LEAST_STEP_M = 0.1
"""Waypoints nearer to each other than this say nothing of the heading [m]."""


class Action(Protocol):
    """One way to act: its space, and what a value of it decides."""

    holds: str
    unit: str

    def space(self) -> spaces.Space[Any]:
        """The exact space of `decision`'s first argument."""
        ...

    def reset(self, scenario: Scenario) -> None:
        """Start of a drive."""
        ...

    def decision(self, action: Any, observation: Observation) -> Decision:
        """What the action means now; PolicyInvalidAction where it is not in the space's shape or not finite."""
        ...


def _array(action: Any) -> NDArray[Any]:
    """What numpy makes of an action; PolicyInvalidAction for rows of different lengths."""
    try:
        return np.asarray(action)
    except ValueError as cause:
        raise PolicyInvalidAction(f"action is {action!r}, which is no array: {cause}") from cause


def _numbers(action: Any, shape: tuple[int, ...], meaning: str) -> FloatArray:
    values = _array(action)
    if values.shape != shape or values.dtype.kind not in "fiu":
        raise PolicyInvalidAction(
            f"action has shape {values.shape} and type {values.dtype}, expected {shape} numbers: {meaning}"
        )
    return values.astype(np.float64)


class ControlAction:
    """Wheel and pedal."""

    holds = "wheel (left positive) and pedal (drive positive, brake negative)"
    unit = "share of the largest road-wheel angle; of the largest drive or brake force"

    def space(self) -> spaces.Space[Any]:
        """Two shares."""
        return spaces.Box(-1.0, 1.0, (2,), np.float32)

    def reset(self, scenario: Scenario) -> None:
        """Nothing is kept from one step to the next."""

    def decision(self, action: Any, observation: Observation) -> Decision:  # noqa: ARG002
        """Clipped to [-1, 1] by the vehicle, but it has to be finite."""
        values = _numbers(action, (2,), "steer, pedal")
        return Decision(control=Control(float(values[0]), float(values[1])))


class ControlReverseAction:
    """Wheel, pedal and gear."""

    holds = "wheel (left positive), pedal (drive positive, brake negative) and gear (reverse above 0)"
    unit = "share of the largest road-wheel angle; of the largest drive or brake force; only the sign counts"

    def space(self) -> spaces.Space[Any]:
        """Two shares and a sign."""
        return spaces.Box(-1.0, 1.0, (3,), np.float32)

    def reset(self, scenario: Scenario) -> None:
        """Nothing is kept from one step to the next."""

    def decision(self, action: Any, observation: Observation) -> Decision:  # noqa: ARG002
        """Clipped to [-1, 1] by the vehicle, but it has to be finite."""
        values = _numbers(action, (3,), "steer, pedal, gear")
        if not abs(values[2]) <= ABSURD:
            raise PolicyInvalidAction(f"action[2] is {values[2]}, expected a finite number: the gear, reverse above 0")
        return Decision(control=Control(float(values[0]), float(values[1]), bool(values[2] > 0.0)))


class TrajectoryAction:
    """Waypoints of the rig in the rig frame of now, at even times."""

    holds = (
        f"{POINTS} waypoints (x, y) of the rig in its present frame, in 0.5, 1, … {POINTS * POINT_STEP_US / 1e6:g} s;"
        " to one that lies behind the one before it, it reverses"
    )
    unit = f"x = number x {FORWARD_MPS:g} m/s x time, y = number x {SIDEWAYS_MPS:g} m/s x time (left positive)"

    def __init__(self) -> None:
        self._times_us = POINT_STEP_US * np.arange(POINTS + 1, dtype=np.int64)
        self._scale = np.outer(1e-6 * self._times_us[1:], (FORWARD_MPS, SIDEWAYS_MPS))

    def space(self) -> spaces.Space[Any]:
        """Two shares a waypoint."""
        return spaces.Box(-1.0, 1.0, (POINTS, 2), np.float32)

    def reset(self, scenario: Scenario) -> None:
        """Nothing is kept from one step to the next."""

    def decision(self, action: Any, observation: Observation) -> Decision:
        """The waypoints, clipped to the space, with headings along the way between them, or against it where that turns
        the vehicle less."""
        values = _numbers(action, (POINTS, 2), "x, y of each waypoint")
        good = np.isfinite(values) & (np.abs(values) <= ABSURD)
        if not good.all():
            row = int(np.argmax(~good.all(axis=1)))
            raise PolicyInvalidAction(
                f"action[{row}] is {values[row]}, expected finite numbers in [-1, 1]: x, y of a waypoint"
            )
        poses = np.zeros((POINTS + 1, 3))
        poses[1:, :2] = np.clip(values, -1.0, 1.0) * self._scale
        heading = 0.0
        for k in range(1, POINTS + 1):
            dx, dy = poses[k, :2] - poses[k - 1, :2]
            if math.hypot(dx, dy) >= LEAST_STEP_M:
                behind = dx * math.cos(heading) + dy * math.sin(heading) < 0.0
                heading = math.atan2(-dy, -dx) if behind else math.atan2(dy, dx)
            poses[k, 2] = heading
        times_us = observation.time_us + self._times_us
        return Decision(trajectory=Trajectory(frozen(times_us), frozen(poses), "rig"))


class MetaAction:
    """One of five words, carried out by a lane follower."""

    holds = ", ".join(f"{number} {word}" for number, word in enumerate(WORDS))
    unit = (
        f"a step of faster or slower changes the wanted speed at {FASTER_MPS2:g} or {SLOWER_MPS2:g} m/s^2;"
        f" left and right change lanes in {CHANGE_S:g} s"
    )

    def __init__(self) -> None:
        self._manoeuvres: Manoeuvres | None = None

    def space(self) -> spaces.Space[Any]:
        """A number for each word."""
        return spaces.Discrete(len(WORDS))

    def reset(self, scenario: Scenario) -> None:
        """Hold the speed and the lane that the drive begins with."""
        self._manoeuvres = Manoeuvres(scenario)

    def decision(self, action: Any, observation: Observation) -> Decision:
        """The trajectory of the lane follower that has heard the word."""
        if self._manoeuvres is None:
            raise RuntimeError("decision() before reset()")
        word = _array(action)
        if word.shape not in ((), (1,)) or word.dtype.kind not in "iu" or not 0 <= int(word.item()) < len(WORDS):
            raise PolicyInvalidAction(f"action is {action!r}, expected a whole number: {self.holds}")
        return Decision(trajectory=self._manoeuvres.trajectory(int(word.item()), observation))


ACTIONS: dict[str, Callable[[], Action]] = {
    "control": ControlAction,
    "control_reverse": ControlReverseAction,
    "trajectory": TrajectoryAction,
    "meta": MetaAction,
}
"""Every action of the env by name."""


def make_action(name: str) -> Action:
    """The action of that name; InputError with a suggestion."""
    known = ", ".join(ACTIONS)
    if not isinstance(name, str):
        raise InputError(f"action is {name!r}, expected one of {known}")
    if name not in ACTIONS:
        raise InputError(f"action {name!r} is unknown{did_you_mean(name, ACTIONS)}; expected one of {known}")
    return ACTIONS[name]()


def action_rows() -> list[dict[str, str]]:
    """A line for each action: name, space, what it holds, unit."""
    rows = []
    for name in ACTIONS:
        action = make_action(name)
        space = action.space()
        told = f"Discrete({space.n})" if isinstance(space, spaces.Discrete) else ""
        if isinstance(space, spaces.Box):
            shape = " x ".join(str(size) for size in space.shape)
            told = f"Box {np.dtype(space.dtype)} ({shape}), -1 to 1"
        rows.append({"name": name, "space": told, "holds": action.holds, "unit": action.unit})
    return rows
