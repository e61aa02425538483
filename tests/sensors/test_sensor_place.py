"""Places on lines: offsets and their sign, both ends, corners, lines that cross or come near themselves."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import LineString, Point

from alpasim.sensors.place import LinePlace, nearest_on_line, place_near

CORNER = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0]])
CORNER_S = np.array([0.0, 10.0, 20.0])


@pytest.mark.parametrize(
    ("x", "y", "place"),
    [
        (5, 2, (5, 2, 2)),
        (5, -2, (5, -2, 2)),
        (8, 5, (15, 2, 2)),
        (12, 5, (15, -2, 2)),
        (-3, 4, (-3, 4, 5)),
        (14, 13, (23, -4, 5)),
        (13, -4, (10, -5, 5)),
    ],
)
def test_offsets_are_left_positive_and_ends_go_on_straight(x: float, y: float, place: tuple[float, ...]) -> None:
    assert nearest_on_line(x, y, CORNER, CORNER_S, -math.inf, math.inf) == pytest.approx(place)


@given(x=st.floats(-20, 30), y=st.floats(-20, 30))
def test_distance_is_shapelys(x: float, y: float) -> None:
    found = nearest_on_line(x, y, CORNER, CORNER_S, -math.inf, math.inf)[2]
    assert found == pytest.approx(LineString(CORNER).distance(Point(x, y)), abs=1e-9)


def test_repeated_points_are_passed_over() -> None:
    line = np.array([[0.0, 0.0], [0.0, 0.0], [10.0, 0.0], [10.0, 0.0]])
    assert nearest_on_line(4.0, 1.0, line, np.array([0.0, 0.0, 10.0, 10.0]), -math.inf, math.inf) == (4.0, 1.0, 1.0)


def there_and_back() -> tuple[np.ndarray, np.ndarray]:
    """200 m east, a turn of 3 m radius, 200 m back west, 6 m beside."""
    out = [(x, 0.0) for x in np.arange(0.0, 201.0, 5.0)]
    turn = [(200 + 3 * math.sin(a), 3 - 3 * math.cos(a)) for a in np.linspace(0.3, math.pi - 0.3, 9)]
    back = [(x, 6.0) for x in np.arange(200.0, -1.0, -5.0)]
    line = np.array(out + turn + back)
    return line, np.concatenate(([0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))))


def test_a_branch_beside_does_not_catch_the_point() -> None:
    line, s = there_and_back()
    place = LinePlace(line, s, 0.0)
    for x in np.arange(0.0, 100.0, 2.0):
        found, d, _ = place.locate(float(x), 3.5)  # nearer to the way back
        assert found == pytest.approx(x)
        assert d == pytest.approx(3.5)


def test_without_a_last_place_the_nearest_branch_wins() -> None:
    line, s = there_and_back()
    found, d, distance = place_near(50.0, 3.5, line, s, math.nan)
    assert found > 300.0
    assert (d, distance) == (pytest.approx(2.5), pytest.approx(2.5))


def test_a_point_that_was_carried_off_is_found_again() -> None:
    line, s = there_and_back()
    place = LinePlace(line, s, 0.0)
    place.locate(10.0, 0.0)
    assert place.locate(150.0, 0.5)[0] == pytest.approx(150.0)


def test_reset_goes_back_to_the_start() -> None:
    line, s = there_and_back()
    place = LinePlace(line, s, 0.0)
    for x in np.arange(0.0, 200.0, 10.0):
        place.locate(float(x), 0.0)
    place.locate(195.0, 6.0)
    place.reset()
    assert place.locate(5.0, 3.5)[0] == pytest.approx(5.0)
