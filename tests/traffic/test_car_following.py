"""The Intelligent Driver Model against its formula worked by hand and against its closed-form equilibrium."""

from __future__ import annotations

import math

import pytest
from traffic_scenes import actor, drive, motorway, on_lane, scenario

from alpasim.errors import InputError
from alpasim.traffic import car_following
from alpasim.traffic.follow import FollowOptions


def equilibrium_gap(speed: float, target: float, name: str) -> float:
    """The gap at which a [1 - (v / v0)^delta - (s* / s)^2] is 0 behind a leader of the same speed [m]."""
    driver = car_following.preset(name)
    wanted = driver.standstill_gap_m + speed * driver.headway_s
    return wanted / math.sqrt(1.0 - (speed / target) ** driver.exponent)


def test_the_wanted_gap_by_hand() -> None:
    """v 20, leader 15, s0 2, T 1.5, a 1, b 2: s* = 2 + 30 + 20*5/(2*sqrt 2), worked with a calculator."""
    assert car_following.desired_gap(20.0, 15.0, 2.0, 1.5, 1.0, 2.0) == pytest.approx(67.3553, abs=1e-4)


def test_a_leader_that_pulls_away_never_shortens_the_wanted_gap_below_standstill() -> None:
    assert car_following.desired_gap(5.0, 40.0, 2.0, 1.0, 1.0, 2.0) == 2.0


def test_nobody_ahead_means_free_road_and_too_fast_means_comfortable_braking() -> None:
    assert car_following.free_acceleration(15.0, 30.0, 1.0, 2.0, 4.0) == 1.0 - 0.5**4
    assert car_following.free_acceleration(90.0, 30.0, 1.0, 2.0, 4.0) == -2.0
    assert car_following.free_acceleration(3.0, 0.0, 1.0, 2.0, 4.0) == -2.0
    assert car_following.free_acceleration(0.0, 0.0, 1.0, 2.0, 4.0) == 0.0


@pytest.mark.parametrize("name", ["treiber_kesting", "treiber_2000", "nuplan", "waymax"])
@pytest.mark.parametrize("leader_mps", [0.0, 8.0])
def test_a_follower_settles_at_the_equilibrium_gap(name: str, leader_mps: float) -> None:
    network = motorway()
    pair = [
        actor("leader", on_lane(network, 300.0), leader_mps, options=FollowOptions(speed_mps=leader_mps)),
        actor("follower", on_lane(network, 250.0), 8.0, options=FollowOptions(speed_mps=9.5, preset=name)),
    ]
    end = drive(scenario(network, pair, time_limit_s=200.0), 2000)[-1]
    gap = end.position[1, 0] - end.position[2, 0] - 4.5
    expected = equilibrium_gap(leader_mps, 9.5, name)
    assert gap == pytest.approx(expected, abs=0.15 if leader_mps else 0.35)
    assert end.velocity[2, 0] == pytest.approx(leader_mps, abs=0.02)


def test_an_unknown_preset_gets_a_suggestion() -> None:
    with pytest.raises(InputError, match="did you mean 'nuplan'"):
        car_following.preset("nuplam")
    with pytest.raises(ValueError, match="did you mean 'waymax'"):
        FollowOptions(preset="waymaks")
