"""Side and fault of a touch: the documented cases, boundaries of the rule, and independence of where the scene lies."""

from __future__ import annotations

import math

import pytest
from builders import Body, Frame, make_contact, make_state
from hypothesis import given
from hypothesis import strategies as st

from alpasim.metrics.touch import Side, Touch, ego_at_fault, judge_touch, side_of

DT = 0.1

# name, ego, other, side, at fault: the rows of the table in docs/metrics.md. Boxes are 4 x 2 m, 0.1 m or less apart.
CASES: dict[str, tuple[Body, Body, Side, bool]] = {
    "runs into a standing car": (Body(0, speed=10), Body(4.1), Side.FRONT, True),
    "runs into a slower lead": (Body(0, speed=20), Body(4.1, speed=10), Side.FRONT, True),
    "is rear-ended while driving": (Body(0, speed=10), Body(-4.1, speed=20), Side.REAR, False),
    "is rear-ended while standing": (Body(0), Body(-4.1, speed=10), Side.REAR, False),
    "stands and is struck from the left": (Body(0), Body(0, 3.1, yaw=-math.pi / 2, speed=10), Side.LEFT, False),
    "stands and is struck from ahead": (Body(0), Body(4.1, yaw=math.pi, speed=10), Side.FRONT, False),
    "is struck in the side while driving": (
        Body(0, speed=10),
        Body(1, -3.1, yaw=math.pi / 2, speed=10),
        Side.RIGHT,
        False,
    ),
    "strikes a crossing car's side": (
        Body(0, speed=15),
        Body(3.05, 0.5, yaw=math.pi / 2, speed=10),
        Side.FRONT,
        True,
    ),
    "is cut into from the left": (Body(0, speed=20), Body(1, 2.1, velocity=(20, -1.5)), Side.LEFT, False),
    "drifts into the neighbour": (Body(0, velocity=(20, 1.5)), Body(1, 2.1, speed=20), Side.LEFT, True),
    "both drift, the other faster": (Body(0, velocity=(20, 0.5)), Body(1, 2.1, velocity=(20, -1)), Side.LEFT, False),
    "both drift, the ego faster": (Body(0, velocity=(20, 1)), Body(1, 2.1, velocity=(20, -0.5)), Side.LEFT, True),
    "grazes a parked car": (Body(0, velocity=(10, 0.05)), Body(1, 2.004), Side.LEFT, True),
    "meets an equally fast car head-on": (Body(0, speed=10), Body(4.1, yaw=math.pi, speed=10), Side.FRONT, True),
    "brakes, the oncoming car does not": (Body(0, speed=5), Body(4.1, yaw=math.pi, speed=15), Side.FRONT, False),
    "backs into a standing car": (Body(0, speed=-2), Body(-4.1), Side.REAR, True),
    "backs, the other closes faster": (Body(0, speed=-1), Body(-4.1, speed=2), Side.REAR, False),
    "a walker runs into its side": (
        Body(0, speed=10),
        Body(0, 1.35, yaw=-math.pi / 2, speed=2, extent=(0.5, 0.5, 1.8)),
        Side.LEFT,
        False,
    ),
    "drives into a walker": (
        Body(0, speed=10),
        Body(2.4, 0, yaw=math.pi / 2, speed=1.5, extent=(0.5, 0.5, 1.8)),
        Side.FRONT,
        True,
    ),
}


def judged(ego: Body, other: Body, frame: Frame = Frame()) -> Touch:  # noqa: B008  frozen
    before = make_state(ego, other, frame=frame)
    after = make_state(ego.moved(DT), other.moved(DT), step=1, frame=frame)
    return judge_touch(before, after, 1, None, DT)


@pytest.mark.parametrize("name", CASES)
def test_documented_cases(name: str) -> None:
    ego, other, side, fault = CASES[name]
    touch = judged(ego, other)
    assert (touch.side, touch.at_fault) == (side, fault)


@pytest.mark.parametrize("name", CASES)
@given(yaw=st.floats(-10, 10), x=st.floats(-1000, 1000), y=st.floats(-1000, 1000))
def test_turning_the_scene_changes_neither_side_nor_fault(name: str, yaw: float, x: float, y: float) -> None:
    ego, other, side, fault = CASES[name]
    touch = judged(ego, other, Frame(yaw, x, y))
    assert (touch.side, touch.at_fault) == (side, fault)


