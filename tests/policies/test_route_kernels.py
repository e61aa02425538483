"""Geometry along a route against closed forms: circles, straight lines, and inverse pairs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from alpasim_policies.crossing import come_after, conflict, time_to_travel
from alpasim_policies.following import follow, needed_deceleration
from alpasim_policies.longitudinal import eased
from alpasim_policies.parameters import DriverParameters
from alpasim_policies.planning import lateral_plan, shift_length, trajectory_ahead
from alpasim_policies.route_kernels import (
    BEND,
    LIMIT,
    braking_for_speeds,
    nearest_point,
    offset_at,
    place_near,
    poses_ahead,
    poses_along,
    route_table,
)
from alpasim_policies.surroundings import (
    ACROSS,
    ALONG,
    CHANGE,
    HALF_D,
    HALF_S,
    SPEED,
    TRACK_D,
    TRACK_S,
    TURNED,
    Surroundings,
    TrackMemory,
    look_around,
)
from driver_scenes import Body, car, moving, observe, route_along, straight
from hypothesis import given, settings
from hypothesis import strategies as st

from alpasim.types import ActorKind

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


def seen(*bodies: Body, changes: float = 0.0) -> Surroundings:
    """What is around on a straight road; with `changes` everybody is taken to speed up by that [m/s^2]."""
    route = straight()
    observation, memory = observe(route, (20.0, 0.0, 0.0), 10.0, bodies), TrackMemory()
    around = look_around(route_table(route), observation, observation.tracks, 4.6, memory, 0.1)
    around.seen[:, CHANGE] = changes
    return around


def test_tracks_are_described_by_their_box_and_motion() -> None:
    person = Body(ActorKind.PEDESTRIAN, (1.0, 0.5, 1.7), moving(50.0, -3.0, math.pi / 2, 1.5))
    around = seen(car(100.0, 2.0, speed=10.0), person)
    columns = [TRACK_S, TRACK_D, HALF_S, HALF_D, ALONG, ACROSS, TURNED, SPEED]
    assert around.seen[0, columns] == pytest.approx([100.0, 2.0, 2.25, 0.9, 10.0, 0.0, 0.0, 10.0])
    assert around.seen[1, columns] == pytest.approx([50.0, -3.0, 0.25, 0.5, 0.0, 1.5, math.pi / 2, 1.5])
    assert (around.front, around.rear, around.rig_s) == pytest.approx((23.7, 19.1, 20.0))


@given(x=st.floats(-150.0, 350.0), y=st.floats(-150.0, 350.0))
@settings(max_examples=200, deadline=None)
def test_the_nearest_point_is_the_first_of_the_nearest(x: float, y: float) -> None:
    table = circle()
    assert nearest_point(table, x, y) == int(np.argmin((x - table[:, 0]) ** 2 + (y - table[:, 1]) ** 2))


def cross(x: float, y: float, speed: float, slowing: float = 0.0) -> tuple[float, float, float, float]:
    body = Body(ActorKind.PEDESTRIAN, (1.0, 1.0, 1.0), moving(x, y, math.copysign(math.pi / 2, speed), abs(speed)))
    plan = lateral_plan(0.0, 1.0, 0.0, 0.0, 0.0)
    track = seen(body, changes=-slowing).seen[0]
    return conflict(route_table(straight()), plan, 1.0, track, 0.5, 4.0, 0.05)


def test_a_walker_enters_and_leaves_when_the_closed_form_says() -> None:
    enters, leaves, low, high = cross(100.0, -6.0, 2.0)
    # the walker's near side is 0.5 m ahead of it, the corridor reaches to 1.5 m
    assert enters == pytest.approx((6.0 - 2.0) / 2.0, abs=0.06)
    assert leaves == pytest.approx(4.0, abs=0.06) or math.isinf(leaves)
    assert (low, high) == pytest.approx((99.5, 100.5), abs=0.01)


def test_who_goes_away_or_stops_before_never_enters() -> None:
    assert math.isinf(cross(100.0, -6.0, -2.0)[0])
    assert math.isinf(cross(100.0, -6.0, 3.0, slowing=2.0)[0])  # stands after 2.25 m
    assert math.isfinite(cross(100.0, -4.0, 3.0, slowing=2.0)[0])


def test_braking_for_a_bend_is_that_of_constant_deceleration() -> None:
    x = np.arange(0.0, 200.0, 1.0)
    route = route_along(np.column_stack([x, np.zeros_like(x)]))
    curvature = np.where(x >= 120.0, 1.0 / 50.0, 0.0)
    table = route_table(route)
    table[:, 4] = curvature
    _, because, limit, bend, crest = braking_for_speeds(table, 40.0, 14.0, 2.0, 1.0, 30.0, 150.0)
    assert bend == pytest.approx(((14.0**2 - 2.0 * 50.0) / (2.0 * 80.0), 80.0))
    assert limit == crest == (0.0, 0.0) and because == LIMIT
    wanted, because, *_ = braking_for_speeds(table, 130.0, 10.0, 2.0, 1.0, 30.0, 150.0)
    assert (wanted, because) == (pytest.approx(10.0), BEND)


def test_a_lower_limit_ahead_needs_its_deceleration() -> None:
    route = straight(limit_mps=20.0)
    table = route_table(route)
    table[table[:, 2] >= 140.0, 10] = 10.0
    wanted, because, limit, bend, _ = braking_for_speeds(table, 40.0, 20.0, 2.0, 1.0, 30.0, 200.0)
    assert (wanted, because, bend) == (20.0, LIMIT, (0.0, 0.0))
    assert limit == pytest.approx(((20.0**2 - 10.0**2) / (2.0 * 100.0), 100.0))


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
    table, middle = route_table(straight()), lateral_plan(0.0, 1.0, 0.0, 0.0, 0.0)
    slowing = trajectory_ahead(table, middle, 50.0, 10.0, -2.5, 20.0, 1_000_000)
    assert slowing.times_us[0] == 1_000_000 and slowing.poses[0] == pytest.approx([50.0, 0.0, 0.0])
    assert slowing.poses[-1, 0] == pytest.approx(50.0 + 10.0 * 4.0 - 0.5 * 2.5 * 16.0)
    stopping = trajectory_ahead(table, middle, 50.0, 5.0, -2.5, 20.0, 0).poses[:, 0]
    assert stopping[-1] == pytest.approx(55.0) and stopping[-1] == stopping[-10]
    rising = trajectory_ahead(table, middle, 50.0, 9.0, 1.0, 10.0, 0).poses[:, 0]
    assert rising[-1] == pytest.approx(50.0 + 9.5 + 10.0 * 3.0)


@given(s=st.floats(-30.0, 330.0), speed=st.floats(0.0, 40.0))
@settings(max_examples=60, deadline=None)
def test_poses_of_a_plan_lie_where_its_arc_lengths_are(s: float, speed: float) -> None:
    table, plan = circle(), lateral_plan(50.0, 30.0, -0.5, 0.04, 1.0)
    times = np.linspace(0.0, 4.0, 41)
    ahead = poses_ahead(table, plan, s, speed, 0.0, speed, times)
    assert np.array_equal(ahead, poses_along(table, plan, s + speed * times))
