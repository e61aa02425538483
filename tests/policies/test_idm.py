"""The reference driver in small hand-made situations, on a kinematic ego that follows its decisions exactly."""

from __future__ import annotations

import copy
import json
import math

import numpy as np
import pytest
from alpasim_policies.idm import Idm
from alpasim_policies.parameters import DriverParameters
from driver_scenes import CAR_SIZE, SEDAN, Body, Drive, bend, brief, car, drive, observe, person, straight

from alpasim.policy.checks import checked_decision
from alpasim.types import ActorKind, SignalColour

TOWN = 50.0 / 3.6
P = DriverParameters()


def no_comfort_broken(done: Drive) -> bool:
    """nuPlan's bounds on longitudinal acceleration."""
    return bool(done.acceleration.min() > -4.05 and done.acceleration.max() < 2.40)


def test_an_empty_road_is_driven_at_the_limit_without_phantom_braking() -> None:
    done = drive(Idm(), straight(1200.0), 5.0, seconds=40.0)
    assert done.acceleration.min() > -0.05
    assert P.limit_share * TOWN - 0.3 < done.speed[-1] <= TOWN
    assert np.abs(done.y).max() < 0.01


def test_it_stays_behind_a_slower_leader_at_about_its_time_headway() -> None:
    lead = car(80.0, 0.0, speed=8.0)
    done = drive(Idm(), straight(1500.0), TOWN, [lead], seconds=60.0)
    assert done.speed[-1] == pytest.approx(8.0, abs=0.15)
    # the equilibrium gap of the IDM: (s0 + v T) / sqrt(1 - (v / v0)^4)
    wanted = P.limit_share * TOWN
    equilibrium = (P.standstill_gap_m + 8.0 * P.time_headway_s) / math.sqrt(1.0 - (8.0 / wanted) ** 4)
    assert done.gap[-1] == pytest.approx(equilibrium, rel=0.1)
    assert no_comfort_broken(done)


def test_it_stops_behind_a_car_that_blocks_the_whole_road() -> None:
    done = drive(Idm(), straight(), TOWN, [car(200.0, 0.0)], seconds=30.0)
    assert done.speed[-1] < 0.1
    assert 1.0 < done.gap[-1] < 4.0
    assert no_comfort_broken(done)


def test_a_leader_that_brakes_hard_is_not_hit() -> None:
    def braking(t: float) -> tuple[float, float, float, float]:
        v, since = 20.0, max(t - 3.0, 0.0)
        until = min(since, v / 8.0)
        x = 20.0 + 36.0 + v * min(t, 3.0) + v * until - 4.0 * until * until
        return x, 0.0, 0.0, v - 8.0 * until

    lead = Body(ActorKind.CAR, CAR_SIZE, braking)
    done = drive(Idm(), straight(1200.0, limit_mps=25.0), 20.0, [lead], seconds=15.0)
    assert min(done.gap) > 1.0
    assert done.speed[-1] < 0.1


@pytest.mark.parametrize("y", [1.2, 1.5])
def test_it_passes_what_blocks_only_part_of_the_lane(y: float) -> None:
    done = drive(Idm(), straight(edge_right=3.2), TOWN, [car(160.0, y)], seconds=40.0)
    assert done.x[-1] > 200.0
    assert min(done.gap) > 0.5
    assert abs(done.y[-1]) < 0.1


def test_it_changes_over_to_a_free_lane_round_a_broken_down_car_and_returns() -> None:
    done = drive(Idm(), straight(edge_left=5.25), TOWN, [car(160.0, 0.0)], seconds=40.0)
    assert done.x[-1] > 220.0 and max(done.y) > 1.5
    assert min(done.gap) > 0.5 and abs(done.y[-1]) < 0.1


def test_it_does_not_return_into_who_crawls_ahead_of_the_one_it_passed() -> None:
    bodies = [car(160.0, 0.0), car(162.0, 0.0, speed=0.8)]
    done = drive(Idm(), straight(edge_left=5.25), TOWN, bodies, seconds=40.0)
    beside = [y for x, y in zip(done.x, done.y, strict=True) if 170.0 < x < 180.0]
    assert min(done.gap) > 0.5 and min(beside) > 1.5 and done.x[-1] > 220.0


def test_it_never_uses_an_oncoming_lane_to_pass() -> None:
    done = drive(Idm(), straight(edge_left=5.25, oncoming_left=1.75), TOWN, [car(160.0, 0.0)], seconds=30.0)
    assert done.speed[-1] < 0.1 and max(done.y) < 0.3 and min(done.gap) > 1.0


def test_it_waits_for_a_faster_car_before_it_moves_over() -> None:
    fast = car(20.0, 3.5, speed=20.0)
    done = drive(Idm(), straight(1500.0, edge_left=5.25), TOWN, [car(160.0, 0.0), fast], seconds=30.0)
    assert min(done.gap) > 0.4


