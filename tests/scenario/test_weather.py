"""Weather in numbers: the definition of visibility, that worse weather is never better, grip and light by hand."""

from __future__ import annotations

import math
from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alpasim.scenario.concrete import Environment
from alpasim.scenario.weather import ILLUMINATION, LIGHTS, Conditions, conditions, illumination, road_friction, worse


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


@pytest.mark.parametrize(
    ("rain", "snow", "friction"),
    [
        (0.0, 0.0, 0.9),
        (0.05, 0.0, 0.65),
        (0.125, 0.0, 0.60),  # half way between 2.5 and 10 mm/h
        (0.2, 0.0, 0.55),
        (1.0, 0.0, 0.50),
        (0.0, 0.25, 0.40),
        (0.0, 0.625, 0.325),
        (0.0, 1.0, 0.25),
        (1.0, 1.0, 0.25),
        (1.0, 0.01, 0.50),
    ],
)
def test_grip_of_a_wet_and_of_a_snowy_road(rain: float, snow: float, friction: float) -> None:
    assert road_friction(rain, snow) == pytest.approx(friction)


@given(rain=shares, snow=shares, more=shares)
def test_more_rain_or_snow_never_gives_more_grip(rain: float, snow: float, more: float) -> None:
    here = road_friction(rain, snow)
    assert 0.25 <= here <= 0.9
    assert road_friction(max(rain, more), snow) <= here
    assert road_friction(rain, max(snow, more)) <= here


def test_light_of_pictures_by_hand() -> None:
    assert set(ILLUMINATION) == set(LIGHTS)
    assert illumination(Environment()).ambient == 1.0
    assert illumination(Environment()).veil(0.1) == 0.0
    night = illumination(Environment(light="night"))
    # Two beams of 10,100 cd give 20,200 / 22.47^2 = 40 lx, which look as by day; at twice the distance a quarter of that.
    assert night.beam_m == pytest.approx(22.47, abs=0.01)
    assert night.ambient == pytest.approx(5.0 / 40.0)
    sun = illumination(Environment(light="low_sun"))
    # 10 * 10,000 lx / (7.07 deg)^2 = 2,000 cd/m2: as bright as the scene, so that half of what is seen is veil.
    assert sun.veil(math.radians(7.0711)) == pytest.approx(0.5, abs=1e-4)
    assert sun.veil(math.radians(30.0)) == pytest.approx(0.0526, abs=1e-3)
    assert 0.9 < sun.veil(0.0) < 1.0
