"""The tracker: recorded cars, paths of every shape, standing still, and trajectories that cannot be driven."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from proving_ground import Drive, scenario, vehicle
from recorded_tracks import recorded_files
from tracker_ngsim import ACROSS_M, ALONG_M, SHARE, all_results

from alpasim.errors import PolicyInvalidAction
from alpasim.types import EGO, Control, FloatArray, Trajectory, VehicleParameters
from alpasim.vehicle.frames import rig_from_box, rig_poses_from_boxes
from alpasim.vehicle.preview import STEPS, bounded_least_squares, smoothest
from alpasim.vehicle.tracker import Tracker, poses_in_world

SEDAN = vehicle("sedan")
Path = Callable[[FloatArray], FloatArray]


def follow(
    path: Path,
    seconds: float,
    *,
    model: VehicleParameters = SEDAN,
    speed: float,
    pose: tuple[float, float, float] | None = None,
    spacing_s: float = 0.1,
    frame: str = "world",
) -> FloatArray:
    """Errors (n, 2) along and across, in the path's direction, of the box centre driving `path`: times -> box poses (k,
    3)."""
    start = path(np.zeros(1))[0]
    tracker, errors = Tracker(model, 0.1), []
    with Drive(scenario(vehicle_=model, speed=speed, pose=pose or tuple(start.tolist()))) as drive:
        for _ in range(round(seconds / 0.1)):
            state = drive.state
            times = state.time_s + np.arange(0.0, 3.0 + 1e-9, spacing_s)
            rig = rig_poses_from_boxes(path(times), model)
            here = rig_from_box(state.position[EGO], float(state.yaw[EGO]), model)
            if frame == "rig":
                cos, sin = math.cos(here[3]), math.sin(here[3])
                moved = rig[:, :2] - here[:2]
                rig = np.stack(
                    (cos * moved[:, 0] + sin * moved[:, 1], cos * moved[:, 1] - sin * moved[:, 0], rig[:, 2] - here[3]),
                    axis=1,
                )
            trajectory = Trajectory(np.round(times * 1e6).astype(np.int64), rig, frame)  # type: ignore[arg-type]
            state = drive.step(tracker.control(trajectory, here, state.ego, state.time_us))
            wanted = path(np.array([state.time_s]))[0]
            error = state.position[EGO, :2] - wanted[:2]
            cos, sin = math.cos(wanted[2]), math.sin(wanted[2])
            errors.append((cos * error[0] + sin * error[1], cos * error[1] - sin * error[0]))
    return np.array(errors)


def straight(speed: float) -> Path:
    return lambda times: np.stack((speed * times, 0.0 * times, 0.0 * times), axis=1)


def circle(speed: float, radius: float) -> Path:
    def path(times: FloatArray) -> FloatArray:
        turn = speed * times / radius
        return np.stack((radius * np.sin(turn), radius * (1.0 - np.cos(turn)), turn), axis=1)

    return path


def lane_change(speed: float, over_s: float) -> Path:
    def path(times: FloatArray) -> FloatArray:
        share = np.clip((times - 1.0) / over_s, 0.0, 1.0)
        y = 3.5 * (10 * share**3 - 15 * share**4 + 6 * share**5)
        slope = 3.5 * 30 * (share**2 - 2 * share**3 + share**4) / over_s / speed
        return np.stack((speed * times, y, np.arctan(slope)), axis=1)

    return path


def stop_and_go(times: FloatArray) -> FloatArray:
    """Stand 1 s, accelerate at 2 m/s^2 to 10 m/s, drive 3 s, brake at 3 m/s^2, stand."""
    t = times - 1.0
    x = np.where(t < 0.0, 0.0, t**2)
    x = np.where(t > 5.0, 25.0 + 10.0 * (t - 5.0), x)
    late = np.clip(t - 8.0, 0.0, 10.0 / 3.0)
    x = np.where(t > 8.0, 55.0 + 10.0 * late - 1.5 * late**2, x)
    return np.stack((x, 0.0 * x, 0.0 * x), axis=1)


@pytest.mark.parametrize("name", ["sedan", "small_car", "suv", "van"])
@pytest.mark.parametrize("speed", [1.0, 3.0, 8.0, 15.0, 25.0, 35.0])
def test_a_metre_beside_its_path_the_vehicle_returns_and_stays(name: str, speed: float) -> None:
    errors = follow(straight(speed), 10.0, model=vehicle(name), speed=speed, pose=(0.0, 1.0, 0.0))
    assert errors[:, 1].min() > -0.2
    assert np.abs(errors[-5:, 1]).max() < 0.05
    assert np.abs(errors[:, 0]).max() < 0.2
    if speed > 2.0:
        assert np.abs(errors[50:, 1]).max() < 0.02


@pytest.mark.parametrize(("speed", "radius"), [(2.0, 6.0), (5.0, 8.0), (10.0, 25.0), (20.0, 120.0), (30.0, 250.0)])
@pytest.mark.parametrize("frame", ["world", "rig"])
@pytest.mark.parametrize("spacing_s", [0.1, 0.5])
def test_circles_of_any_size_are_driven(speed: float, radius: float, frame: str, spacing_s: float) -> None:
    errors = follow(circle(speed, radius), 6.0, speed=speed, frame=frame, spacing_s=spacing_s)
    # Poses half a second apart make a polygon of the circle, whose sides lie inside it by up to this much.
    inside = radius * (1.0 - math.cos(0.5 * speed * spacing_s / radius))
    assert np.abs(errors[30:, 1]).max() < 0.1 + inside
    assert np.abs(errors[:, 0]).max() < 0.5 + inside


@pytest.mark.parametrize(("speed", "over_s"), [(10.0, 3.0), (20.0, 3.0), (33.0, 3.5)])
def test_a_lane_change_is_driven_within_two_decimetres(speed: float, over_s: float) -> None:
    errors = follow(lane_change(speed, over_s), 7.0, speed=speed)
    assert np.abs(errors[:, 1]).max() < 0.2
    assert np.abs(errors[-5:, 1]).max() < 0.03


def test_starting_and_stopping_follow_the_clock_and_end_at_rest() -> None:
    errors = follow(stop_and_go, 20.0, speed=0.0)
    assert np.abs(errors[:, 0]).max() < 0.1
    assert np.ptp(errors[-30:, 0]) < 1e-3


def test_without_a_place_to_go_the_vehicle_stands_with_its_wheels_still() -> None:
    jitter = np.random.default_rng(5)

    def noisy(times: FloatArray) -> FloatArray:
        shape = len(times)
        return np.stack(
            (jitter.normal(0.0, 0.03, shape), jitter.normal(0.0, 0.03, shape), jitter.normal(0.0, 0.02, shape)), axis=1
        )

    tracker = Tracker(SEDAN, 0.1)
    with Drive(scenario()) as drive:
        for _ in range(50):
            state = drive.state
            times = state.time_s + np.arange(0.0, 3.01, 0.1)
            trajectory = Trajectory(np.round(times * 1e6).astype(np.int64), rig_poses_from_boxes(noisy(times), SEDAN))
            here = rig_from_box(state.position[EGO], float(state.yaw[EGO]), SEDAN)
            drive.step(tracker.control(trajectory, here, state.ego, state.time_us))
        assert np.abs(drive.state.position[EGO, :2]).max() < 0.1
        assert abs(drive.state.ego.steering_angle_rad) < 0.05


def test_a_trajectory_that_has_ended_is_held_at_its_end() -> None:
    times = np.arange(0.0, 4.01, 0.1)
    x = np.where(times < 2.0, 8.0 * times - 2.0 * times**2, 8.0)
    poses = rig_poses_from_boxes(np.stack((x, 0.0 * x, 0.0 * x), axis=1), SEDAN)
    trajectory = Trajectory(np.round(times * 1e6).astype(np.int64), poses)
    tracker = Tracker(SEDAN, 0.1)
    with Drive(scenario(speed=8.0)) as drive:
        for _ in range(150):
            state = drive.state
            here = rig_from_box(state.position[EGO], float(state.yaw[EGO]), SEDAN)
            drive.step(tracker.control(trajectory, here, state.ego, state.time_us))
        assert drive.state.position[EGO, 0] == pytest.approx(8.0, abs=0.3)
        assert np.abs(drive.state.velocity[EGO]).max() < 1e-6


def test_taking_over_from_another_driver_is_smooth() -> None:
    tracker, path = Tracker(SEDAN, 0.1), straight(15.0)
    with Drive(scenario(speed=15.0)) as drive:
        drive.run(1.0, Control(0.05, 0.1))
        state = drive.state
        times = state.time_s + np.arange(0.0, 3.01, 0.1)
        ahead = path(times) - path(times[:1]) + [*state.position[EGO, :2], 0.0]
        trajectory = Trajectory(np.round(times * 1e6).astype(np.int64), rig_poses_from_boxes(ahead, SEDAN))
        here = rig_from_box(state.position[EGO], float(state.yaw[EGO]), SEDAN)
        found = tracker.control(trajectory, here, state.ego, state.time_us)
        assert abs(found.steer - state.ego.steering_angle_rad / SEDAN.max_steering_angle_rad) < 0.25


def times_and_poses(count: int = 5) -> tuple[Any, Any]:
    return np.arange(count, dtype=np.int64) * 100_000, np.zeros((count, 3)) + np.arange(count)[:, None] * [
        1.0,
        0.0,
        0.0,
    ]


def changed(array: Any, place: Any, value: Any) -> Any:
    array = array.copy()
    array[place] = value
    return array


TIMES, POSES = times_and_poses()


@pytest.mark.parametrize(
    ("times", "poses", "said"),
    [
        (TIMES[:1], POSES[:1], "at least 2 poses"),
        (TIMES[:0], POSES[:0], "at least 2 poses"),
        (changed(TIMES, 3, 200_000), POSES, r"times_us\[3\]"),
        (changed(TIMES, 3, -5), POSES, r"times_us\[3\]"),
        (TIMES.astype(float), POSES, "integers"),
        (TIMES[:4], POSES, r"shape \(4, 3\)"),
        (TIMES, POSES[:, :2], r"shape \(5, 3\)"),
        (TIMES, changed(POSES, (2, 1), np.nan), r"poses\[2\]"),
        (TIMES, changed(POSES, (4, 0), np.inf), r"poses\[4\]"),
        (TIMES, changed(POSES, (1, 0), 1e12), r"poses\[1\]"),
        (TIMES, [["a", "b", "c"]] * 5, "arrays of numbers"),
        ([[0, 1], [2, 3]], POSES, r"shape \(2, 2\)"),
        (TIMES.astype(np.uint64)[::-1], POSES, r"times_us\[1\]"),
    ],
)
def test_a_trajectory_that_cannot_be_driven_is_refused_with_its_fault(times: Any, poses: Any, said: str) -> None:
    with Drive(scenario()) as drive, pytest.raises(PolicyInvalidAction, match=said):
        Tracker(SEDAN, 0.1).control(Trajectory(times, poses), np.zeros(4), drive.state.ego, 0)


def test_a_frame_that_does_not_exist_is_refused() -> None:
    with Drive(scenario()) as drive, pytest.raises(PolicyInvalidAction, match="'world' or 'rig', found 'body'"):
        trajectory = Trajectory(TIMES, POSES, "body")  # type: ignore[arg-type]
        Tracker(SEDAN, 0.1).control(trajectory, np.zeros(4), drive.state.ego, 0)


def test_any_trajectory_of_numbers_gives_a_control_within_its_limits() -> None:
    wild = np.random.default_rng(3)
    tracker = Tracker(SEDAN, 0.1)
    with Drive(scenario(speed=12.0)) as drive:
        for k in range(60):
            count = int(wild.integers(2, 40))
            times = np.cumsum(wild.integers(1, 10 ** int(wild.integers(1, 7)), count)) + int(
                wild.integers(-3_000_000, 3_000_000)
            )
            poses = wild.normal(0.0, 10.0 ** wild.uniform(-3, 6), (count, 3)).clip(-1e7, 1e7)
            control = tracker.control(Trajectory(times, poses), np.zeros(4), drive.state.ego, 100_000 * k)
            assert -1.0 <= control.steer <= 1.0
            assert -1.0 <= control.pedal <= 1.0


def test_poses_in_the_rig_are_turned_and_moved() -> None:
    found = poses_in_world(np.array([[2.0, 1.0, 0.5]]), np.array([10.0, 20.0, 0.0, math.pi / 2]))
    assert found[0] == pytest.approx([9.0, 22.0, 0.5 + math.pi / 2])


def test_the_smoothest_command_solves_its_least_squares() -> None:
    chance = np.random.default_rng(11)
    for _ in range(50):
        count, weight, command = (
            int(chance.integers(1, STEPS + 1)),
            float(chance.uniform(0.01, 2.0)),
            float(chance.normal()),
        )
        places, free = chance.normal(size=STEPS + 1), chance.normal(size=STEPS + 1)
        answer = np.concatenate(([0.0], np.cumsum(chance.uniform(0.1, 1.0, STEPS))))
        rows = [[answer[k + 1 - j] - answer[k - j] if j <= k else 0.0 for j in range(count)] for k in range(count)]
        changes = weight * (np.eye(count) - np.eye(count, k=-1))
        right = np.concatenate((places[1 : count + 1] - free[1 : count + 1], np.zeros(count)))
        expected = command + np.linalg.lstsq(np.vstack((rows, changes)), right, rcond=None)[0][0]
        found = smoothest(places, free, answer, count, command, weight, -1e9, 1e9)
        assert found == pytest.approx(expected, abs=1e-7)
        assert smoothest(places, free, answer, count, command, weight, -0.1, 0.1) == pytest.approx(0.0, abs=0.1 + 1e-9)


def test_bounds_that_are_met_hold_and_the_rest_is_solved_again() -> None:
    normal = np.array([[2.0, 1.0], [1.0, 2.0]])
    # Free: x = (0, 3). With x2 held at 1: 2 x1 + 1 = 3.
    assert bounded_least_squares(normal, np.array([3.0, 6.0]), -10.0, 10.0) == pytest.approx(0.0, abs=1e-12)
    assert bounded_least_squares(normal, np.array([3.0, 6.0]), -1.0, 1.0) == pytest.approx(1.0)


@pytest.mark.skipif(
    not recorded_files(), reason="no recorded files: set ALPASIM_DATA to the folder that holds commonroad/"
)
def test_recorded_cars_that_the_vehicle_can_follow_are_followed() -> None:
    results = all_results(SEDAN)
    strayed = [
        (result.car.file, result.car.car_id, round(result.across_m, 2), round(result.along_m, 2))
        for result in results
        if not result.reason and (result.across_m > ACROSS_M or result.along_m > ALONG_M)
    ]
    assert strayed == []
    assert sum(result.good for result in results) >= SHARE * len(results)
