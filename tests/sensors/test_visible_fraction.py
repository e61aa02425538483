"""The visible share of silhouettes: hand-computed cases, dense rays cast with shapely, and what may not matter."""

from __future__ import annotations

import math

import numpy as np
import pytest
from builders import Body, Frame, make_state
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Polygon

from alpasim.geometry import box_corners
from alpasim.measures import visible_fraction
from alpasim.types import FloatArray, WorldState

EYE_M = 1.5
VAN = (6.0, 2.0, 2.5)
CHILD = (0.4, 0.4, 1.2)


def box(x: float, y: float, extent: tuple[float, float, float], yaw: float = 0.0) -> Body:
    return Body(x, y, yaw=yaw, extent=extent, z=0.5 * extent[2])


def shares(state: WorldState, *, half_view: float = math.pi, eye_m: float = EYE_M) -> FloatArray:
    eye = np.array([*state.position[0, :2], eye_m])
    wanted = state.present.copy()
    return visible_fraction(
        state.position,
        state.yaw,
        state.extent,
        state.present,
        eye,
        float(state.yaw[0]),
        half_view,
        wanted,
        0,
    )


def cast(state: WorldState, row: int, *, rays: int = 400, eye_m: float = EYE_M) -> float:
    """The same share from `rays` columns of rays cast with shapely, the slopes of each column sampled as finely."""
    ego = state.position[0, :2]
    outlines = [Polygon(corners) for corners in box_corners(state.position, state.yaw, state.extent)]
    to = np.array(outlines[row].exterior.coords) - ego
    middle = math.atan2(*(state.position[row, :2] - ego)[::-1])
    turns = np.angle(np.exp(1j * (np.arctan2(to[:, 1], to[:, 0]) - middle)))
    total = free = 0.0
    for part in (np.arange(rays) + 0.5) / rays:
        angle = middle + turns.min() + part * (turns.max() - turns.min())
        ray = LineString([ego, ego + 500.0 * np.array([math.cos(angle), math.sin(angle)])])
        spans = {}
        for other, outline in enumerate(outlines):
            cut = ray.intersection(outline)
            if other > 0 and state.present[other] and not cut.is_empty:
                away = [math.hypot(x - ego[0], y - ego[1]) for x, y in cut.coords]
                low, high = state.position[other, 2] + np.array([-0.5, 0.5]) * state.extent[other, 2] - eye_m
                slopes = [height / distance for height in (low, high) for distance in (min(away), max(away))]
                spans[other] = (min(away), min(slopes), max(slopes))
        if row not in spans:
            continue
        distance, low, high = spans.pop(row)
        slopes = np.linspace(low, high, 401)
        open_ = np.ones(slopes.shape, dtype=bool)
        for nearer, bottom, top in spans.values():
            if nearer < distance:
                open_ &= (slopes < bottom) | (slopes > top)
        total += high - low
        free += (high - low) * float(open_.mean())
    return free / total


def test_alone_everything_is_visible() -> None:
    state = make_state(Body(0), box(30, 0, VAN), box(-20, 5, CHILD))
    assert shares(state).tolist() == [0.0, 1.0, 1.0]


def test_a_child_behind_a_van_is_hidden_and_comes_out_step_by_step() -> None:
    # The van's front right edge, at (18, 2), stands at 6.34 degrees: beyond it, a child of 0.4 m at x = 19 is hidden
    # wholly from y = 2.33 on and not at all below y = 1.87.
    found = []
    for y in (4.0, 2.4, 2.25, 2.1, 2.0, 1.85):
        found.append(shares(make_state(Body(0), box(15, 3.0, VAN), box(19, y, CHILD)))[2])
    assert found[:2] == [0.0, 0.0]
    assert found[-1] == 1.0
    assert 0.0 < found[2] < found[3] < found[4] < 1.0


def test_a_low_wall_hides_by_height() -> None:
    # Eye at 1.5 m. A wall 1 m high and very thin at 10 m hides slopes up to -0.05. A post 2 m high at 20 m spans
    # -1.5 / 20 = -0.075 to 0.5 / 20 = 0.025 (thin): 0.025 of 0.1 is hidden.
    wall, post = box(10, 0, (0.01, 20.0, 1.0)), box(20, 0, (0.01, 0.2, 2.0))
    assert shares(make_state(Body(0), wall, post))[2] == pytest.approx(0.75, abs=2e-3)


