"""Meta-actions from motion: every word, the thresholds themselves, plans, and that driver and plan agree."""

from __future__ import annotations

import math

import numpy as np
import pytest
from builders import Body, make_state
from hypothesis import given
from hypothesis import strategies as st

from alpasim.reasoning.meta import (
    LateralMeta,
    LongitudinalMeta,
    meta_action,
    meta_action_of_state,
    meta_actions_of_plan,
)
from alpasim.types import Trajectory

LON, LAT = LongitudinalMeta, LateralMeta


@pytest.mark.parametrize(
    ("speed", "acceleration", "word"),
    [
        (0.0, 0.0, LON.STOP),
        (0.49, -5.0, LON.STOP),
        (-0.49, 0.0, LON.STOP),
        (0.5, 0.0, LON.MAINTAIN_SPEED),
        (-0.5, 0.0, LON.REVERSE),
        (-3.0, 5.0, LON.REVERSE),
        (10.0, 0.5, LON.MAINTAIN_SPEED),
        (10.0, -0.5, LON.MAINTAIN_SPEED),
        (10.0, 0.51, LON.GENTLE_ACCELERATE),
        (10.0, 2.0, LON.GENTLE_ACCELERATE),
        (10.0, 2.01, LON.STRONG_ACCELERATE),
        (10.0, -0.51, LON.GENTLE_DECELERATE),
        (10.0, -3.0, LON.GENTLE_DECELERATE),
        (10.0, -3.01, LON.STRONG_DECELERATE),
    ],
)
def test_longitudinal_words_and_their_bounds(speed: float, acceleration: float, word: LongitudinalMeta) -> None:
    assert meta_action(speed, acceleration, 0.0).longitudinal is word


@pytest.mark.parametrize(
    ("speed", "yaw_rate", "word"),
    [
        (10.0, 0.03, LAT.GO_STRAIGHT),
        (10.0, 0.031, LAT.STEER_LEFT),
        (10.0, -0.031, LAT.STEER_RIGHT),
        (10.0, 0.25, LAT.STEER_LEFT),
        (10.0, 0.26, LAT.SHARP_STEER_LEFT),
        (10.0, -0.26, LAT.SHARP_STEER_RIGHT),
        (0.3, 0.5, LAT.GO_STRAIGHT),
        (-2.0, -0.1, LAT.REVERSE_LEFT),
        (-2.0, 0.1, LAT.REVERSE_RIGHT),
        (-2.0, 0.0, LAT.GO_STRAIGHT),
    ],
)
def test_lateral_words_and_their_bounds(speed: float, yaw_rate: float, word: LateralMeta) -> None:
    assert meta_action(speed, 0.0, yaw_rate).lateral is word


def arc(speed: float, acceleration: float, curvature: float, count: int = 30) -> Trajectory:
    """A plan of constant acceleration and curvature at 10 Hz, in closed form."""
    t = 0.1 * np.arange(count)
    s = speed * t + 0.5 * acceleration * t * t
    if curvature == 0.0:
        x, y = s, np.zeros(count)
    else:
        x, y = np.sin(curvature * s) / curvature, (1.0 - np.cos(curvature * s)) / curvature
    return Trajectory((t * 1e6).round().astype(np.int64), np.column_stack((x, y, curvature * s)), "rig")


@pytest.mark.parametrize(
    ("plan", "lon", "lat"),
    [
        (arc(10, 0, 0), LON.MAINTAIN_SPEED, LAT.GO_STRAIGHT),
        (arc(10, 1, 0), LON.GENTLE_ACCELERATE, LAT.GO_STRAIGHT),
        (arc(20, -5, 0), LON.STRONG_DECELERATE, LAT.GO_STRAIGHT),
        (arc(10, 0, 0.01), LON.MAINTAIN_SPEED, LAT.STEER_LEFT),
        (arc(10, 0, -0.05), LON.MAINTAIN_SPEED, LAT.SHARP_STEER_RIGHT),
        (arc(0, 0, 0), LON.STOP, LAT.GO_STRAIGHT),
        (arc(-3, 0, 0.1), LON.REVERSE, LAT.REVERSE_LEFT),
    ],
)
def test_plans_in_closed_form(plan: Trajectory, lon: LongitudinalMeta, lat: LateralMeta) -> None:
    actions = meta_actions_of_plan(plan)
    assert len(actions) == len(plan.times_us) - 1
    assert {action.longitudinal for action in actions} == {lon}
    assert {action.lateral for action in actions} == {lat}


def test_a_plan_whose_headings_wrap_goes_straight() -> None:
    poses = np.column_stack((-1.0 * np.arange(5), np.zeros(5), [math.pi, -math.pi, math.pi, -math.pi, math.pi]))
    actions = meta_actions_of_plan(Trajectory(100_000 * np.arange(5), poses))
    assert {action.lateral for action in actions} == {LAT.GO_STRAIGHT}


def test_short_plans() -> None:
    assert meta_actions_of_plan(Trajectory(np.array([0]), np.zeros((1, 3)))) == ()
    two = meta_actions_of_plan(Trajectory(np.array([0, 100_000]), np.array([[0.0, 0, 0], [1.0, 0, 0]])))
    assert [action.longitudinal for action in two] == [LON.MAINTAIN_SPEED]


@given(yaw=st.floats(-7, 7), x=st.floats(-100, 100), y=st.floats(-100, 100))
def test_a_plan_means_the_same_wherever_it_lies(yaw: float, x: float, y: float) -> None:
    plan = arc(8, -1, 0.02)
    cos, sin = math.cos(yaw), math.sin(yaw)
    turned = plan.poses[:, :2] @ np.array([[cos, sin], [-sin, cos]]) + np.array([x, y])
    moved = Trajectory(plan.times_us, np.column_stack((turned, plan.poses[:, 2] + yaw)))
    assert meta_actions_of_plan(moved) == meta_actions_of_plan(plan)


def test_a_states_own_words() -> None:
    state = make_state(Body(0, speed=10), acceleration=(-4.0, 0.0))
    assert meta_action_of_state(state) == meta_action(10.0, -4.0, 0.0)