def test_shares_are_the_speeds_along_the_normal() -> None:
    touch = judged(Body(0, speed=20), Body(4.1, speed=8))
    assert touch.ego_share_mps == pytest.approx(20.0)
    assert touch.other_share_mps == pytest.approx(-8.0)
    assert touch.impact_speed_mps == pytest.approx(12.0)


def test_a_narrow_overlap_at_speed_is_still_a_frontal_impact() -> None:
    # Only 0.2 m of width overlap; within the step the boxes come 2 m deep into each other, so that the way out across is
    # ten times shorter than the way out backwards. What met first were front and rear all the same.
    touch = judged(Body(0, speed=30), Body(5.0, 1.8, speed=0))
    assert touch.side is Side.FRONT


@pytest.mark.parametrize("speed", [0.0, 5.0, 20.0])
def test_what_appears_in_the_ego_is_not_its_fault(speed: float) -> None:
    before = make_state(Body(0, speed=speed), Body(2.0, present=False))
    after = make_state(Body(0, speed=speed).moved(DT), Body(2.0), step=1)
    touch = judge_touch(before, after, 1, None, DT)
    assert not touch.at_fault
    assert judge_touch(make_state(Body(0, speed=10), Body(4.1)), after, 1, None, DT).at_fault, "as if it had been there"


def test_standing_bound_is_exact() -> None:
    assert not ego_at_fault(0.1, 0.0, 0.1, 0.0)
    assert ego_at_fault(math.nextafter(0.1, 1.0), 0.0, 0.1, 0.0)
    assert ego_at_fault(5.0, 0.1, 0.01, 0.1)
    assert not ego_at_fault(5.0, math.nextafter(0.1, 1.0), 0.01, 0.1)


def test_half_of_the_closing_is_enough() -> None:
    assert ego_at_fault(5.0, 5.0, 2.0, 2.0)
    assert not ego_at_fault(5.0, 5.0, 2.0, 2.001)


@pytest.mark.parametrize(
    ("degrees", "side"),
    [
        (0, Side.FRONT),
        (44.9, Side.FRONT),
        (45, Side.FRONT),
        (45.1, Side.LEFT),
        (-45, Side.FRONT),
        (-45.1, Side.RIGHT),
        (90, Side.LEFT),
        (134.9, Side.LEFT),
        (135, Side.REAR),
        (180, Side.REAR),
        (-135, Side.REAR),
        (-90, Side.RIGHT),
    ],
)
def test_the_four_sides_share_the_directions(degrees: float, side: Side) -> None:
    assert side_of(math.cos(math.radians(degrees)), math.sin(math.radians(degrees))) is side


def test_a_body_that_appears_inside_the_ego_is_judged_by_what_holds_after() -> None:
    before = make_state(Body(0, speed=10), Body(500, present=False))
    after = make_state(Body(1, speed=10), Body(4.5), step=1)
    touch = judge_touch(before, after, 1, None, DT)
    assert touch.side is Side.FRONT
    assert touch.impact_speed_mps == pytest.approx(10.0)
    assert not touch.at_fault


def test_a_solved_contact_speaks_where_the_boxes_never_met() -> None:
    before = make_state(Body(0, speed=10), Body(20, 20))
    after = make_state(Body(1, speed=10), Body(20, 20), step=1)
    touch = judge_touch(before, after, 1, make_contact(1, normal=(0.0, 1.0, 0.0), closing=3.5), DT)
    assert touch.side is Side.RIGHT
    assert touch.impact_speed_mps == 3.5


def test_a_vertical_normal_gives_way_to_the_contact_point() -> None:
    before = make_state(Body(0, speed=10), Body(20, 20))
    after = make_state(Body(-1.5, speed=10), Body(20, 20), step=1)
    touch = judge_touch(before, after, 1, make_contact(1, normal=(0.0, 0.0, 1.0), closing=3.5), DT)
    assert touch.side is Side.FRONT  # the contact point lies at the origin, ahead of the ego's centre
    assert touch.impact_speed_mps != 3.5
