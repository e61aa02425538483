"""Geometry along a route against closed forms: circles, straight lines, and inverse pairs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from alpasim_policies.crossing import come_after, time_to_travel
from alpasim_policies.following import needed_deceleration
from alpasim_policies.longitudinal import eased, follow
from alpasim_policies.parameters import DriverParameters
from alpasim_policies.planning import lateral_plan, shift_length, way_and_times
from alpasim_policies.route_kernels import (
    braking_for_speeds,
    crossings,
    describe_tracks,
    nearest_point,
    offset_at,
    place_near,
    poses_along,
    route_table,
)
from driver_scenes import route_along, straight
from hypothesis import given, settings
from hypothesis import strategies as st

P = DriverParameters()


def circle(radius: float = 100.0) -> np.ndarray:
    angle = np.arange(0.0, math.pi, 0.01)
    return route_table(route_along(np.column_stack([radius * np.sin(angle), radius * (1.0 - np.cos(angle))])))


@given(s=st.floats(-30.0, 340.0), d=st.floats(-8.0, 8.0))
@settings(max_examples=60, deadline=None)
def test_places_and_poses_undo_each_other_also_beyond_the_ends(s: float, d: float) -> None:
    table = circle()
    x, y, _ = poses_along(table, lateral_plan(-1e3, 1.0, d, 0.0, d), np.array([s]))[0]
    found_s, found_d, _, _ = place_near(table, nearest_point(table, x, y), x, y)
    assert found_s == pytest.approx(s, abs=0.08) and found_d == pytest.approx(d, abs=0.02)


def test_on_a_circle_headings_and_distances_are_those_of_the_circle() -> None:
    table = circle(100.0)
    for angle, off in ((0.5, 0.0), (1.0, 3.0), (2.0, -4.0)):
        x, y = (100.0 - off) * math.sin(angle), 100.0 - (100.0 - off) * math.cos(angle)
        s, d, heading, _ = place_near(table, nearest_point(table, x, y), x, y)
        assert (s, d, heading) == pytest.approx((100.0 * angle, off, angle), abs=0.02)


def test_a_lateral_plan_leaves_with_its_slope_and_arrives_level() -> None:
    plan = lateral_plan(50.0, 30.0, -0.5, 0.04, 1.0)
    assert offset_at(plan, 50.0) == pytest.approx((-0.5, 0.04))
    assert offset_at(plan, 80.0) == pytest.approx((1.0, 0.0))
    assert offset_at(plan, 500.0) == (1.0, 0.0)
    s = np.linspace(50.0, 80.0, 301)
    d = np.array([offset_at(plan, float(at))[0] for at in s])
    slope = np.array([offset_at(plan, float(at))[1] for at in s])
    assert np.allclose(np.gradient(d, s)[1:-1], slope[1:-1], atol=1e-3)


def test_the_length_of_a_shift_keeps_the_lateral_acceleration() -> None:
    speed, step, most = 20.0, 3.0, 1.5
    length = shift_length(speed, step, most)
    plan = lateral_plan(0.0, length, 0.0, 0.0, step)
    s = np.linspace(0.0, length, 2001)
    slope = np.array([offset_at(plan, float(at))[1] for at in s])
    assert np.abs(np.gradient(slope, s)).max() * speed**2 == pytest.approx(most, rel=0.02)


def test_tracks_are_described_by_their_box_and_motion() -> None:
    table = route_table(straight())
    rows = describe_tracks(
        table,
        np.array([[100.0, 2.0, 0.0], [50.0, -3.0, 0.0]]),
        np.array([0.0, math.pi / 2]),
        np.array([[10.0, 0.0, 0.0], [0.0, 1.5, 0.0]]),
        np.array([[4.0, 2.0, 1.5], [1.0, 0.5, 1.7]]),
    )
    assert rows[0, :8] == pytest.approx([100.0, 2.0, 2.0, 1.0, 10.0, 0.0, 0.0, 10.0])
    assert rows[1, :8] == pytest.approx([50.0, -3.0, 0.25, 0.5, 0.0, 1.5, math.pi / 2, 1.5])


def cross(x: float, y: float, vx: float, vy: float, slowing: float = 0.0) -> np.ndarray:
    table = route_table(straight())
    plan = lateral_plan(0.0, 1.0, 0.0, 0.0, 0.0)
    one = np.ones(1)
    yaw = np.array([math.atan2(vy, vx)])
    start = float(nearest_point(table, x, y))
    return crossings(
        table, plan, 1.0, np.array([[x, y, 0.0]]), yaw, np.array([[vx, vy, 0.0]]), np.array([[1.0, 1.0, 1.0]]),
        slowing * one, 0.5 * one, start * one, 4.0, 0.05,
    )[0]  # fmt: skip


def test_a_walker_enters_and_leaves_when_the_closed_form_says() -> None:
    enters, leaves, low, high = cross(100.0, -6.0, 0.0, 2.0)
    # the walker's near side is 0.5 m ahead of it, the corridor reaches to 1.5 m
    assert enters == pytest.approx((6.0 - 2.0) / 2.0, abs=0.06)
    assert leaves == pytest.approx(4.0, abs=0.06) or math.isinf(leaves)
    assert (low, high) == pytest.approx((99.5, 100.5), abs=0.01)


def test_who_goes_away_or_stops_before_never_enters() -> None:
    assert math.isinf(cross(100.0, -6.0, 0.0, -2.0)[0])
    assert math.isinf(cross(100.0, -6.0, 0.0, 3.0, slowing=2.0)[0])  # stands after 2.25 m
    assert math.isfinite(cross(100.0, -4.0, 0.0, 3.0, slowing=2.0)[0])


def test_braking_for_a_bend_is_that_of_constant_deceleration() -> None:
    x = np.arange(0.0, 200.0, 1.0)
    route = route_along(np.column_stack([x, np.zeros_like(x)]))
    curvature = np.where(x >= 120.0, 1.0 / 50.0, 0.0)
    table = route_table(route)
    table[:, 4] = curvature
    _, bend, at, limit, _ = braking_for_speeds(table, 40.0, 14.0, 2.0, 1.0, 30.0, 150.0)
    assert bend == pytest.approx((14.0**2 - 2.0 * 50.0) / (2.0 * 80.0)) and at == pytest.approx(80.0)
    assert limit == 0.0


def test_a_lower_limit_ahead_needs_its_deceleration() -> None:
    route = straight(limit_mps=20.0)
    table = route_table(route)
    table[table[:, 2] >= 140.0, 10] = 10.0
    wanted, bend, _, limit, at = braking_for_speeds(table, 40.0, 20.0, 2.0, 1.0, 30.0, 200.0)
    assert (wanted, bend) == (20.0, 0.0)
    assert limit == pytest.approx((20.0**2 - 10.0**2) / (2.0 * 100.0)) and at == pytest.approx(100.0)


def test_following_is_at_rest_where_the_idm_is() -> None:
    wanted = 20.0
    for speed in (5.0, 10.0, 15.0):
        gap = (P.standstill_gap_m + speed * P.time_headway_s) / math.sqrt(1.0 - (speed / wanted) ** 4)
        assert follow(P, speed, wanted, gap, speed, 0.0) == pytest.approx(0.0, abs=1e-9)
        assert follow(P, speed, wanted, 1e6, speed, 0.0) == pytest.approx(
            P.acceleration * (1.0 - (speed / wanted) ** 4), abs=1e-3
        )


@given(speed=st.floats(0.0, 40.0), gap=st.floats(0.5, 200.0), other=st.floats(0.0, 40.0), change=st.floats(-9.0, 3.0))
@settings(max_examples=200, deadline=None)
def test_following_is_finite_and_never_eager_when_closer(speed: float, gap: float, other: float, change: float) -> None:
    near, far = follow(P, speed, 25.0, gap, other, change), follow(P, speed, 25.0, gap + 5.0, other, change)
    assert math.isfinite(near) and near <= P.acceleration + 1e-9
    if change >= 0.0:
        assert near <= far + 1e-6


def test_needed_deceleration_of_standing_moving_and_braking_obstacles() -> None:
    assert needed_deceleration(20.0, 40.0, 0.0, 0.0) == pytest.approx(20.0**2 / 80.0)
    assert needed_deceleration(20.0, 40.0, 10.0, 0.0) == pytest.approx(10.0**2 / 80.0)
    assert needed_deceleration(10.0, 40.0, 20.0, 0.0) == 0.0
    assert needed_deceleration(20.0, 15.0, 20.0, -8.0) == pytest.approx(400.0 / (2.0 * (15.0 + 400.0 / 16.0)))


def test_time_to_travel_against_integration() -> None:
    for way, speed, acceleration, fastest in (
        (50.0, 5.0, 1.0, 10.0),
        (10.0, 5.0, 1.0, 10.0),
        (20.0, 8.0, -1.0, 10.0),
        (9.0, 3.0, 0.0, 5.0),
    ):
        t, v, s, dt = 0.0, speed, 0.0, 1e-4
        while s < way:
            v = min(max(v + acceleration * dt, 0.0), max(fastest, speed))
            s, t = s + v * dt, t + dt
        assert time_to_travel(way, speed, acceleration, fastest) == pytest.approx(t, abs=0.01)
    assert math.isinf(time_to_travel(40.0, 8.0, -1.0, 10.0)) and math.isinf(time_to_travel(1.0, 0.0, 0.0, 5.0))


def test_coming_after_somebody_brakes_no_more_than_that_takes() -> None:
    speed, gap, leaves = 12.0, 40.0, 4.0
    acceleration = come_after(P, speed, gap, leaves)
    way = speed * leaves + 0.5 * acceleration * leaves**2
    assert way == pytest.approx(gap - P.stop_before_m)
    stop = come_after(P, speed, gap, math.inf)
    assert stop == pytest.approx(-(speed**2) / (2.0 * (gap - P.stop_before_m)))
    assert stop <= acceleration < 0.0


def test_easing_is_continuous_and_falls_with_need() -> None:
    needs = np.linspace(0.0, 4.0, 400)
    allowed = [eased(float(need), 1.5, 1.4) for need in needs]
    assert np.all(np.diff(allowed) <= 1e-12) and np.abs(np.diff(allowed)).max() < 0.06


def test_plans_keep_their_acceleration_until_standing_or_fast_enough() -> None:
    way, times = way_and_times(10.0, -2.5, 20.0, 1_000_000)
    assert times[0] == 1_000_000 and way[0] == 0.0
    assert way[-1] == pytest.approx(10.0 * 4.0 - 0.5 * 2.5 * 16.0)
    stopping, _ = way_and_times(5.0, -2.5, 20.0, 0)
    assert stopping[-1] == pytest.approx(5.0) and stopping[-1] == stopping[-10]
    rising, _ = way_and_times(9.0, 1.0, 10.0, 0)
    assert rising[-1] == pytest.approx(9.5 + 10.0 * 3.0)
