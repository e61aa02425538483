"""Smoothing against SciPy and closed forms; comfort signals while driving and over the whole drive; the seven bounds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from builders import Body, make_scenario, make_state, measured
from hypothesis import given, settings
from hypothesis import strategies as st

from alpasim.metrics.comfort import comfortable
from alpasim.metrics.recorder import Metrics
from alpasim.metrics.ride import Ride, window_points
from alpasim.metrics.smoothing import smoothed
from alpasim.types import WorldState

numbers = st.lists(st.floats(-20, 20), min_size=15, max_size=60)


@settings(max_examples=50)
@given(series=numbers, window=st.sampled_from([3, 5, 7, 15]), derivative=st.sampled_from([0, 1, 2]))
def test_smoothing_is_scipys(series: list[float], window: int, derivative: int) -> None:
    signal = pytest.importorskip("scipy.signal", reason="SciPy is not installed")
    expected = signal.savgol_filter(series, window, 2, deriv=derivative, delta=0.1, mode="interp")
    assert smoothed(np.array(series), window, derivative, 0.1) == pytest.approx(expected, rel=1e-7, abs=1e-7)


@given(a=st.floats(-5, 5), b=st.floats(-5, 5), c=st.floats(-5, 5), count=st.integers(3, 30))
def test_a_parabola_is_left_as_it_is(a: float, b: float, c: float, count: int) -> None:
    t = 0.1 * np.arange(count)
    series = a + b * t + c * t * t
    assert smoothed(series, 7, 0, 0.1) == pytest.approx(series, abs=1e-8)
    assert smoothed(series, 7, 1, 0.1) == pytest.approx(b + 2 * c * t, abs=1e-7)
    assert smoothed(series, 7, 2, 0.1) == pytest.approx(np.full(count, 2 * c), abs=1e-6)


def test_two_points_are_no_parabola() -> None:
    assert np.isnan(smoothed(np.array([1.0, 2.0]), 7, 0, 0.1)).all()


@pytest.mark.parametrize(("dt", "points"), [(0.1, (7, 15, 5)), (0.05, (15, 31, 11)), (0.5, (3, 3, 3))])
def test_windows_keep_their_length_in_seconds(dt: float, points: tuple[int, int, int]) -> None:
    found = tuple(window_points(window, dt) for window in (0.7, 1.5, 0.5))
    assert all(n % 2 == 1 for n in found)
    assert all(abs(n - m) <= 2 for n, m in zip(found, points, strict=True))


def accelerating(lon: list[float], lat: list[float] | None = None, yaw: list[float] | None = None) -> list[WorldState]:
    lat, yaw = lat or [0.0] * len(lon), yaw or [0.0] * len(lon)
    return [make_state(Body(50, yaw=yaw[i], speed=5), step=i, acceleration=(lon[i], lat[i])) for i in range(len(lon))]


def driven(states: list[WorldState]) -> Metrics:
    return measured(make_scenario(), states)


def test_the_newest_complete_values_are_those_of_the_whole_drive() -> None:
    rng = np.random.default_rng(3)
    states = accelerating(
        rng.normal(0, 2, 60).tolist(), rng.normal(0, 2, 60).tolist(), np.cumsum(rng.normal(0, 0.05, 60)).tolist()
    )
    ride = Ride(0.1)
    ride.reset(states[0])
    while_driving = np.array([ride.add(state) for state in states[1:]])
    whole = ride.signals()
    delays = {0: 3, 1: 3, 2: 2, 3: 2, 4: 3 + 7, 5: 3 + 7}  # half of each window, in points
    for column, delay in delays.items():
        live = while_driving[:, column]
        known = np.flatnonzero(~np.isnan(live))
        assert known.size > 30
        assert live[known] == pytest.approx(whole[known + 1 - delay, column])


def test_constant_acceleration_has_no_jerk() -> None:
    results = driven(accelerating([2.0] * 40)).results()
    assert results["lon_acceleration_max"].value == pytest.approx(2.0)
    assert results["lon_acceleration_min"].value == pytest.approx(2.0)
    assert results["lon_jerk_max"].value == pytest.approx(0.0, abs=1e-9)
    assert results["comfort"].value == 1.0


def test_a_ramp_has_its_slope_as_jerk() -> None:
    results = driven(accelerating([-0.3 * 0.1 * i for i in range(40)])).results()
    assert results["lon_jerk_max"].value == pytest.approx(0.3)
    assert results["jerk_max"].value == pytest.approx(0.3)
    assert results["lon_acceleration_min"].value == pytest.approx(-0.3 * 3.9)


def test_circling_has_its_yaw_rate_even_over_the_wrap() -> None:
    yaw = [0.5 * 0.1 * i for i in range(200)]
    results = driven(accelerating([0.0] * 200, [2.5] * 200, yaw)).results()
    assert results["yaw_rate_max"].value == pytest.approx(0.5)
    assert results["yaw_acceleration_max"].value == pytest.approx(0.0, abs=1e-7)
    assert results["lat_acceleration_max"].value == pytest.approx(2.5)


def test_right_and_left_count_alike() -> None:
    left, right = (driven(accelerating([0.0] * 30, [side] * 30)).results() for side in (3.0, -3.0))
    assert left["lat_acceleration_max"].value == right["lat_acceleration_max"].value


@pytest.mark.parametrize(
    ("signals", "kept"),
    [
        ((2.40, 4.89, 0.95, 1.93, 4.13, 8.37), True),
        ((-4.05, -4.89, -0.95, -1.93, -4.13, -8.37), True),
        ((2.41, 0, 0, 0, 0, 0), False),
        ((-4.06, 0, 0, 0, 0, 0), False),
        ((0, 4.90, 0, 0, 0, 0), False),
        ((0, 0, 0.96, 0, 0, 0), False),
        ((0, 0, 0, -1.94, 0, 0), False),
        ((0, 0, 0, 0, 4.14, 0), False),
        ((0, 0, 0, 0, 0, -8.38), False),
    ],
)
def test_nuplans_seven_bounds_may_be_met_exactly(signals: tuple[float, ...], kept: bool) -> None:
    assert comfortable(np.array(signals, dtype=np.float64)) is kept


def test_hard_braking_is_not_comfortable() -> None:
    assert driven(accelerating([0.0] * 20 + [-6.0] * 20)).results()["comfort"].value == 0.0


def test_a_drive_of_two_points_cannot_be_judged() -> None:
    results = driven(accelerating([0.0, 1.0])).results()
    assert not results["comfort"].valid
    assert not results["jerk_max"].valid


def test_a_long_drive_outgrows_the_first_buffer() -> None:
    states = accelerating([math.sin(0.05 * i) for i in range(700)])
    results = driven(states).results()
    assert results["lon_acceleration_max"].value == pytest.approx(1.0, abs=0.01)