def test_a_queue_before_a_light_is_not_passed() -> None:
    queue = [car(128.0, 0.0), car(121.0, 0.0)]
    route = straight(edge_left=5.25, stop_lines=((132.0, 0),))
    done = drive(Idm(), route, TOWN, queue, seconds=25.0, signals=lambda _t: [SignalColour.RED])
    assert done.speed[-1] < 0.1 and max(done.y) < 0.2 and 1.0 < done.gap[-1] < 5.0


@pytest.mark.parametrize("after_s", [0.0, 2.0, 3.0, 4.0, 5.0, 6.0])
@pytest.mark.parametrize("speed", [1.0, 1.4, 2.5])
def test_people_who_cross_are_not_hit(after_s: float, speed: float) -> None:
    walker = person(120.0, -5.0, math.pi / 2, speed, after_s)
    done = drive(Idm(), straight(), TOWN, [walker], seconds=25.0)
    assert min(done.gap) > 0.4
    assert done.x[-1] > 150.0


def test_people_waiting_at_the_kerb_are_passed_slowly() -> None:
    done = drive(Idm(), straight(), TOWN, [person(150.0, -3.0)], seconds=25.0)
    beside = int(np.argmin(np.abs(np.array(done.x) - 150.0)))
    assert done.speed[beside] < P.caution_vulnerable + 0.8
    assert done.speed[-1] > 12.0


def test_who_stands_at_the_edge_of_the_lane_is_passed_at_a_walk() -> None:
    done = drive(Idm(), straight(edge_left=5.25, oncoming_left=1.75), TOWN, [person(150.0, -1.15)], seconds=45.0)
    half = 0.5 * SEDAN.length_m - SEDAN.rear_axle_x_m
    beside = [v for x, v in zip(done.x, done.speed, strict=True) if 150.0 - half < x < 150.0]
    assert done.x[-1] > 180.0 and max(done.y) < 0.7  # not over the line
    assert min(done.gap) > P.waiting_margin and max(beside) < P.caution_touching + 0.7


def test_who_stands_in_the_middle_of_the_lane_is_waited_for() -> None:
    done = drive(Idm(), straight(edge_left=5.25, oncoming_left=1.75), TOWN, [person(150.0, -0.6)], seconds=45.0)
    assert done.speed[-1] < 0.1 and min(done.gap) > 1.5


def test_rows_of_parked_cars_are_passed_slowly() -> None:
    row = [car(100.0 + 6.0 * i, -2.85) for i in range(8)]
    done = drive(Idm(), straight(edge_right=4.0), TOWN, row, seconds=30.0)
    beside = [v for x, v in zip(done.x, done.speed, strict=True) if 105.0 < x < 135.0]
    assert max(beside) < P.caution_parked + 0.6
    assert np.abs(done.y).max() < 0.05


@pytest.mark.parametrize("start", [-90.0, -80.0, -70.0, -60.0, -50.0])
def test_cross_traffic_is_let_through(start: float) -> None:
    done = drive(Idm(), straight(), TOWN, [car(130.0, start, math.pi / 2, 12.0)], seconds=25.0)
    assert min(done.gap) > 1.0
    assert done.x[-1] > 200.0


def test_a_cut_in_is_met_before_it_is_in_the_lane() -> None:
    def cutting(t: float) -> tuple[float, float, float, float]:
        y = 3.5 * (1.0 - min(max((t - 1.0) / 3.0, 0.0), 1.0))
        yaw = 0.0 if not 1.0 < t < 4.0 else math.atan2(-3.5 / 3.0, 20.0)
        return 60.0 + 20.0 * t, y, yaw, 20.0

    done = drive(Idm(), straight(2000.0, limit_mps=28.0), 25.0, [Body(ActorKind.CAR, CAR_SIZE, cutting)], seconds=25.0)
    assert min(done.gap) > 4.0
    first_brake = int(np.argmax(done.acceleration < -0.5)) * 0.1
    assert first_brake < 3.0, "the car is over the line at about 2.4 s"


def test_an_oncoming_car_in_its_own_lane_is_no_reason_to_brake() -> None:
    oncoming = [car(150.0 + 60.0 * i, 3.5, math.pi, 14.0) for i in range(4)]
    done = drive(Idm(), straight(edge_left=5.25, oncoming_left=1.75), TOWN * P.limit_share, oncoming, seconds=15.0)
    assert done.acceleration.min() > -0.1 and np.abs(done.y).max() < 0.05


