"""Distances and times to others: closed forms, a fine-stepped search, bounds, and when nothing can be said."""

from __future__ import annotations

import math

import numpy as np
import pytest
from builders import Body, Scene, make_scenario, make_state, measured, results_of, straight_states
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity
from shapely.geometry import Polygon, box

from alpasim.metrics.criticality import keeps_ttc_bound
from alpasim.metrics.recorder import Metrics

ONE = make_scenario(Scene(actors=1))


def at_start(ego: Body, *others: Body) -> Metrics:
    """Metrics after one step in which nothing has moved: the scene as given, seen once."""
    states = [make_state(ego, *others, step=step) for step in range(2)]
    return measured(make_scenario(Scene(actors=len(others))), states)


def polygon(body: Body) -> Polygon:
    length, width, _ = body.extent
    plain = box(-length / 2, -width / 2, length / 2, width / 2)
    return affinity.translate(affinity.rotate(plain, body.yaw, origin=(0, 0), use_radians=True), body.x, body.y)


def test_alone_nothing_can_be_said() -> None:
    results = results_of(make_scenario(), straight_states(Body(10, speed=10), steps=5))
    for name in ("min_distance_to_obstacle_m", "time_to_collision", "time_headway", "time_to_collision_within_bound"):
        assert not results[name].valid, name
    assert results["time_exposed_ttc"].value == 0.0


def test_absent_actors_are_nobody() -> None:
    results = results_of(ONE, straight_states(Body(10, speed=10), Body(40, present=False), steps=3))
    assert not results["min_distance_to_obstacle_m"].valid


def test_following_in_closed_form() -> None:
    # Gap 30 - 4 = 26 m; closing 20 - 12 = 8 m/s.
    values = at_start(Body(0, speed=20), Body(30, speed=12)).values_by_name()
    assert values["min_distance_to_obstacle_m"].value == pytest.approx(26.0)
    assert values["time_to_collision"].value == pytest.approx(26.0 / 8.0)
    assert values["time_headway"].value == pytest.approx(26.0 / 20.0)


def test_beyond_the_horizon_time_to_collision_is_the_horizon() -> None:
    values = at_start(Body(0, speed=20), Body(60, speed=19)).values_by_name()
    assert values["time_to_collision"].value == 5.0
    assert values["time_to_collision"].valid


def test_minimum_over_the_drive() -> None:
    # From a 26 m gap at 8 m/s for 2 s: 10 m left, 1.25 s to go.
    results = results_of(ONE, straight_states(Body(0, speed=20), Body(30, speed=12), steps=20))
    assert results["min_distance_to_obstacle_m"].value == pytest.approx(10.0)
    assert results["time_to_collision"].value == pytest.approx(1.25)


def test_time_below_the_critical_bound() -> None:
    # Time to collision runs 3.15, 3.05, … 1.25 s: steps with 1.45, 1.35 and 1.25 s lie below 1.5 s.
    results = results_of(ONE, straight_states(Body(0, speed=20), Body(30, speed=12), steps=20))
    assert results["time_exposed_ttc"].value == pytest.approx(0.3)
    assert results["time_integrated_ttc"].value == pytest.approx((0.05 + 0.15 + 0.25) * 0.1)


@pytest.mark.parametrize(("ttc", "kept"), [(0.95, False), (math.nextafter(0.95, 1), True), (0.0, False), (5.0, True)])
def test_nuplans_bound_is_strict(ttc: float, kept: bool) -> None:
    assert keeps_ttc_bound(ttc) is kept


def test_crossing_in_closed_form() -> None:
    # The other comes from the right at 10 m/s; its front is at y = -20 + 2 and meets the ego's right side at y = -1: 1.7 s.
    # The ego, standing, is hit at its middle.
    values = at_start(Body(0), Body(0, -20, yaw=math.pi / 2, speed=10)).values_by_name()
    assert values["time_to_collision"].value == pytest.approx(1.7)


