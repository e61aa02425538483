"""Weather in numbers: the definition of visibility, and that worse weather is never better."""

from __future__ import annotations

import math
from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpasim.scenario.concrete import Environment
from alpasim.sensors.weather import LIGHTS, Conditions, conditions, worse


def test_clear_day_takes_nothing() -> None:
    assert conditions(Environment()) == Conditions()


def test_five_per_cent_are_left_at_the_end_of_the_visibility() -> None:
    felt = conditions(Environment(visibility_m=80.0))
    assert math.exp(-felt.extinction_per_m * 80.0) == pytest.approx(0.05, abs=3e-4)
    assert felt.optical_range_m == pytest.approx(80.0)


def test_rain_by_hand() -> None:
    # 25 mm/h: 1.076 * 25^0.67 = 9.30 dB/km, so 10 lg(1 / 0.05) / 9.30 = 1.40 km, with 3.0 for -ln 0.05 a little more.
    felt = conditions(Environment(rain=0.5))
    assert felt.rain_mm_per_h == 25.0
    assert felt.optical_range_m == pytest.approx(1400.0, rel=0.01)
    assert felt.dropout == pytest.approx(0.05)


def test_heavy_snow_leaves_less_than_400_m() -> None:
    assert 250.0 < conditions(Environment(snow=1.0)).optical_range_m < 400.0


shares = st.floats(0.0, 1.0)
places = st.builds(Environment, st.just(0.9), shares, st.floats(10.0, 1e6), shares, st.sampled_from(sorted(LIGHTS)))


@given(one=places, other=places)
def test_the_worse_of_two_is_never_better(one: Environment, other: Environment) -> None:
    both = conditions(worse(one, other))
    for felt in (conditions(one), conditions(other)):
        assert both.extinction_per_m >= felt.extinction_per_m
        assert both.optical_range_m <= felt.optical_range_m
    assert 0.0 < both.contrast <= 1.0
    assert 0.0 <= both.dropout < 1.0
    assert all(not math.isnan(value) for value in astuple(both))
