"""Collision metrics over drives: every touch counts, sides by the ego's body, first impact."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from builders import Body, Frame, Scene, make_contact, make_scenario, make_state, measured, results_of, straight_states

from alpasim.types import GROUND

COLLISIONS = ("collision_any", "collision_front", "collision_rear", "collision_lateral", "collision_at_fault")


def flags(states: list, actors: int) -> dict[str, float]:
    results = results_of(make_scenario(Scene(actors=actors)), states)
    assert all(results[name].valid for name in COLLISIONS)
    return {name.removeprefix("collision_"): results[name].value for name in COLLISIONS}


def test_no_touch_no_collision() -> None:
    states = straight_states(Body(10, speed=10), Body(30, speed=10), steps=5)
    assert set(flags(states, 1).values()) == {0.0}
    assert not results_of(make_scenario(Scene(actors=1)), states)["impact_speed"].valid


def test_front_and_rear_in_one_step_both_count() -> None:
    ego = Body(50, speed=10)
    first = make_state(ego, Body(54.5), Body(45.5, speed=20))
    after = make_state(ego.moved(0.1), Body(54.5), Body(47.5, speed=20), step=1)
    found = flags([first, after], 2)
    assert found == {"any": 1, "front": 1, "rear": 1, "lateral": 0, "at_fault": 1}


@pytest.mark.parametrize("order", [0, 1])
def test_the_order_of_the_rows_decides_nothing(order: int) -> None:
    ego, wall, tail = Body(50, speed=10), Body(54.5), Body(45.5, speed=20)
    others = (wall, tail) if order == 0 else (tail, wall)
    first = make_state(ego, *others)
    after = make_state(ego.moved(0.1), *(other.moved(0.1) for other in others), step=1)
    assert flags([first, after], 2) == {"any": 1, "front": 1, "rear": 1, "lateral": 0, "at_fault": 1}


@pytest.mark.parametrize("degrees", [0, 37, 90, 180, 271])
def test_being_hit_on_both_ends_does_not_flip_with_heading(degrees: float) -> None:
    frame = Frame(math.radians(degrees), 12.0, -7.0)
    ego = Body(50, speed=0)
    first = make_state(ego, Body(54.5, yaw=math.pi, speed=10), Body(45.5, speed=10), frame=frame)
    after = make_state(ego, Body(53.5, yaw=math.pi, speed=10), Body(46.5, speed=10), step=1, frame=frame)
    results = results_of(make_scenario(Scene(actors=2), frame=frame), [first, after])
    assert [results[name].value for name in COLLISIONS] == [1, 1, 1, 0, 0]


def test_a_solved_contact_counts_without_overlap() -> None:
    ego, other = Body(50, speed=10), Body(54.2)
    first = make_state(ego, other)
    contact = make_contact(1, normal=(-1.0, 0.0, 0.0), closing=10.0)
    bounced = make_state(Body(50.1, speed=0), Body(54.3, speed=3), step=1, contacts=(contact,))
    results = results_of(make_scenario(Scene(actors=1)), [first, bounced])
    assert results["collision_front"].value == 1
    assert results["collision_at_fault"].value == 1
    assert results["impact_speed"].value == 10.0


def test_contact_with_the_ground_is_no_collision() -> None:
    contact = replace(make_contact(1, normal=(0.0, 0.0, 1.0)), first=GROUND, second=0)
    states = [make_state(Body(50, speed=10)), make_state(Body(51, speed=10), step=1, contacts=(contact,))]
    assert set(flags(states, 0).values()) == {0.0}


def test_two_others_colliding_are_not_the_egos_collision() -> None:
    contact = replace(make_contact(2, normal=(1.0, 0.0, 0.0)), first=1)
    states = [
        make_state(Body(50), Body(80), Body(84)),
        make_state(Body(50), Body(80), Body(83.9), step=1, contacts=(contact,)),
    ]
    assert set(flags(states, 2).values()) == {0.0}


def test_a_bridge_above_is_no_collision() -> None:
    states = straight_states(Body(50, speed=10), Body(54.5, z=6.0, extent=(4, 2, 2)), steps=3)
    assert flags(states, 1)["any"] == 0


def test_an_absent_actor_is_no_collision() -> None:
    states = straight_states(Body(50, speed=10), Body(52, present=False), steps=3)
    assert flags(states, 1)["any"] == 0


def test_a_lasting_touch_keeps_the_verdict_it_began_with() -> None:
    # The ego runs into a standing car and then stands itself: it stays the one at fault.
    first = make_state(Body(50, speed=10), Body(54.5))
    hit = make_state(Body(51, speed=5), Body(54.6, speed=1), step=1)
    rest = make_state(Body(51.3), Body(54.6), step=2)
    metrics = measured(make_scenario(Scene(actors=1)), [first, hit, rest])
    assert metrics.values_by_name()["collision_at_fault"].value == 1
    assert metrics.values_by_name()["impact_speed"].valid is False
    assert metrics.results()["impact_speed"].value == pytest.approx(10.0)


def test_impact_speed_is_that_of_the_first_touch() -> None:
    states = [
        make_state(Body(50, speed=10), Body(54.5), Body(60)),
        make_state(Body(51, speed=4), Body(54.6, speed=2), Body(60), step=1),
        make_state(Body(51.4, speed=4), Body(56.2, speed=8), Body(60), step=2),
        make_state(Body(51.8, speed=20), Body(70, speed=8), Body(55.9), step=3),
        make_state(Body(53.8, speed=20), Body(70, speed=8), Body(55.9), step=4),
    ]
    assert results_of(make_scenario(Scene(actors=2)), states)["impact_speed"].value == pytest.approx(10.0)


def test_a_narrow_overlap_that_is_solved_across_is_still_an_impact_at_the_speed_ahead() -> None:
    # At 45 m/s one substep takes the boxes 0.45 m into each other: farther than the 0.2 m of width that overlap.
    contact = make_contact(1, normal=(0.0, -1.0, 0.0), closing=0.5)
    states = [
        make_state(Body(0, speed=25), Body(6.0, 1.8, speed=-20)),
        make_state(Body(2.5, speed=25), Body(4.0, 1.8, speed=-20), step=1, contacts=(contact,)),
    ]
    results = results_of(make_scenario(Scene(actors=1)), states)
    assert results["collision_front"].value == 1.0
    assert results["impact_speed"].value == pytest.approx(45.0)
