"""The reference driver with senses that see less far: it can stop within what it sees, and does not shy at one inexact look."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from alpasim_policies.idm import Idm
from alpasim_policies.meetings import SURE_S, Meetings
from alpasim_policies.parameters import DriverParameters
from alpasim_policies.reasoner import Reasoner
from alpasim_policies.reasons import Reason
from alpasim_policies.sight import perception_range
from driver_scenes import brief, observe, straight

from alpasim.reasoning.record import vocabulary_faults
from alpasim.rollout import run_rollout
from alpasim.scenario.library import find_scenarios
from alpasim.scenario.loading import load_scenario
from alpasim.types import EndReason, Sight

P = DriverParameters()
LENGTH_M = 4.6
CARGO = """schema: alpasim/scenario@1
title: Cargo on a road in fog
road: {straight: {lanes: 1, oncoming_lanes: 1, length_m: 700, speed_limit_kph: 100}}
environment: {friction: 0.5}
perception: {range_m: 55, delay_s: 0.2}
ego: {vehicle: sedan, lane: 1, s_m: 40, speed_kph: 60, goal: {s_m: 660}}
actors:
  box: {kind: debris, place: {lane: 1, s_m: 500}, drive: parked, size_m: [1.0, 1.8, 0.6]}
end: {time_limit_s: 60}
expect: [no_collision]
"""


@pytest.mark.parametrize("range_m", [40.0, 76.5, 150.0])
@pytest.mark.parametrize("grip", [1.0, 0.15])
def test_from_the_speed_of_its_range_it_stops_before_a_car_that_comes_into_it(range_m: float, grip: float) -> None:
    sight = Sight(range_m=range_m, clear_range_m=range_m, delay_s=0.2, period_s=0.1)
    speed = perception_range(P, sight, LENGTH_M).speed(grip)
    way = speed * (P.reaction_s + 0.3) + speed**2 / (2.0 * min(P.sight_deceleration, 9.81 * grip))
    # From the ego's middle: half of itself, the way, the gap, and half of a car of 5 m.
    assert LENGTH_M / 2 + way + P.standstill_gap_m + 2.5 == pytest.approx(range_m)


def test_what_sees_as_far_as_the_truth_does_not_slow_it() -> None:
    for sight in (Sight(), Sight(range_m=200.0, clear_range_m=200.0), Sight(range_m=250.0, position_sigma_m=0.3)):
        assert math.isinf(perception_range(P, sight, LENGTH_M).speed(0.1))


def test_weather_that_takes_from_the_range_makes_it_count_on_less_grip() -> None:
    clear = Sight(range_m=80.0, clear_range_m=80.0)
    speeds = [
        perception_range(P, sight, LENGTH_M).speed(1.0)
        for sight in (clear, replace(clear, clear_range_m=150.0), replace(clear, position_sigma_m=0.5))
    ]
    assert speeds[1] < 0.9 * speeds[0]  # 2.5 instead of 3.4 m/s^2: about the root of that
    assert speeds[0] - 0.4 < speeds[2] < speeds[0]  # 1 m less of 73 m


def test_it_slows_for_its_range_and_says_so() -> None:
    route = straight(800.0, limit_mps=30.0)
    policy = Reasoner()
    policy.reset(replace(brief(route), sight=Sight(range_m=60.0, clear_range_m=150.0)))
    now = observe(route, (60.0, 0.0, 0.0), 28.0)
    for step in range(4):
        said = policy.decide(replace(now, step=step, time_us=step * 100_000)).reasoning
    assert said is not None and vocabulary_faults(said) == ()
    assert said.longitudinal == "speed_adaptation" and said.factors[0].claims == (("sight", "range"),)
    assert said.text == "Slow down because nothing is seen beyond 60 m."


def test_cargo_that_comes_into_a_short_range_on_a_wet_road_is_stopped_for(tmp_path: Path) -> None:
    file = tmp_path / "cargo.scn.yaml"
    file.write_text(CARGO, encoding="utf-8")
    result = run_rollout(load_scenario(file).concrete(0), Idm, policy_reference="idm")
    assert result.end_reason is EndReason.TIME_LIMIT and result.passed  # the only way past is the oncoming lane


@pytest.mark.parametrize("name", ["pile_up_on_ice", "split_mu"])
def test_it_copes_with_ice_on_a_rainy_night(tmp_path: Path, name: str) -> None:
    file = tmp_path / f"{name}.scn.yaml"
    file.write_text(find_scenarios([Path(name)])[0].read_text() + "\nperception: rainy_night\n", encoding="utf-8")
    assert run_rollout(load_scenario(file).concrete(0), Idm, policy_reference="idm").passed


def test_who_seems_to_come_towards_it_is_doubted_for_a_while() -> None:
    ids = np.array([7, 9])
    reasons = [Reason("oncoming", -9.0, 1, 60.0), Reason("leader", -4.0, 0, 30.0)]
    meetings = Meetings(SURE_S)
    for look in range(5):
        meetings.look(reasons, ids, 0.1)
        sure = look == 4
        assert meetings.sure(reasons, ids) == (reasons if sure else reasons[1:])
        assert [reason.acceleration for reason in meetings.heeded(reasons, ids, 2.0)] == [-9.0 if sure else -2.0, -4.0]
        again = Meetings(SURE_S)
        again.load(meetings.save())
        assert again.sure(reasons, ids) == meetings.sure(reasons, ids)
    meetings.look(reasons[1:], ids, 0.1)
    meetings.look(reasons, ids, 0.1)
    assert meetings.sure(reasons, ids) == reasons[1:], "one look without it, and it is doubted anew"
    exact = Meetings(0.0)
    exact.look(reasons, ids, 0.1)
    assert exact.sure(reasons, ids) == reasons and exact.heeded(reasons, ids, 2.0) == reasons
