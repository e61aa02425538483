"""What a policy may decide, and how precisely it is told what is wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from driver_scenes import observe, straight

from alpasim.errors import PolicyInvalidAction
from alpasim.policy.checks import checked_decision
from alpasim.types import Control, Decision, Factor, Reasoning, Trajectory

NOW = observe(straight(), (20.0, 0.0, 0.0), 10.0, step=30)
TIMES = np.array([3_000_000, 3_100_000, 3_200_000], dtype=np.int64)
POSES = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [2.0, 0.0, 0.0]])


def along(times: Any = TIMES, poses: Any = POSES, frame: Any = "world") -> Decision:
    return Decision(trajectory=Trajectory(times, poses, frame))


def refused(decision: object, message: str) -> None:
    with pytest.raises(PolicyInvalidAction, match=message) as caught:
        checked_decision(decision, NOW)
    assert caught.value.status == "policy_invalid_action"


def test_good_decisions_come_back_clean_and_read_only() -> None:
    control = checked_decision(Decision(control=Control(np.float32(0.5), 1)), NOW).control  # type: ignore[arg-type]
    assert control == Control(0.5, 1.0) and type(control.pedal) is float
    plan = checked_decision(along(TIMES.tolist(), POSES.astype(np.float32), "rig"), NOW).trajectory
    assert plan is not None and plan.frame == "rig"
    assert plan.times_us.dtype == np.int64 and plan.poses.dtype == np.float64
    assert not plan.times_us.flags.writeable and not plan.poses.flags.writeable


def test_the_policys_own_arrays_stay_its_own() -> None:
    poses = POSES.copy()
    plan = checked_decision(along(poses=poses), NOW).trajectory
    poses[:] = 7.0
    assert plan is not None and plan.poses[1, 0] == 1.0 and poses.flags.writeable


def test_something_else_than_a_decision() -> None:
    refused(None, "returned None.*is a return missing")
    refused(Control(0.0, 0.0), r"wrap it: Decision\(control=")
    refused(along().trajectory, r"wrap it: Decision\(trajectory=")
    refused((0.0, 0.0), "tuple")


def test_exactly_one_of_control_and_trajectory() -> None:
    refused(Decision(), "neither of control and trajectory")
    refused(replace(along(), control=Control(0.0, 0.0)), "both of control and trajectory")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 10**400])
def test_numbers_must_be_finite(value: Any) -> None:
    refused(Decision(control=Control(value, 0.0)), r"control\.steer is (nan|inf|-inf), expected a finite number")
    refused(Decision(control=Control(0.0, value)), r"control\.pedal")


@pytest.mark.parametrize("value", [None, "0.1", True, 1j, [0.1], np.zeros(2), np.array("x")])
def test_numbers_must_be_numbers(value: Any) -> None:
    refused(Decision(control=Control(value, 0.0)), r"control\.steer is .*expected")


@pytest.mark.parametrize("value", [1, 0.0, "yes", None, np.array(True)])
def test_the_gear_must_be_true_or_false(value: Any) -> None:
    refused(Decision(control=Control(0.0, 0.0, value)), r"control\.reverse is .*expected True or False")
    cleaned = checked_decision(Decision(control=Control(0.0, 0.5, np.True_)), NOW).control  # type: ignore[arg-type]
    assert cleaned == Control(0.0, 0.5, reverse=True) and type(cleaned.reverse) is bool


def test_shapes_are_named() -> None:
    refused(along(poses=POSES[:, :2]), r"poses has shape \(3, 2\), expected \(3, 3\)")
    refused(along(poses=POSES[:2]), r"poses has shape \(2, 3\), expected \(3, 3\)")
    refused(along(TIMES[:1], POSES[:1]), r"times_us has shape \(1,\)")
    refused(along(TIMES[:, None]), r"times_us has shape \(3, 1\)")
    refused(along(poses=[[0, 0, 0], [1, 0], [2, 0, 0]]), "poses is no regular array")
    refused(along(poses=np.full((3, 3), "a")), "poses has dtype")
    refused(along(poses=np.full((3, 3), None)), "poses has dtype object")
    refused(along(poses=7), "poses is int 7")


def test_places_of_bad_values_are_named() -> None:
    poses = POSES.copy()
    poses[2, 1] = np.nan
    refused(along(poses=poses), r"trajectory\.poses\[2, 1\] is nan")
    poses[2, 1] = 1e300
    refused(along(poses=poses), r"trajectory\.poses\[2, 1\] is 1e\+300, beyond")


def test_times_rise_and_cover_now() -> None:
    refused(
        along(np.array([3_000_000, 3_200_000, 3_200_000])), r"times_us\[2\] is 3200000, not later than times_us\[1\]"
    )
    refused(along(TIMES - 200_000), r"times_us\[2\] is 3000000, but it is already 3000000")
    refused(along(TIMES + 1_500_000), "the plan must cover now")
    refused(along(np.array([3.0, 3.1, 3.2])), r"times_us\[1\] is .*3\.1.*, expected whole microseconds")
    refused(along(np.array([3e6, np.nan, 4e6])), r"times_us\[1\] is nan")
    assert checked_decision(along(TIMES + 100_000), NOW).trajectory is not None
    assert checked_decision(along(TIMES.astype(float)), NOW).trajectory is not None


def test_frames_are_world_or_rig() -> None:
    refused(along(frame="wrld"), r"frame is 'wrld', expected 'world' or 'rig' \(did you mean 'world'\?\)")


GOOD = Reasoning(
    longitudinal="yield",
    lateral="lane_keeping",
    factors=(Factor("critical_object", 12, (("kind", "car"),)),),
    text="Yield to the car because it crosses.",
)


def saying(**changes: Any) -> Decision:
    return Decision(control=Control(0.0, 0.0), reasoning=replace(GOOD, **changes))


def test_good_reasoning_is_kept() -> None:
    assert checked_decision(saying(), NOW).reasoning == GOOD
    numbered = checked_decision(saying(factors=[Factor("lane", np.int64(3), [["a", "b"]])]), NOW)  # type: ignore[list-item,arg-type]
    assert numbered.reasoning is not None and numbered.reasoning.factors == (Factor("lane", 3, (("a", "b"),)),)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"longitudinal": "yeild"}, r"longitudinal.*did you mean 'yield'"),
        ({"lateral": 3}, r"reasoning\.lateral is int 3"),
        ({"lateral": "lane_change"}, r"direction.*expected 'left' or 'right'"),
        ({"direction": "up"}, "direction"),
        ({"text": None}, r"reasoning\.text is None"),
        ({"factors": "car"}, r"reasoning\.factors is str"),
        ({"factors": ("car",)}, r"factors\[0\] is str 'car', expected a Factor"),
        ({"factors": (Factor("critical_objekt"),)}, r"factors\[0\]\.category.*did you mean 'critical_object'"),
        ({"factors": (Factor("lane", 1.5),)}, r"factors\[0\]\.track_id is float 1\.5"),
        ({"factors": (Factor("lane", None, (("a",),)),)}, r"factors\[0\]\.claims\[0\]"),
    ],
)
def test_reasoning_outside_the_vocabulary_is_refused(changes: dict[str, Any], message: str) -> None:
    refused(saying(**changes), message)


def test_long_and_wild_text_is_cut_and_cleaned_but_not_refused() -> None:
    kept = checked_decision(saying(text="a\0b\x1b[31m" + "x" * 100_000), NOW).reasoning
    assert kept is not None and len(kept.text) < 5_000 and "\0" not in kept.text and "\x1b" not in kept.text
