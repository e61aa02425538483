"""Smoothing: straights and arcs keep their shape, noise goes, corners stay where they are."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from alpasim.road.polyline import arc_length, resample
from alpasim.road.smoothing import CORNER_M, TIGHTEST, WAVE_M, curvatures, headings, smoothed, whittaker


def test_the_banded_solution_is_that_of_the_dense_equations() -> None:
    rng = np.random.default_rng(0)
    line, weight = rng.normal(size=(30, 2)), rng.uniform(0.1, 1e4, 27)
    third = np.zeros((27, 30))
    for i in range(27):
        third[i, i : i + 4] = (-1.0, 3.0, -3.0, 1.0)
    hold = np.ones(30)
    hold[[0, -1]] = 1e9
    dense = np.linalg.solve(np.diag(hold) + third.T @ np.diag(weight) @ third, hold[:, None] * line)
    np.testing.assert_allclose(whittaker(line, weight), dense, atol=1e-7)


def test_a_straight_line_stays_itself() -> None:
    line = np.column_stack([np.arange(200.0) * 0.6, np.arange(200.0) * 0.8])
    np.testing.assert_allclose(smoothed(line), line, atol=1e-7)


@pytest.mark.parametrize("radius", [12.0, 50.0, 500.0])
def test_an_arc_keeps_its_curvature(radius: float) -> None:
    angle = np.arange(0.0, min(120.0 / radius, 4.0), 1.0 / radius)
    line = np.column_stack([radius * np.sin(angle), radius * (1.0 - np.cos(angle))])
    result = smoothed(line)
    np.testing.assert_allclose(curvatures(result)[10:-10], 1.0 / radius, rtol=0.05)
    np.testing.assert_allclose(headings(result)[5:-5], angle[5:-5], atol=0.03)


def test_recording_noise_does_not_become_curvature() -> None:
    rng = np.random.default_rng(3)
    coarse = np.column_stack([np.arange(0.0, 400.0, 3.0), rng.normal(0.0, 0.04, 134)])
    line = resample(coarse, 1.0)
    assert np.abs(curvatures(line)).max() > 0.01
    assert np.abs(curvatures(smoothed(line))).max() < 0.002


@pytest.mark.parametrize("turn", [0.3, 0.8, 1.5])
def test_a_corner_is_rounded_within_the_tolerance(turn: float) -> None:
    corner = np.array([[0.0, 0.0], [60.0, 0.0], [60.0 + 60.0 * np.cos(turn), 60.0 * np.sin(turn)]])
    line = resample(corner, 1.0)
    result = smoothed(line)
    away = shapely.distance(shapely.linestrings(corner), shapely.points(result)).max()
    assert away < (WAVE_M if turn < 0.5 else CORNER_M)
    assert np.abs(curvatures(result)).max() < (1.05 * TIGHTEST if turn < 1.0 else 0.8)
    assert (np.diff(arc_length(result)) > 0.3).all()
    assert np.abs(headings(result)[-1] - turn) < 0.02


def test_few_points_are_left_alone() -> None:
    line = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    assert smoothed(line).tolist() == line.tolist()
    assert curvatures(line[:2]).tolist() == [0.0, 0.0]
    assert headings(line[:2]).tolist() == [0.0, 0.0]
