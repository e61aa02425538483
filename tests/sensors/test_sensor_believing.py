"""A believed place that drifts: by hand, by its noise, and what follows for an observation."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from builders import Body, Scene, make_scenario, make_state

from alpasim.scenario.concrete import PerceptionChoice, Scenario, SenseFault
from alpasim.sensors.believing import BelievedPlace, believed_place, believed_speed
from alpasim.sensors.suite import Senses
from alpasim.types import Observation, WorldState

SEED = np.random.SeedSequence(3, spawn_key=(1,))
NORTH_EAST = SenseFault("gps_drift", 1_000_000, 3_000_000, drift_mps=(0.3, 0.4), limit_m=0.75)


def place(*faults: SenseFault) -> BelievedPlace:
    made = believed_place(faults, SEED)
    assert made is not None
    return made


def test_other_faults_leave_the_place_true() -> None:
    assert believed_place((SenseFault("sensor_blackout", 0, None, sensor="all", lost=1.0),), SEED) is None


@pytest.mark.parametrize(
    ("time_s", "expected"),
    [(0.9, (0.0, 0.0)), (1.0, (0.0, 0.0)), (2.0, (0.3, 0.4)), (2.9, (0.45, 0.6)), (3.0, (0.0, 0.0))],
)
def test_the_drift_grows_to_its_limit_and_ends_with_a_jump(time_s: float, expected: tuple[float, float]) -> None:
    found = place(NORTH_EAST).offset(round(time_s * 1e6))
    assert found == pytest.approx([*expected, 0.0])


def test_several_drifts_add_up() -> None:
    other = SenseFault("gps_drift", 0, None, drift_mps=(-1.0, 0.0))
    assert place(NORTH_EAST, other).offset(2_000_000) == pytest.approx([0.3 - 2.0, 0.4, 0.0])


def test_noise_has_its_sigma_along_each_axis_and_repeats() -> None:
    noisy = place(SenseFault("gps_drift", 0, None, noise_sigma_m=0.5))
    found = np.array([noisy.offset(0) for _ in range(4000)])
    assert found[:, :2].mean(axis=0) == pytest.approx([0.0, 0.0], abs=4.0 * 0.5 / math.sqrt(4000))
    assert found[:, :2].std(axis=0) == pytest.approx([0.5, 0.5], rel=0.05)
    assert abs(np.corrcoef(found[:, 0], found[:, 1])[0, 1]) < 0.06
    assert (found[:, 2] == 0.0).all()
    noisy.reset()
    middle = None
    for step in range(10):
        if step == 5:
            middle = noisy.save()
        assert (noisy.offset(0) == found[step]).all()
    assert middle is not None
    noisy.load(middle)
    assert (noisy.offset(0) == found[5]).all()


def scenario(*faults: SenseFault, **perception: float) -> Scenario:
    plain = make_scenario(Scene(actors=2))
    return replace(plain, sense_faults=faults, perception=PerceptionChoice("truth", perception))


def scene(step: int) -> WorldState:
    return make_state(Body(20.0 + step, speed=10.0), Body(40.0), Body(60.0, 4.0, speed=8.0), step=step)


def seen(one: Scenario, steps: int = 12, sensors: tuple[str, ...] = ("objects",)) -> list[Observation]:
    senses = Senses(one, sensors, SEED)
    senses.reset(scene(0))
    return [senses.observe(scene(step)) for step in range(steps)]


OFF = SenseFault("gps_drift", 500_000, None, drift_mps=(0.0, 1000.0), limit_m=2.0)
"""Two metres to the left from 0.6 s on."""


def test_everything_in_the_world_is_placed_by_the_believed_pose() -> None:
    true, off = seen(scenario())[8], seen(scenario(OFF))[8]
    shift = np.array([0.0, 2.0, 0.0])
    assert off.rig_pose == pytest.approx(true.rig_pose + np.array([0.0, 2.0, 0.0, 0.0]))
    assert off.tracks.position == pytest.approx(true.tracks.position + shift)
    assert (off.tracks.ids == true.tracks.ids).all()
    assert (off.tracks.velocity == true.tracks.velocity).all()
    assert (off.route_s, off.route_d) == pytest.approx((true.route_s, true.route_d + 2.0))
    assert off.ego is not None and (off.ego.velocity_in_rig == true.ego.velocity_in_rig).all()
    before, true_before = seen(scenario(OFF))[4], seen(scenario())[4]
    assert (before.rig_pose == true_before.rig_pose).all() and before.route_d == true_before.route_d


def test_a_late_list_is_placed_by_what_was_believed_when_it_was_taken() -> None:
    observations = seen(scenario(OFF, delay_s=0.3))
    assert observations[8].rig_pose[1] == pytest.approx(2.0)
    assert sorted(observations[8].tracks.position[:, 1]) == pytest.approx([0.0, 4.0])  # of 0.5 s
    assert sorted(observations[9].tracks.position[:, 1]) == pytest.approx([2.0, 6.0])  # of 0.6 s


def test_the_raster_moves_the_road_and_leaves_the_others() -> None:
    sensors = ("bev", "lidar")
    true = seen(scenario(), sensors=sensors)[11].readings
    off = seen(scenario(OFF), sensors=sensors)[11].readings
    # 2 m to the left are 4 pixels; what stays in the world moves to the right in the picture.
    layers, expected = off["bev"].arrays["layers"], true["bev"].arrays["layers"]
    for layer in range(3):
        assert (layers[layer][:, 4:] == expected[layer][:, :-4]).all(), layer
        assert (layers[layer] != expected[layer]).any(), layer
    assert (layers[3:5] == expected[3:5]).all()
    for name, array in true["lidar"].arrays.items():
        assert (off["lidar"].arrays[name] == array).all(), name


def test_the_true_state_is_left_alone() -> None:
    state = scene(8)
    kept = state.position.copy()
    senses = Senses(scenario(OFF), ("objects", "bev"), SEED)
    senses.reset(state)
    senses.observe(state)
    assert (state.position == kept).all()


def shown(faults: tuple[SenseFault, ...], speeds: list[float]) -> list[float]:
    """What a speedometer shows of these speeds, one a tenth of a second."""
    made = believed_speed(faults)
    assert made is not None
    return [speed + made.error(100_000 * step, speed) for step, speed in enumerate(speeds)]


def test_a_speedometer_shows_what_its_faults_say() -> None:
    speeds = [10.0, 11.0, 12.0, 13.0, 14.0, -2.0]
    assert believed_speed((OFF,)) is None
    high = SenseFault("speedometer", 200_000, 400_000, scale=1.1, bias_mps=-0.5)
    assert shown((high,), speeds) == pytest.approx([10.0, 11.0, 12.7, 13.8, 14.0, -2.0])
    stuck = SenseFault("speedometer", 300_000, 500_000, frozen=True)
    assert shown((stuck,), speeds) == pytest.approx([10.0, 11.0, 12.0, 12.0, 12.0, -2.0])
    # Stuck while it already shows too much: the wrong speed stays.
    assert shown((high, stuck), speeds) == pytest.approx([10.0, 11.0, 12.7, 12.7, 12.7, -2.0])
    from_the_start = SenseFault("speedometer", 0, None, frozen=True)
    assert shown((from_the_start,), speeds) == pytest.approx([10.0] * 6)


def test_a_speedometer_goes_on_from_its_memory() -> None:
    one, other = (believed_speed((SenseFault("speedometer", 100_000, None, frozen=True),)) for _ in range(2))
    assert one is not None and other is not None
    one.error(0, 7.0)
    other.load(one.save())
    assert other.error(100_000, 9.0) == one.error(100_000, 9.0) == pytest.approx(-2.0)
    one.reset()
    assert one.error(100_000, 9.0) == 0.0


def test_who_believes_to_be_faster_takes_all_others_for_faster_too() -> None:
    fast = SenseFault("speedometer", 500_000, None, scale=1.5)
    true, off = seen(scenario()), seen(scenario(fast))
    assert off[4].ego.speed_mps == true[4].ego.speed_mps
    more = 0.5 * true[8].ego.speed_mps
    assert off[8].ego.speed_mps == pytest.approx(1.5 * true[8].ego.speed_mps)
    assert more > 1.0
    # The ego of this scene drives along x: what is measured against it keeps its closing speed.
    assert off[8].tracks.velocity == pytest.approx(true[8].tracks.velocity + np.array([more, 0.0, 0.0]))
    assert (off[8].tracks.position == true[8].tracks.position).all()
    assert (off[8].rig_pose == true[8].rig_pose).all()
    assert (off[8].ego.acceleration_in_rig == true[8].ego.acceleration_in_rig).all()
