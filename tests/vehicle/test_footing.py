"""What a rigid disc makes of the ground under it, against geometry worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from proving_ground import plain

from alpasim.road.unlevel import Bump, Raised
from alpasim.vehicle.blocks import low_row
from alpasim.vehicle.footing import (
    BUMP,
    COUNT,
    FORWARD,
    NO_WALL,
    PROFILE,
    SPACING_M,
    STEEPEST,
    TILT,
    disc_on,
    feel_along,
    level_footing,
    look_along,
    wall_gap,
)

RADIUS = 0.31
NOTHING = np.zeros((0, 9))
FLAT = plain().relief
KERB = plain(parts=[Raised(np.array([[0.0, -9.0], [9.0, -9.0], [9.0, 9.0], [0.0, 9.0]]), 0.12, 0.001)]).relief


def lifted(at: float) -> tuple[float, float]:
    """How far a wheel on x at that place before the kerb at 0 is raised, and the slope there."""
    places, heights = np.zeros(PROFILE), np.zeros(PROFILE)
    count, _ = look_along(at, 0.0, 1.0, 0.0, RADIUS, KERB, 0.0, NOTHING, 0.0, places, heights)
    found, slope, _ = disc_on(places, heights, count, 0.0, RADIUS)
    return found, slope


@given(before=st.floats(0.01, 0.3))
@example(before=0.11528773167044108)
def test_a_kerb_s_edge_lifts_a_disc_as_the_circle_says(before: float) -> None:
    height, slope = lifted(-before)
    expected = max(0.0, 0.12 - RADIUS + math.sqrt(RADIUS**2 - before**2))
    # Where a point of the profile lies within the kerb's face, what is left above it is taken for a slope up to 0.3 of the spacing.
    assert height == pytest.approx(expected, abs=0.3 * SPACING_M)
    assert height < expected + 1e-3
    if expected > 0.01:
        assert slope == pytest.approx(min(STEEPEST, before / math.sqrt(RADIUS**2 - before**2)), abs=0.03)


@given(gap=st.floats(0.001, 0.08), face=st.sampled_from([0.001, 0.02, 0.04]))
def test_a_face_too_steep_to_be_rolled_on_carries_no_disc_before_it(gap: float, face: float) -> None:
    """What stands before an edge higher than a wheel's hub is on the level, wherever the ground was looked at."""
    edge = plain(parts=[Raised(np.array([[0.0, -9.0], [9.0, -9.0], [9.0, 9.0], [0.0, 9.0]]), 0.3, face)]).relief
    places, heights = np.zeros(PROFILE), np.zeros(PROFILE)
    at = -FORWARD * RADIUS - gap
    count, _ = look_along(at, 0.0, 1.0, 0.0, RADIUS + 0.1, edge, 0.0, NOTHING, 0.0, places, heights)
    assert disc_on(places, heights, count, 0.0, RADIUS)[0] == pytest.approx(0.0, abs=1e-4)


def test_the_profile_of_a_long_bump_reaches_to_its_end() -> None:
    """At 30 m/s a wheel looks a metre ahead, and every interval of it is steep."""
    bump = plain(parts=[Bump(0.0, 0.0, 0.0, 3.6, 0.1, 9.0, 9.0)]).relief
    places, heights = np.zeros(PROFILE), np.zeros(PROFILE)
    count, _ = look_along(-0.9, 0.0, 1.0, 0.0, 0.95, bump, 0.0, NOTHING, 0.0, places, heights)
    assert places[count - 1] == pytest.approx(0.95)
    assert heights[count - 1] == pytest.approx(0.05 * (1.0 + math.cos(math.pi * 0.05 / 1.8)), abs=1e-4)


def test_far_from_the_kerb_there_is_nothing_and_on_it_its_height() -> None:
    assert lifted(-0.5) == (0.0, 0.0)
    assert lifted(2.0) == (pytest.approx(0.12), pytest.approx(0.0, abs=1e-12))