def test_oncoming_cars_in_a_bend_are_no_reason_to_brake_either() -> None:
    route = bend(80.0, oncoming_left=1.75, edge_left=5.25, limit_mps=9.0)

    def round_the_bend(t: float) -> tuple[float, float, float, float]:
        s = 330.0 - 9.0 * t
        x = float(np.interp(s, route.s, route.centre[:, 0]))
        y = float(np.interp(s, route.s, route.centre[:, 1]))
        heading = float(np.interp(s, route.s, route.heading))
        return x - 3.5 * math.sin(heading), y + 3.5 * math.cos(heading), heading + math.pi, 9.0

    done = drive(Idm(), route, 8.8, [Body(ActorKind.CAR, CAR_SIZE, round_the_bend)], seconds=25.0)
    assert min(done.gap) > 1.0
    assert done.acceleration.min() > -0.3


def test_an_oncoming_car_in_our_lane_makes_it_brake_and_move_right() -> None:
    done = drive(Idm(), straight(edge_right=3.5), TOWN, [car(260.0, 0.3, math.pi, 14.0)], seconds=12.0)
    assert min(done.gap) > 0.2 and min(done.y) < -1.0


def test_bends_are_taken_within_the_lateral_acceleration() -> None:
    done = drive(Idm(), bend(40.0), TOWN, seconds=30.0)
    yaw_rate = np.diff(np.unwrap(done.yaw)) / 0.1
    lateral = yaw_rate * np.array(done.speed[:-1])
    assert np.abs(lateral).max() < 1.15 * P.lateral_acceleration
    assert no_comfort_broken(done)


def test_a_red_light_is_waited_for_and_a_green_one_is_driven_through() -> None:
    route = straight(stop_lines=((150.0, 0),))

    def light(t: float) -> list[SignalColour]:
        return [SignalColour.RED if t < 20.0 else SignalColour.GREEN]

    done = drive(Idm(), route, TOWN, seconds=35.0, signals=light)
    front = np.array(done.x) - SEDAN.rear_axle_x_m + 0.5 * SEDAN.length_m
    waited = front[195]
    assert 146.5 < waited < 150.0 and done.speed[195] < 0.1
    assert front[-1] > 200.0
    free = drive(Idm(), route, TOWN * P.limit_share, seconds=20.0, signals=lambda _t: [SignalColour.GREEN])
    assert free.acceleration.min() > -0.1


def test_a_stop_line_without_a_light_is_stopped_at_once_and_left_again() -> None:
    done = drive(Idm(), straight(stop_lines=((150.0, -1),)), TOWN, seconds=30.0)
    assert min(done.speed[50:200]) < 0.3
    assert done.x[-1] > 180.0


def test_memory_as_json_continues_the_same_drive() -> None:
    route = straight(edge_left=5.25)
    bodies = [car(150.0, 0.0), person(90.0, -4.0, math.pi / 2, 1.2, 2.0)]
    first = Idm()
    first.reset(brief(route))
    for step in range(40):
        first.decide(observe(route, (20.0 + step, 0.0, 0.0), 10.0, bodies, step))
    second = Idm()
    second.reset(brief(route))
    second.load(json.loads(json.dumps(first.save())))
    for step in range(40, 60):
        now = observe(route, (20.0 + step, 0.0, 0.0), 10.0, bodies, step)
        one, two = first.decide(now), second.decide(copy.deepcopy(now))
        assert str(one) == str(two)


def test_two_drives_are_the_same_to_the_last_bit() -> None:
    bodies = [car(90.0, 0.0, speed=6.0), person(120.0, -5.0, math.pi / 2, 1.4, 3.0)]
    one, two = (drive(Idm(), straight(), TOWN, bodies, seconds=15.0) for _ in range(2))
    assert one.x == two.x and one.speed == two.speed


def test_reset_forgets_the_last_drive() -> None:
    policy = Idm()
    drive(policy, straight(edge_left=5.25), TOWN, [car(150.0, 0.0)], seconds=12.0)
    again = drive(policy, straight(), TOWN, [car(200.0, 0.0)], seconds=15.0)
    fresh = drive(Idm(), straight(), TOWN, [car(200.0, 0.0)], seconds=15.0)
    assert again.x == fresh.x


@pytest.mark.parametrize("count", [0, 1, 30])
def test_every_decision_passes_the_checks(count: int) -> None:
    rng = np.random.default_rng(7)
    route = straight(edge_left=5.25, edge_right=3.0)
    policy = Idm()
    policy.reset(brief(route))
    for step in range(30):
        bodies = [
            car(
                float(rng.uniform(0, 200)),
                float(rng.uniform(-8, 8)),
                float(rng.uniform(-3, 3)),
                float(rng.uniform(0, 20)),
            )
            for _ in range(count)
        ]
        now = observe(
            route, (20.0 + step, float(rng.uniform(-1, 1)), 0.0), float(rng.uniform(-0.5, 30.0)), bodies, step
        )
        checked_decision(policy.decide(now), now)
