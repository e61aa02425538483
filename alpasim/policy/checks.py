"""Whether what a policy decided can be driven at all: types, shapes, finite numbers, times that cover now.

Answers with the decision itself, its arrays made float64 / int64 and read-only, or raises PolicyInvalidAction with field,
index and value. It does not judge whether the decision is wise, nor whether the vehicle can follow it.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from alpasim.errors import PolicyInvalidAction, did_you_mean
from alpasim.reasoning.record import cleaned, vocabulary_faults
from alpasim.types import (
    Control,
    Decision,
    Factor,
    FloatArray,
    IntArray,
    Observation,
    Reasoning,
    Trajectory,
    frozen,
)

MAX_LEAD_US = 1_000_000
"""How long after now a trajectory may begin [us]; models that plan from the next step on need a little."""

MAX_POSES = 10_000
FARTHEST_M = 1e6
"""No coordinate of a plan may be larger [m]: beyond it something has gone wrong with units or frames."""


def checked_decision(decision: object, observation: Observation) -> Decision:
    """The decision with clean arrays; PolicyInvalidAction where it is not exactly one finite Control or Trajectory."""
    if not isinstance(decision, Decision):
        hint = "; is a return missing?" if decision is None else ""
        wrap = "; wrap it: Decision(control=…)" if isinstance(decision, Control) else ""
        wrap = "; wrap it: Decision(trajectory=…)" if isinstance(decision, Trajectory) else wrap
        raise PolicyInvalidAction(f"decide() returned {_shown(decision)}, expected a Decision{hint}{wrap}")
    if (decision.control is None) == (decision.trajectory is None):
        found = "neither" if decision.control is None else "both"
        raise PolicyInvalidAction(f"decision has {found} of control and trajectory, expected exactly one")
    control = None if decision.control is None else _checked_control(decision.control)
    trajectory = None if decision.trajectory is None else _checked_trajectory(decision.trajectory, observation.time_us)
    reasoning = None if decision.reasoning is None else checked_reasoning(decision.reasoning)
    return Decision(control=control, trajectory=trajectory, reasoning=reasoning)


def _checked_control(control: object) -> Control:
    if not isinstance(control, Control):
        raise PolicyInvalidAction(f"control is {_shown(control)}, expected a Control(steer, pedal, reverse)")
    reverse = control.reverse
    if not isinstance(reverse, bool | np.bool_):
        raise PolicyInvalidAction(f"control.reverse is {_shown(reverse)}, expected True or False")
    return Control(_number(control.steer, "control.steer"), _number(control.pedal, "control.pedal"), bool(reverse))


def _number(value: object, field: str) -> float:
    """A finite float; arrays with one element are accepted, because that is what models give."""
    if isinstance(value, np.ndarray):
        if value.size != 1:
            raise PolicyInvalidAction(f"{field} is an array of shape {value.shape}, expected one number")
        value = value.reshape(())[()]
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise PolicyInvalidAction(f"{field} is {_shown(value)}, expected a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise PolicyInvalidAction(f"{field} is {number}, expected a finite number")
    return number


def _checked_trajectory(trajectory: object, now_us: int) -> Trajectory:
    if not isinstance(trajectory, Trajectory):
        raise PolicyInvalidAction(f"trajectory is {_shown(trajectory)}, expected a Trajectory(times_us, poses, frame)")
    if trajectory.frame not in ("world", "rig"):
        near = did_you_mean(str(trajectory.frame), ("world", "rig"))
        raise PolicyInvalidAction(f"trajectory.frame is {trajectory.frame!r}, expected 'world' or 'rig'{near}")
    times = _checked_times(trajectory.times_us, now_us)
    poses = _checked_poses(trajectory.poses, len(times))
    return Trajectory(times_us=times, poses=poses, frame=trajectory.frame)


def _checked_times(times_us: object, now_us: int) -> IntArray:
    """Times as int64: at least two, rising, begun soon after now at the latest and lasting beyond it."""
    times = _array(times_us, "trajectory.times_us", "biuf")
    if times.ndim != 1 or not 2 <= len(times) <= MAX_POSES:
        raise PolicyInvalidAction(
            f"trajectory.times_us has shape {times.shape}, expected (k,) with 2 <= k <= {MAX_POSES}"
        )
    if times.dtype.kind == "f":
        _all_finite(times, "trajectory.times_us")
        off = np.flatnonzero(times != np.rint(times))
        if off.size:
            raise PolicyInvalidAction(
                f"trajectory.times_us[{off[0]}] is {times[off[0]]!r}, expected whole microseconds (1 s = 1000000)"
            )
    whole = np.array(times, dtype=np.int64)
    rising = whole[1:] > whole[:-1]
    if not rising.all():
        at = int(np.argmin(rising)) + 1
        raise PolicyInvalidAction(
            f"trajectory.times_us[{at}] is {whole[at]}, not later than times_us[{at - 1}] = {whole[at - 1]}; times must rise"
        )
    if whole[-1] <= now_us:
        raise PolicyInvalidAction(
            f"trajectory.times_us[{len(whole) - 1}] is {whole[-1]}, but it is already {now_us}: the plan is over before it"
            " begins (times are absolute microseconds, as in observation.time_us)"
        )
    if whole[0] > now_us + MAX_LEAD_US:
        raise PolicyInvalidAction(
            f"trajectory.times_us[0] is {whole[0]}, more than {MAX_LEAD_US} after now = {now_us}; the plan must cover now"
        )
    return frozen(whole)


def _checked_poses(poses: object, count: int) -> FloatArray:
    rows = _array(poses, "trajectory.poses", "iuf")
    if rows.shape != (count, 3):
        raise PolicyInvalidAction(
            f"trajectory.poses has shape {rows.shape}, expected ({count}, 3): x, y, yaw for each time"
        )
    clean = np.array(rows, dtype=np.float64, order="C")
    if not np.abs(clean).max() <= FARTHEST_M:  # nan is neither above nor below
        _all_finite(clean, "trajectory.poses")
        row, column = (int(index) for index in np.argwhere(np.abs(clean) > FARTHEST_M)[0])
        raise PolicyInvalidAction(f"trajectory.poses[{row}, {column}] is {clean[row, column]:g}, beyond {FARTHEST_M:g}")
    return frozen(clean)


def _array(values: object, field: str, kinds: str) -> np.ndarray:
    """`values` as an array of numbers; lists are accepted, objects and texts are not."""
    if not isinstance(values, np.ndarray | list | tuple):
        raise PolicyInvalidAction(f"{field} is {_shown(values)}, expected an array of numbers")
    try:
        array = np.asarray(values)
    except ValueError as cause:
        raise PolicyInvalidAction(f"{field} is no regular array: {cause}") from cause
    if array.dtype.kind not in kinds:
        raise PolicyInvalidAction(f"{field} has dtype {array.dtype}, expected numbers")
    return array


def _all_finite(array: np.ndarray, field: str) -> None:
    bad = np.argwhere(~np.isfinite(array))
    if bad.size:
        index = tuple(int(part) for part in bad[0])
        raise PolicyInvalidAction(f"{field}[{', '.join(map(str, index))}] is {array[index]}, expected a finite number")


def checked_reasoning(reasoning: object) -> Reasoning:
    """The reasoning as it is recorded; PolicyInvalidAction where a field has the wrong type or is outside the closed
    vocabulary of `alpasim.reasoning`. Text that is too long or holds control characters is cut and cleaned, not refused.
    """
    if not isinstance(reasoning, Reasoning):
        raise PolicyInvalidAction(f"reasoning is {_shown(reasoning)}, expected a Reasoning or None")
    for field in ("longitudinal", "lateral"):
        word = getattr(reasoning, field)
        if word is not None and not isinstance(word, str):
            raise PolicyInvalidAction(f"reasoning.{field} is {_shown(word)}, expected a word of the vocabulary or None")
    for field in ("direction", "source", "text"):
        if not isinstance(getattr(reasoning, field), str):
            raise PolicyInvalidAction(f"reasoning.{field} is {_shown(getattr(reasoning, field))}, expected text")
    if not isinstance(reasoning.factors, tuple | list):
        raise PolicyInvalidAction(f"reasoning.factors is {_shown(reasoning.factors)}, expected a tuple of Factors")
    factors = tuple(_checked_factor(factor, index) for index, factor in enumerate(reasoning.factors))
    checked = replace(
        reasoning,
        longitudinal=None if reasoning.longitudinal is None else str(reasoning.longitudinal),
        lateral=None if reasoning.lateral is None else str(reasoning.lateral),
        factors=factors,
    )
    faults = vocabulary_faults(checked)
    if faults:
        raise PolicyInvalidAction("; ".join(f"reasoning.{fault}" for fault in faults))
    return cleaned(checked)


def _checked_factor(factor: object, index: int) -> Factor:
    field = f"reasoning.factors[{index}]"
    if not isinstance(factor, Factor):
        raise PolicyInvalidAction(f"{field} is {_shown(factor)}, expected a Factor")
    if not isinstance(factor.category, str):
        raise PolicyInvalidAction(f"{field}.category is {_shown(factor.category)}, expected a word")
    track = factor.track_id
    if isinstance(track, bool) or not isinstance(track, int | np.integer | None):
        raise PolicyInvalidAction(f"{field}.track_id is {_shown(track)}, expected a track id or None")
    claims = []
    if not isinstance(factor.claims, tuple | list):
        raise PolicyInvalidAction(f"{field}.claims is {_shown(factor.claims)}, expected pairs of words")
    for number, claim in enumerate(factor.claims):
        pair = tuple(claim) if isinstance(claim, tuple | list) else ()
        if len(pair) != 2 or not all(isinstance(word, str) for word in pair):
            raise PolicyInvalidAction(
                f"{field}.claims[{number}] is {_shown(claim)}, expected a (name, value) pair of words"
            )
        claims.append((pair[0], pair[1]))
    return Factor(category=str(factor.category), track_id=None if track is None else int(track), claims=tuple(claims))


def _shown(value: Any) -> str:
    """A value for a message: short, with its type where that is not plain."""
    if value is None:
        return "None"
    text = repr(value)
    text = text if len(text) <= 60 else f"{text[:57]}..."
    return f"{type(value).__name__} {text}"