@given(slope=st.floats(-0.3, 0.3))
def test_on_an_even_slope_the_disc_touches_where_its_tangent_is_the_slope(slope: float) -> None:
    places = np.linspace(-0.4, 0.4, 21)
    found, steep, touch = disc_on(places, slope * places, 21, 0.0, RADIUS)
    angle = math.atan(slope)
    # The centre stands square to the slope, R / cos above it; the disc's lowest point is R below the centre.
    assert found == pytest.approx(RADIUS / math.cos(angle) - RADIUS, abs=1e-12)
    assert steep == pytest.approx(slope, abs=1e-8)
    assert touch == pytest.approx(RADIUS * math.sin(angle), abs=1e-8)


@given(shift=st.floats(-0.2, 0.2), seed=st.integers(0, 1000))
def test_the_slope_is_that_of_the_height(shift: float, seed: int) -> None:
    """What a wheel is pushed back by is what lifting it costs."""
    places = np.linspace(-0.7, 0.7, 36)
    heights = 0.02 * np.random.default_rng(seed).normal(size=36)
    low, high = (disc_on(places, heights, 36, shift + move, RADIUS) for move in (-1e-6, 1e-6))
    slope = disc_on(places, heights, 36, shift, RADIUS)[1]
    risen = (high[0] - low[0]) / 2e-6
    assert min(low[1], high[1]) - 1e-4 <= risen <= max(low[1], high[1]) + 1e-4
    assert abs(slope) <= STEEPEST


@pytest.mark.parametrize("away", [0.11, 0.15, 0.3])
def test_a_wall_is_found_where_the_ground_rises_above_the_shoulder(away: float) -> None:
    gap = wall_gap(-away, 0.0, 1.0, 0.0, 0.1, 0.1, 0.05, KERB, 0.0, NOTHING, 0.0)
    assert gap == pytest.approx(away - 0.1 if away < 0.2 else NO_WALL, abs=2e-3)
    assert wall_gap(-away, 0.0, 1.0, 0.0, 0.1, 0.1, 0.13, KERB, 0.0, NOTHING, 0.0) == NO_WALL, "low enough to climb"


def test_the_highest_of_low_bodies_counts() -> None:
    low = np.array([[0.0, 0.0, 1.0, 0.0, 1.0, 0.5, 0.05, 3.0, 0.0], [0.5, 0.0, 0.0, 1.0, 0.2, 1.0, 0.08, 4.0, 0.0]])
    assert low_row(-0.9, 0.4, low) == 0
    assert low_row(0.5, 0.1, low) == 1
    assert low_row(1.4, 0.1, low) == 1, "turned by a right angle, it is wide along x"
    assert low_row(0.5, 0.3, low) == 0
    assert low_row(0.0, 0.6, low) == -1


@pytest.mark.parametrize("friction", [0.2, 0.54, 0.8])
@pytest.mark.parametrize("phase", [0.0, 0.013, 0.031])
def test_no_wheel_is_pushed_back_by_a_loose_thing_with_more_than_friction_holds(friction: float, phase: float) -> None:
    """The push over the load is the slope under the disc; and the disc comes up onto the top all the same."""
    height = 0.5 * friction * RADIUS
    low = np.array([[0.0, 0.0, 1.0, 0.0, 0.3, 0.3, height, 1.0, friction]])
    wheel, lifted = level_footing()[0], []
    for k in range(-60, 60):
        x, places, heights = 0.03 * k + phase, np.empty((2, PROFILE)), np.empty((2, PROFILE))
        feel_along(x, 0.0, 1.0, 0.0, (0.03, 0.0), RADIUS, -0.2, FLAT, 0.0, low, places, heights, wheel)
        count = int(wheel[COUNT])
        if x < -0.3 - RADIUS - height / friction:
            continue
        # Ends of a face are found within 2 % of its height each.
        assert np.abs(wheel[TILT : TILT + count]).max(initial=0.0) <= friction / 0.96 + 1e-6
        lifted.append(float(wheel[BUMP : BUMP + count].max(initial=0.0)))
    assert max(lifted) == pytest.approx(height, abs=1e-6)
