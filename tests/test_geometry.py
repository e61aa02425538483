"""Geometry against shapely, against closed forms, and against itself turned round."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from alpasim import geometry

coordinate = st.floats(-30.0, 30.0)
angle = st.floats(-10.0, 10.0)
size = st.floats(0.1, 15.0)
box = st.tuples(coordinate, coordinate, angle, size, size)


def polygon(one: tuple[float, ...]) -> shapely.Polygon:
    x, y, yaw, length, width = one
    shape = shapely.box(-length / 2, -width / 2, length / 2, width / 2)
    turned = shapely.affinity.rotate(shape, yaw, origin=(0, 0), use_radians=True)
    return shapely.affinity.translate(turned, x, y)


@given(box, box)
@settings(max_examples=300, deadline=None)
def test_distance_and_overlap_agree_with_shapely(one: tuple[float, ...], two: tuple[float, ...]) -> None:
    expected = polygon(one).distance(polygon(two))
    assert geometry.box_distance(*one, *two) == pytest.approx(expected, abs=1e-9)
    if expected > 1e-9:
        assert not geometry.boxes_overlap(*one, *two)
    elif polygon(one).intersection(polygon(two)).area > 1e-9:
        assert geometry.boxes_overlap(*one, *two)


def test_crossed_boxes_with_no_corner_inside_overlap() -> None:
    assert geometry.box_distance(0, 0, 0.0, 10, 1, 0, 0, math.pi / 2, 10, 1) == 0.0


def test_corners_run_counter_clockwise_from_front_left() -> None:
    corners = geometry.box_corners(np.array([[10.0, 5.0, 0.7]]), np.array([math.pi / 2]), np.array([[4.0, 2.0, 1.5]]))
    np.testing.assert_allclose(corners[0], [[9, 7], [9, 3], [11, 3], [11, 7]], atol=1e-12)


@given(st.floats(-1e4, 1e4))
def test_wrapped_angles_point_the_same_way(value: float) -> None:
    wrapped = geometry.wrap_angle(value)
    assert -math.pi < wrapped <= math.pi
    assert math.cos(wrapped) == pytest.approx(math.cos(value), abs=1e-9)
    assert math.sin(wrapped) == pytest.approx(math.sin(value), abs=1e-9)
    assert geometry.wrap_angles(np.array([value]))[0] == wrapped


def test_points_in_an_l_shaped_polygon() -> None:
    shape = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 1.0], [1.0, 1.0], [1.0, 4.0], [0.0, 4.0]])
    points = np.random.default_rng(3).uniform(-1.0, 5.0, (500, 2))
    expected = shapely.contains_xy(shapely.Polygon(shape), points)
    np.testing.assert_array_equal(geometry.points_in_polygon(points, shape), expected)
    closed = np.vstack((shape, shape[:1]))
    np.testing.assert_array_equal(geometry.points_in_polygon(points, closed), expected)


@pytest.mark.parametrize("yaw", [0.0, 0.7, 1.5707963267948966, 2.9, -1.5707963267948966, -2.2, 3.141592653589793])
@pytest.mark.parametrize("slopes", [(0.0, 0.0), (0.1, 0.0), (-0.05, 0.2), (0.3, -0.3)])
def test_axes_on_a_slope_lie_in_it_and_their_quaternion_gives_them_back(
    yaw: float, slopes: tuple[float, float]
) -> None:
    forward, left, up = (np.array(axis) for axis in geometry.axes_on_slope(yaw, *slopes))
    assert np.allclose(np.stack([forward, left, up]) @ np.stack([forward, left, up]).T, np.eye(3), atol=1e-15)
    assert np.allclose(np.cross(forward, left), up, atol=1e-15)
    assert forward[2] == pytest.approx(slopes[0] * forward[0] + slopes[1] * forward[1], abs=1e-15), "along the ground"
    assert left[2] == pytest.approx(slopes[0] * left[0] + slopes[1] * left[1], abs=1e-15), "along the ground"
    assert np.allclose(forward[:2] / np.hypot(*forward[:2]), [np.cos(yaw), np.sin(yaw)], atol=1e-15)
    x, y, z, w = geometry.quaternion_from_axes(tuple(forward), tuple(left), tuple(up))
    assert x * x + y * y + z * z + w * w == pytest.approx(1.0, abs=1e-14)
    # p' = q p q*, by the vector formula p + 2 w (v x p) + 2 v x (v x p)
    for unit, axis in zip(np.eye(3), (forward, left, up), strict=True):
        turned = unit + 2.0 * np.cross((x, y, z), w * unit + np.cross((x, y, z), unit))
        assert np.allclose(turned, axis, atol=1e-14)
    assert np.allclose(geometry.axes_from_quaternion((x, y, z, w)), (forward, left, up), atol=1e-14)