body_at = st.builds(
    Body,
    x=st.floats(-30, 30),
    y=st.floats(-30, 30),
    yaw=st.floats(-4, 4),
    speed=st.floats(-20, 20),
    extent=st.sampled_from([(4.0, 2.0, 1.5), (12.0, 2.5, 3.0), (0.5, 0.5, 1.8)]),
)


@settings(max_examples=40)
@given(ego=body_at, other=body_at)
def test_time_to_collision_against_a_fine_stepped_search(ego: Body, other: Body) -> None:
    found = at_start(ego, other).values_by_name()["time_to_collision"].value
    times = np.arange(0.0, 5.0, 0.01)
    touching = [polygon(ego.moved(t)).intersects(polygon(other.moved(t))) for t in times]
    first = float(times[touching.index(True)]) if any(touching) else 5.0
    # The search can only see touches that last over one of its moments, and sees them up to a step late.
    if first < 5.0:
        assert found <= first + 1e-9
    grazed = found < first - 0.01 - 1e-9
    if grazed:
        a, b = polygon(ego.moved(found)), polygon(other.moved(found))
        assert a.distance(b) == pytest.approx(0.0, abs=1e-6)


@settings(max_examples=60)
@given(ego=body_at, other=body_at)
def test_distance_against_shapely(ego: Body, other: Body) -> None:
    found = at_start(ego, other).values_by_name()["min_distance_to_obstacle_m"].value
    assert found == pytest.approx(polygon(ego).distance(polygon(other)), abs=1e-9)


def test_headway_takes_whoever_is_in_the_way_on_the_route() -> None:
    beside, ahead = Body(20, 4.0, speed=10), Body(50, speed=10)
    values = at_start(Body(0, speed=10), beside, ahead).values_by_name()
    assert values["time_headway"].value == pytest.approx((50 - 4) / 10)


def test_headway_sees_a_body_that_only_reaches_into_the_way() -> None:
    # Lane centres are 4 m apart, both cars 2 m wide: at 1.9 m across they overlap by 0.1 m.
    assert at_start(Body(0, speed=10), Body(20, 1.9)).values_by_name()["time_headway"].value == pytest.approx(1.6)
    assert not at_start(Body(0, speed=10), Body(20, 2.1)).values_by_name()["time_headway"].valid


def test_headway_of_a_crossing_body_counts_its_breadth() -> None:
    across = Body(20, 2.9, yaw=math.pi / 2)  # reaches from y = 0.9 to 4.9, 2 m thick along the route
    assert at_start(Body(0, speed=10), across).values_by_name()["time_headway"].value == pytest.approx(
        (20 - 2 - 1) / 10
    )


def test_headway_needs_motion() -> None:
    assert not at_start(Body(0, speed=0.49), Body(20)).values_by_name()["time_headway"].valid
    assert at_start(Body(0, speed=0.5), Body(20)).values_by_name()["time_headway"].value == pytest.approx(32.0)


def test_a_body_beside_leads_nobody() -> None:
    # The ego swerves past: shadows overlap across and along the route, the boxes do not touch.
    values = at_start(Body(0, 0, yaw=0.6, speed=10), Body(3.0, -1.6)).values_by_name()
    assert values["min_distance_to_obstacle_m"].value > 0.0
    assert not values["time_headway"].valid


def test_headway_far_from_the_route_says_nothing() -> None:
    assert at_start(Body(0, 9.9, speed=10), Body(50, 9.9)).values_by_name()["time_headway"].valid
    assert not at_start(Body(0, 10.1, speed=10), Body(50, 10.1)).values_by_name()["time_headway"].valid


def test_of_several_ahead_the_nearest_leads_whatever_its_row() -> None:
    bodies = [Body(90), Body(40), Body(120), Body(60, extent=(12.0, 2.5, 3.0))]
    for order in (bodies, bodies[::-1]):
        assert at_start(Body(0, speed=10), *order).values_by_name()["time_headway"].value == pytest.approx(3.6)