def test_half_hidden_by_width() -> None:
    # Everything left of the ego's axis is behind a tall wall: half of what lies across the axis is left.
    wall, post = box(10, 5, (0.01, 10.0, 5.0)), box(20, 0, (0.01, 2.0, 2.0))
    assert shares(make_state(Body(0), wall, post))[2] == pytest.approx(0.5, abs=1e-9)


def test_nearer_hides_farther_and_never_the_other_way_round() -> None:
    state = make_state(Body(0), box(10, 0, VAN, math.pi / 2), box(20, 0, CHILD))
    assert shares(state).tolist() == [0.0, 1.0, 0.0]


def test_two_that_cover_the_same_part_hide_it_once() -> None:
    left = box(10, 5, (0.01, 10.0, 5.0))
    again = box(12, 6, (0.01, 12.0, 5.0))
    assert shares(make_state(Body(0), left, again, box(20, 0, (0.01, 2.0, 2.0))))[3] == pytest.approx(0.5, abs=1e-9)


def test_absent_ones_are_neither_seen_nor_in_the_way() -> None:
    gone = Body(10, extent=VAN, yaw=math.pi / 2, present=False)
    assert shares(make_state(Body(0), gone, box(20, 0, CHILD))).tolist() == [0.0, 0.0, 1.0]


def test_the_field_of_view_cuts_what_lies_across_its_edge() -> None:
    state = make_state(Body(0), box(20, 20, CHILD), box(20, 0, CHILD), box(-20, 0, CHILD))
    found = shares(state, half_view=math.pi / 4)
    assert found[1] == pytest.approx(0.5)
    assert found[2:].tolist() == [1.0, 0.0]


def test_what_stands_around_the_eye_hides_all_else() -> None:
    found = shares(make_state(Body(0), box(0.5, 0, (3.0, 3.0, 3.0)), box(20, 0, CHILD)))
    assert found.tolist() == [0.0, 1.0, 0.0]


def crowd(seed: int, count: int = 14) -> list[Body]:
    rng = np.random.default_rng(seed)
    bodies: list[Body] = []
    while len(bodies) < count:
        x, y = rng.uniform(-35.0, 35.0, 2)
        if math.hypot(x, y) > 5.0 and all(math.hypot(x - b.x, y - b.y) > 7.0 for b in bodies):
            extent = (VAN, CHILD, (4.5, 1.8, 1.5), (0.5, 0.6, 1.75))[int(rng.integers(4))]
            bodies.append(box(x, y, extent, rng.uniform(-4.0, 4.0)))
    return bodies


def test_the_crowds_have_seen_half_seen_and_hidden_ones() -> None:
    found = np.concatenate([shares(make_state(Body(0), *crowd(seed)))[1:] for seed in range(4)])
    assert (found == 0.0).any()
    assert (found == 1.0).any()
    assert ((found > 0.05) & (found < 0.95)).sum() >= 4


@pytest.mark.parametrize("seed", range(4))
def test_agrees_with_dense_rays(seed: int) -> None:
    state = make_state(Body(0), *crowd(seed))
    found = shares(state)
    for row in range(1, len(found)):
        expected = cast(state, row, rays=200)
        # Sixteen columns: an upright edge may fall anywhere within one of them.
        assert found[row] == pytest.approx(expected, abs=0.05)


@settings(max_examples=30, deadline=None)
@given(yaw=st.floats(-4, 4), x=st.floats(-1000, 1000), y=st.floats(-1000, 1000))
def test_where_the_scene_lies_does_not_matter(yaw: float, x: float, y: float) -> None:
    bodies = crowd(9)
    plain = shares(make_state(Body(0), *bodies))
    moved = shares(make_state(Body(0), *bodies, frame=Frame(yaw, x, y)))
    # A column that grazes an edge may fall to either side of it.
    assert moved == pytest.approx(plain, abs=0.07)
    assert np.median(np.abs(moved - plain)) < 1e-9
