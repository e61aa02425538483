"""Projection and poses on plain polylines, against closed forms and shapely."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely

from alpasim.road.polyline import arc_length, first_from, pose_at, project, resample


def zigzag(rng: np.random.Generator, count: int = 40) -> np.ndarray:
    heading = np.cumsum(rng.normal(0.0, 0.15, count))
    step = rng.uniform(0.3, 6.0, count)[:, None]
    return np.cumsum(step * np.column_stack([np.cos(heading), np.sin(heading)]), axis=0)


def test_distance_to_a_random_line_is_shapelys() -> None:
    rng = np.random.default_rng(1)
    line = zigzag(rng)
    points = rng.uniform(line.min(axis=0) - 5.0, line.max(axis=0) + 5.0, (500, 2))
    s, d, _ = project(points, line, arc_length(line))
    string = shapely.linestrings(line)
    inside = (s > 0.0) & (s < arc_length(line)[-1])
    assert inside.sum() > 300
    np.testing.assert_allclose(np.abs(d)[inside], shapely.distance(string, shapely.points(points))[inside], atol=1e-9)
    along = shapely.line_locate_point(string, shapely.points(points))
    np.testing.assert_allclose(s[inside], along[inside], atol=1e-6)


def test_left_is_positive() -> None:
    line = np.array([[0.0, 0.0], [10.0, 0.0]])
    s, d, segment = project(np.array([[4.0, 2.0], [4.0, -3.0]]), line, arc_length(line))
    assert s.tolist() == [4.0, 4.0]
    assert d.tolist() == [2.0, -3.0]
    assert segment.tolist() == [0, 0]


def test_beyond_both_ends_the_line_goes_straight_on() -> None:
    line = np.array([[0.0, 0.0], [10.0, 0.0], [10.0, 5.0]])
    s_line = arc_length(line)
    s, d, _ = project(np.array([[-3.0, 1.0], [9.0, 9.0]]), line, s_line)
    np.testing.assert_allclose(s, [-3.0, 19.0])
    np.testing.assert_allclose(d, [1.0, 1.0])
    poses = pose_at(line, s_line, np.array([-3.0, 19.0]))
    np.testing.assert_allclose(poses[:, :2], [[-3.0, 0.0], [10.0, 9.0]], atol=1e-12)


def test_repeated_points_change_nothing() -> None:
    rng = np.random.default_rng(2)
    line = zigzag(rng, 12)
    doubled = np.repeat(line, 3, axis=0)
    points = rng.uniform(line.min(axis=0) - 3.0, line.max(axis=0) + 3.0, (100, 2))
    for plain, repeated in zip(
        project(points, line, arc_length(line))[:2], project(points, doubled, arc_length(doubled))[:2], strict=True
    ):
        np.testing.assert_allclose(plain, repeated, atol=1e-9)
    query = np.linspace(-2.0, arc_length(line)[-1] + 2.0, 50)
    np.testing.assert_allclose(
        pose_at(line, arc_length(line), query), pose_at(doubled, arc_length(doubled), query), atol=1e-9
    )


def test_a_line_without_length_answers_finitely() -> None:
    line = np.array([[2.0, 3.0], [2.0, 3.0]])
    s, d, _ = project(np.array([[5.0, 7.0]]), line, arc_length(line))
    assert (s[0], abs(d[0])) == (0.0, 5.0)
    assert np.isfinite(pose_at(line, arc_length(line), np.array([0.0, 1.0]))).all()


@pytest.mark.parametrize("radius", [10.0, -25.0, 400.0])
def test_headings_on_a_sampled_arc_are_the_arcs_own(radius: float) -> None:
    angle = np.linspace(0.0, 1.2, 60)
    line = np.column_stack([np.abs(radius) * np.sin(angle), radius * (1.0 - np.cos(angle))])
    length = arc_length(line)
    query = np.linspace(0.0, length[-1], 300)
    poses = pose_at(line, length, query)
    np.testing.assert_allclose(poses[:, 2], math.copysign(1.0, radius) * 1.2 * query / length[-1], atol=1e-3)
    chord_error = abs(radius) * (1.2 / 59) ** 2 / 8
    np.testing.assert_allclose(np.hypot(poses[:, 0], poses[:, 1] - radius), abs(radius), atol=1.01 * chord_error)


def test_pose_and_projection_undo_each_other() -> None:
    line = np.column_stack([np.linspace(0.0, 100.0, 60), 5.0 * np.sin(np.linspace(0.0, 3.0, 60))])
    length = arc_length(line)
    query = np.linspace(-5.0, length[-1] + 5.0, 200)
    poses = pose_at(line, length, query)
    s, d, _ = project(np.ascontiguousarray(poses[:, :2]), line, length)
    np.testing.assert_allclose(s, query, atol=1e-9)
    np.testing.assert_allclose(d, 0.0, atol=1e-9)


def test_heading_does_not_jump() -> None:
    line = zigzag(np.random.default_rng(3))
    length = arc_length(line)
    heading = np.unwrap(pose_at(line, length, np.linspace(0.0, length[-1], 20_000))[:, 2])
    step = np.linspace(0.0, length[-1], 20_000)[1]
    assert np.abs(np.diff(heading)).max() < 1.0 * step / 0.15


def test_resampling_keeps_the_line_and_its_ends() -> None:
    line = zigzag(np.random.default_rng(4))
    fine = resample(line, 0.5)
    assert fine[0].tolist() == line[0].tolist()
    assert fine[-1].tolist() == line[-1].tolist()
    assert shapely.distance(shapely.linestrings(line), shapely.points(fine)).max() < 1e-9
    assert np.hypot(*np.diff(fine, axis=0).T).max() <= 0.5 + 1e-9


def test_the_first_number_that_is_not_below_another_is_numpys() -> None:
    rng = np.random.default_rng(3)
    for count in (1, 2, 3, 17, 40):
        floats = np.sort(rng.integers(0, 12, count).astype(np.float64))
        whole = np.sort(rng.integers(0, 12, count))
        for value in (-np.inf, -1.0, *floats, *(floats + 0.5), 99.0, np.inf):
            assert first_from(floats, value) == np.searchsorted(floats, value)
        for value in range(-1, 14):
            assert first_from(whole, value) == np.searchsorted(whole, value)
