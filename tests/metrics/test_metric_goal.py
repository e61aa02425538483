"""The goal predicate and its metrics."""

from __future__ import annotations

import math

import numpy as np
import pytest
from builders import Body, Scene, make_scenario, make_state, results_of, straight_states

from alpasim.metrics.arrival import goal_reached
from alpasim.scenario.concrete import Goal

SQUARE = np.array([[40.0, -2.0], [50.0, -2.0], [50.0, 2.0], [40.0, 2.0], [40.0, -2.0]])
ON_ROAD = 1.75
FAR = SQUARE + np.array([100.0, 0.0])


def test_the_box_centre_decides() -> None:
    goal = Goal(regions=(SQUARE,))
    assert not goal_reached(goal, make_state(Body(39.9)), ON_ROAD)
    assert goal_reached(goal, make_state(Body(40.1)), ON_ROAD)
    assert not goal_reached(goal, make_state(Body(45, 2.1)), ON_ROAD)


@pytest.mark.parametrize("goal", [Goal(regions=(SQUARE,)), Goal(after_s=0.0)])
def test_nobody_reaches_a_goal_beside_the_pavement(goal: Goal) -> None:
    assert goal_reached(goal, make_state(Body(45)), 0.0)
    assert not goal_reached(goal, make_state(Body(45)), -0.01)


def test_any_region_will_do() -> None:
    assert goal_reached(Goal(regions=(FAR, SQUARE)), make_state(Body(45)), ON_ROAD)


@pytest.mark.parametrize(("speed", "reached"), [(4.9, False), (5.0, True), (7.0, True), (7.1, False), (-6.0, False)])
def test_speed_bounds_include_their_ends(speed: float, reached: bool) -> None:
    goal = Goal(regions=(SQUARE,), speed_mps=(5.0, 7.0))
    assert goal_reached(goal, make_state(Body(45, speed=speed)), ON_ROAD) is reached


@pytest.mark.parametrize(
    ("degrees", "reached"), [(350, True), (0, True), (10, True), (-10, True), (11, False), (349, False), (180, False)]
)
def test_heading_bounds_run_counter_clockwise_over_the_wrap(degrees: float, reached: bool) -> None:
    goal = Goal(regions=(SQUARE,), heading_rad=(math.radians(350), math.radians(370)))
    assert goal_reached(goal, make_state(Body(45, yaw=math.radians(degrees))), ON_ROAD) is reached


def test_a_full_turn_of_heading_is_any_heading() -> None:
    goal = Goal(regions=(SQUARE,), heading_rad=(-math.pi, math.pi))
    assert all(goal_reached(goal, make_state(Body(45, yaw=yaw)), ON_ROAD) for yaw in np.linspace(-7, 7, 15))


@pytest.mark.parametrize(("step", "reached"), [(2, False), (3, True), (7, True), (8, False)])
def test_time_bounds_include_their_ends(step: int, reached: bool) -> None:
    goal = Goal(regions=(SQUARE,), after_s=0.3, before_s=0.7)
    assert goal_reached(goal, make_state(Body(45), step=step), ON_ROAD) is reached


def test_without_regions_being_unhurt_in_time_is_the_goal() -> None:
    goal = Goal(after_s=0.5)
    assert not goal_reached(goal, make_state(Body(0), step=4), ON_ROAD)
    assert goal_reached(goal, make_state(Body(0), step=5), ON_ROAD)
    assert not goal_reached(goal, make_state(Body(0), step=5, struck=(0,)), ON_ROAD)


def test_metrics_say_when() -> None:
    scenario = make_scenario(Scene(goal=Goal(regions=(SQUARE,))))
    results = results_of(scenario, straight_states(Body(30, speed=10), steps=25))
    assert results["goal_reached"].value == 1.0
    assert results["time_to_goal"].value == pytest.approx(1.1, abs=0.11)
    short = results_of(scenario, straight_states(Body(30, speed=10), steps=5))
    assert short["goal_reached"].value == 0.0
    assert not short["time_to_goal"].valid
