"""Measures against brute force with shapely, hand-computed cases, and the same scene turned round."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from alpasim import geometry, measures
from alpasim.types import BoolArray, FloatArray

Scene = tuple[FloatArray, FloatArray, FloatArray, FloatArray, BoolArray]


def random_scene(seed: int, count: int = 8) -> Scene:
    rng = np.random.default_rng(seed)
    position = np.column_stack((rng.uniform(-40, 40, count), rng.uniform(-12, 12, count), np.full(count, 0.75)))
    yaw = rng.uniform(-math.pi, math.pi, count)
    extent = np.column_stack((rng.uniform(0.5, 12, count), rng.uniform(0.4, 2.5, count), np.full(count, 1.5)))
    velocity = np.column_stack((rng.uniform(-25, 25, count), rng.uniform(-8, 8, count), np.zeros(count)))
    present = rng.random(count) < 0.8
    present[0] = True
    return position, yaw, extent, velocity, present


def turned(scene: Scene, angle: float) -> Scene:
    position, yaw, extent, velocity, present = scene
    position, velocity = position.copy(), velocity.copy()
    position[:, :2] = geometry.rotate(position[:, :2], angle) + np.array([500.0, -300.0])
    velocity[:, :2] = geometry.rotate(velocity[:, :2], angle)
    return position, yaw + angle, extent, velocity, present


def shapes(scene: Scene, time_s: float) -> list[shapely.Polygon]:
    position, yaw, extent, velocity, _ = scene
    return [shapely.Polygon(c) for c in geometry.box_corners(position + time_s * velocity, yaw, extent)]


@pytest.mark.parametrize("seed", range(12))
def test_time_to_collision_is_the_first_overlap_found_by_fine_stepping(seed: int) -> None:
    scene = random_scene(seed)
    position, yaw, extent, velocity, present = scene
    found = measures.time_to_collision(position, yaw, extent, velocity, present, 5.0, 0)
    step = 0.005
    for i in range(1, len(yaw)):
        if not present[i]:
            assert found[i] == np.inf
            continue
        before = [t for t in np.arange(0.0, 5.0, step) if t < found[i] - 1e-9]
        for time in before:
            ego, other = shapes(scene, time)[0], shapes(scene, time)[i]
            assert not ego.intersection(other).area > 1e-9
        if np.isfinite(found[i]):
            ego, other = shapes(scene, found[i])[0], shapes(scene, found[i])[i]
            assert ego.distance(other) == pytest.approx(0.0, abs=1e-6)


def test_time_to_collision_by_hand() -> None:
    position = np.array([[0.0, 0.0], [30.0, 0.0], [30.0, 3.0], [2.0, 0.5], [-50.0, 0.0]])
    yaw = np.zeros(5)
    extent = np.tile([4.0, 2.0], (5, 1))
    velocity = np.array([[20.0, 0.0], [10.0, 0.0], [10.0, 0.0], [20.0, 0.0], [20.0, 0.0]])
    found = measures.time_to_collision(position, yaw, extent, velocity, np.ones(5, dtype=bool), 5.0, 0)
    np.testing.assert_allclose(found, [np.inf, 2.6, np.inf, 0.0, np.inf])
    assert measures.time_to_collision(position, yaw, extent, velocity, np.ones(5, dtype=bool), 2.5, 0)[1] == np.inf


@given(st.integers(0, 10_000), st.floats(-3.0, 3.0))
@settings(max_examples=60, deadline=None)
def test_turning_and_moving_the_whole_scene_changes_nothing(seed: int, angle: float) -> None:
    scene = random_scene(seed)
    other = turned(scene, angle)
    answers = []
    for position, yaw, extent, velocity, present in (scene, other):
        near = measures.distance(position, yaw, extent, present, 0)
        ahead = measures.gap(position, yaw, extent, present, yaw[0], 0.0, 0)
        soon = measures.time_to_collision(position, yaw, extent, velocity, present, 20.0, 0)
        answers.append(np.stack((near, ahead, soon)))
    np.testing.assert_allclose(answers[0], answers[1], atol=1e-6)


@pytest.mark.parametrize("seed", range(10))
def test_distances_agree_with_shapely(seed: int) -> None:
    scene = random_scene(seed)
    position, yaw, extent, _, present = scene
    boxes = shapes(scene, 0.0)
    found = measures.distance(position, yaw, extent, present, 0)
    for i in range(1, len(boxes)):
        expected = boxes[0].distance(boxes[i]) if present[i] else np.inf
        assert found[i] == pytest.approx(expected, abs=1e-9)
    assert found[0] == np.inf


def test_gap_is_bumper_to_bumper_and_only_in_the_own_corridor() -> None:
    position = np.array([[0.0, 0.0], [20.0, 1.0], [20.0, 2.5], [-20.0, 0.0], [3.0, 0.0], [40.0, 0.0]])
    yaw = np.array([0.0, 0.0, 0.0, 0.0, 0.0, math.pi / 2])
    extent = np.tile([4.0, 2.0], (6, 1))
    present = np.ones(6, dtype=bool)
    found = measures.gap(position, yaw, extent, present, 0.0, 0.0, 0)
    np.testing.assert_allclose(found, [np.inf, 16.0, np.inf, np.inf, 0.0, 37.0])
    assert measures.gap(position, yaw, extent, present, 0.0, 0.6, 0)[2] == pytest.approx(16.0)
    present[1:] = False
    assert np.all(np.isinf(measures.gap(position, yaw, extent, present, 0.0, 0.0, 0)))


def test_time_headway_is_gap_over_speed() -> None:
    gap = np.array([30.0, np.inf, 0.0])
    np.testing.assert_allclose(measures.time_headway(gap, 15.0), [2.0, np.inf, 0.0])
    assert np.all(np.isinf(measures.time_headway(gap, 0.0)))
