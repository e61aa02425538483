"""Faults of the ego's vehicle against closed forms, by the clock, to the bit, and through a saved memory."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from proving_ground import Drive, scenario, vehicle
from vehicle_checks import stopping_distance

from alpasim.scenario.concrete import EgoFault
from alpasim.types import Control, WorldState
from alpasim.vehicle.chassis import chassis
from alpasim.vehicle.failing import Failing, fault_events

WEAK = vehicle("sedan", max_brake_force_n=6000.0, rolling_resistance=0.0, drag_area_m2=1e-9)
"""Its brakes, not its tyres, limit it."""


def always(kind: str, strength: float, wheel: int = -1) -> EgoFault:
    return EgoFault(kind, 0, None, strength, wheel)


def driving(*faults: EgoFault, speed: float = 20.0, **changes: object) -> Drive:
    return Drive(replace(scenario(speed=speed, **changes), faults=faults))  # type: ignore[arg-type]


def stop(drive: Drive) -> float:
    while drive.state.ego.speed_mps > 1e-3:
        drive.step(Control(0.0, -1.0))
    return float(drive.state.position[0, 0])


def test_half_the_brake_force_doubles_the_stopping_distance() -> None:
    found = []
    for faults in ((), (always("brake_loss", 0.5),)):
        with driving(*faults, vehicle_=replace(WEAK, brake_lag_s=0.0)) as drive:
            found.append(stop(drive))
    assert found[1] == pytest.approx(2.0 * found[0], rel=0.01)
    half = replace(WEAK, max_brake_force_n=3000.0, brake_lag_s=0.0)
    assert found[1] == pytest.approx(stopping_distance(half, 20.0, 0.9), rel=0.01)


def test_no_brakes_at_all_do_not_brake() -> None:
    with driving(always("brake_loss", 1.0), vehicle_=WEAK) as drive:
        drive.run(3.0, Control(0.0, -1.0))
        assert drive.state.ego.speed_mps == pytest.approx(20.0, abs=1e-6)


def test_a_fault_is_there_in_its_time_and_at_no_other() -> None:
    fault = EgoFault("brake_loss", 1_000_000, 2_000_000, 1.0)
    with driving(fault, vehicle_=replace(WEAK, brake_lag_s=0.0)) as drive:
        speeds = [drive.step(Control(0.0, -0.5)).ego.speed_mps for _ in range(30)]
    slower = -np.diff([20.0, *speeds]) > 0.1
    assert slower[:10].all() and not slower[10:20].any() and slower[20:].all()


def test_begin_and_end_are_told_once_each_by_the_clock() -> None:
    faults = (EgoFault("brake_loss", 0, 300_000, 0.5), EgoFault("puncture", 250_000, None, 1.0, 2))
    told = [fault_events(faults, k * 100_000, 100_000) for k in range(6)]
    assert told == [("fault:brake_loss:begin",), (), (), ("fault:brake_loss:end", "fault:puncture:begin"), (), ()]


def test_a_stuck_throttle_drives_as_that_pedal_does() -> None:
    with driving(always("stuck_throttle", 0.4)) as stuck, driving() as pressed:
        for _ in range(30):
            assert (
                stuck.step(Control(0.0, 0.0)).velocity.tobytes() == pressed.step(Control(0.0, 0.4)).velocity.tobytes()
            )


def test_a_delay_gives_what_was_asked_for_earlier() -> None:
    wheel = [Control(0.1 * math.sin(0.5 * k), 0.3 * math.cos(0.3 * k)) for k in range(40)]
    late = [Control(0.0, 0.0)] * 3 + wheel[:-3]
    with driving(always("actuator_delay", 0.3)) as delayed, driving() as plain:
        for asked, given in zip(wheel, late, strict=True):
            assert delayed.step(asked).position.tobytes() == plain.step(given).position.tobytes()


def test_play_swallows_small_turns_and_lags_behind_large_ones() -> None:
    play = 0.02
    failing = Failing((always("steering_play", play),), chassis(WEAK), 100_000)
    angles = []
    for asked in (0.01, -0.015, 0.1, 0.09, 0.05, -0.1):
        commands = np.array([asked, 0.0, 0.0])
        failing.begin(0, commands)
        angles.append(commands[0])
    assert angles == pytest.approx([0.0, 0.0, 0.08, 0.08, 0.07, -0.08])


@pytest.mark.parametrize(("wheel", "side"), [(0, 1.0), (1, -1.0), (2, 1.0), (3, -1.0)])
def test_a_flat_tyre_pulls_to_its_side_and_brakes(wheel: int, side: float) -> None:
    with driving(always("puncture", 1.0, wheel)) as flat, driving() as whole:
        turned, straight = flat.run(2.0), whole.run(2.0)
    assert side * turned.yaw[0] > 0.01
    assert turned.ego.speed_mps < straight.ego.speed_mps - 0.3


def test_a_punctured_car_loses_the_rolling_resistance_of_its_flat_tyre() -> None:
    model = vehicle("sedan", drag_area_m2=1e-9, rolling_resistance=0.0)
    loads = chassis(model).static_load
    with driving(always("puncture", 1.0, 2), vehicle_=model) as drive:
        lost = 20.0 - drive.run(1.0).ego.speed_mps
    assert lost == pytest.approx(0.15 * loads[2] / model.mass_kg, rel=0.1)


def every_fault() -> tuple[EgoFault, ...]:
    return (
        EgoFault("brake_loss", 500_000, 3_000_000, 0.4),
        EgoFault("puncture", 1_000_000, None, 0.8, 1),
        EgoFault("stuck_throttle", 1_500_000, 2_500_000, 0.2),
        always("steering_play", 0.01),
        EgoFault("actuator_delay", 800_000, 3_500_000, 0.2),
    )


def asked(k: int) -> Control:
    return Control(0.1 * math.sin(0.4 * k), 0.5 * math.cos(0.2 * k))


def digest(state: WorldState) -> bytes:
    return state.position.tobytes() + state.rotation.tobytes() + state.velocity.tobytes()


def test_faults_repeat_to_the_bit_and_go_on_from_a_memory() -> None:
    with driving(*every_fault()) as first, driving(*every_fault()) as second, driving(*every_fault()) as third:
        states = [digest(first.step(asked(k))) for k in range(40)]
        assert states == [digest(second.step(asked(k))) for k in range(40)]
        first.reset(first.scene)
        for k in range(18):
            first.step(asked(k))
        memory, state = first.world.save(), first.state
        ends = []
        for drive in (first, third):
            drive.world.load(drive.scene, state, memory)
            drive.state = state
            ends.append([digest(drive.step(asked(k))) for k in range(18, 40)])
        assert ends[0] == ends[1]
