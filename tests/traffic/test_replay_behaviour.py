"""Replay against the recording itself and against motions with a closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
from traffic_scenes import actor, drive, motorway, scenario, start

from alpasim.errors import InputError
from alpasim.scenario.concrete import ActorSpec, Track
from alpasim.traffic.replay import ReplayOptions, track_table
from alpasim.types import FloatArray, IntArray


def recorded(name: str, times_us: IntArray, poses: FloatArray) -> ActorSpec:
    track = Track(times_us, poses, np.zeros(len(times_us)))
    return actor(name, poses[0], 0.0, "replay", track=track, options=ReplayOptions(id=name))


def wander(seed: int, count: int) -> FloatArray:
    rng = np.random.default_rng(seed)
    steps = rng.normal([2.0, 0.0, 0.3], [0.5, 0.5, 0.5], (count, 3))
    poses = np.cumsum(steps, axis=0)
    poses[:, 2] = np.angle(np.exp(1j * poses[:, 2]))
    return poses


def test_poses_at_the_time_stamps_are_the_recorded_ones_to_the_bit() -> None:
    times = np.arange(3, 40, dtype=np.int64) * 100_000
    poses = wander(1, len(times))
    states = drive(scenario(motorway(), [recorded("a", times, poses)]), 60)
    for i, time in enumerate(times):
        state = states[int(time) // 100_000]
        np.testing.assert_array_equal(state.position[1, :2], poses[i, :2])
        assert state.yaw[1] == poses[i, 2]


def test_it_is_there_from_the_first_to_the_last_time_stamp_and_no_longer() -> None:
    early = np.array([0, 500_000, 1_000_000], dtype=np.int64)
    late = np.array([730_000, 1_100_000, 1_450_000], dtype=np.int64)
    actors = [recorded("early", early, wander(2, 3)), recorded("late", late, wander(3, 3))]
    states = drive(scenario(motorway(), actors), 40)
    assert [s.step for s in states if s.present[1]] == list(range(11))
    assert [s.step for s in states if s.present[2]] == list(range(8, 15))


def test_between_time_stamps_it_goes_straight_and_turns_the_short_way() -> None:
    times = np.array([0, 400_000], dtype=np.int64)
    poses = np.array([[0.0, 0.0, 3.0], [4.0, 2.0, -3.0]])
    table = track_table(Track(times, poses, np.zeros(2)), np.array([100_000, 200_000], dtype=np.int64))
    np.testing.assert_allclose(table[:, :2], [[1.0, 0.5], [2.0, 1.0]])
    short = 2 * math.pi - 6.0
    assert table[0, 2] == pytest.approx(3.0 + 0.25 * short)
    assert abs(table[1, 2]) == pytest.approx(math.pi)
    np.testing.assert_allclose(table[:, 3:6], np.tile([10.0, 5.0, short / 0.4], (2, 1)))


@pytest.mark.parametrize("stamp_us", [40_000, 100_000, 200_000])
def test_velocity_and_yaw_rate_of_a_recorded_circle(stamp_us: int) -> None:
    """A car on a circle of 30 m at 12 m/s: velocity along its heading, yaw rate v / r."""
    times = np.arange(0, 5_000_001, stamp_us, dtype=np.int64)
    angle = 12.0 / 30.0 * times * 1e-6
    poses = np.column_stack((30 * np.cos(angle), 30 * np.sin(angle), angle + math.pi / 2))
    states = drive(scenario(motorway(), [recorded("a", times, poses)]), 45)
    for state in states[5:40]:
        heading = math.pi / 2 + 0.4 * state.time_s
        np.testing.assert_allclose(state.velocity[1, :2], [12 * math.cos(heading), 12 * math.sin(heading)], atol=0.03)
        assert state.angular_velocity[1, 2] == pytest.approx(0.4, rel=1e-3)


def test_a_single_time_stamp_is_one_step_long() -> None:
    times = np.array([200_000], dtype=np.int64)
    states = drive(scenario(motorway(), [recorded("a", times, np.array([[5.0, 6.0, 1.0]]))]), 10)
    assert [s.step for s in states if s.present[1]] == [2]
    np.testing.assert_array_equal(states[2].position[1, :2], [5.0, 6.0])


def test_replay_without_a_recording_is_refused() -> None:
    with pytest.raises(InputError, match=r"actors\.a: 'replay' needs a recorded track"):
        start(scenario(motorway(), [actor("a", (0, 0, 0), 0.0, "replay")]))
