"""Driving backwards: paths of a kinematic single-track vehicle, changes of gear, and what is no reversing at all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from proving_ground import Drive, scenario, vehicle

from alpasim.types import EGO, Control, EgoState, FloatArray, Trajectory, VehicleParameters
from alpasim.vehicle.frames import box_from_rig, rig_from_box
from alpasim.vehicle.reversing import LEAST_LEG_M, moved_along, present_leg, rolled_distance
from alpasim.vehicle.tracker import Tracker

SEDAN = vehicle("sedan")
Leg = tuple[int, Sequence[tuple[float, float]]]
"""Direction of travel, and pieces of (length [m], curvature [1/m])."""
FINE_S = 0.02


def manoeuvre(model: VehicleParameters, legs: Sequence[Leg], speed: float) -> tuple[FloatArray, FloatArray]:
    """Times and rig poses of a single-track vehicle that rolls where its wheels point: from rest to rest in each leg, the
    wheels turned at 70 % of what they can, at rest between the legs."""
    base, rate = model.wheelbase_m, 0.7 * model.max_steering_rate_radps
    pose, angle = (0.0, 0.0, 0.0), 0.0
    poses = [pose] * round(1.0 / FINE_S)
    for direction, pieces in legs:
        first = math.atan(pieces[0][1] * base)
        poses += [pose] * round((1.5 + abs(first - angle) / rate) / FINE_S)
        angle, done, pace = first, 0.0, 0.0
        ends = np.cumsum([length for length, _ in pieces])
        while done < ends[-1] - 1e-4:
            pace = min(speed, pace + 0.6 * FINE_S, max(math.sqrt(1.2 * (ends[-1] - done)), 0.01))
            piece = min(int(np.searchsorted(ends, done, side="right")), len(pieces) - 1)
            wanted = math.atan(pieces[piece][1] * base)
            angle += max(-rate * FINE_S, min(rate * FINE_S, wanted - angle))
            x, y, yaw = pose
            step = direction * pace * FINE_S
            turn = step * math.tan(angle) / base
            pose = (x + step * math.cos(yaw + 0.5 * turn), y + step * math.sin(yaw + 0.5 * turn), yaw + turn)
            done += abs(step)
            poses.append(pose)
    poses += [pose] * round(1.5 / FINE_S)
    return np.arange(len(poses), dtype=np.float64) * FINE_S, np.array(poses, dtype=np.float64)


@dataclass(slots=True)
class Driven:
    """What a drive came to: errors (n, 3) of the rig along, across [m] and in heading [rad], controls and ego states."""

    errors: list[tuple[float, float, float]] = field(default_factory=list)
    controls: list[Control] = field(default_factory=list)
    egos: list[EgoState] = field(default_factory=list)


def follow(
    times: FloatArray,
    poses: FloatArray,
    model: VehicleParameters = SEDAN,
    *,
    spacing_s: float = 0.1,
    ahead_s: float = 4.0,
    speed: float = 0.0,
    rest_s: float = 2.0,
) -> Driven:
    """Drive along rig poses (n, 3), handed over `ahead_s` at a time."""

    def at(moments: FloatArray) -> FloatArray:
        return np.stack([np.interp(moments, times, poses[:, axis]) for axis in range(3)], axis=1)

    centre, yaw = box_from_rig(np.array([poses[0, 0], poses[0, 1], 0.0, poses[0, 2]]), model)
    tracker, driven = Tracker(model, 0.1), Driven()
    with Drive(scenario(vehicle_=model, speed=speed, pose=(float(centre[0]), float(centre[1]), yaw))) as drive:
        here = rig_from_box(drive.state.position[EGO], float(drive.state.yaw[EGO]), model)
        for _ in range(round((times[-1] + rest_s) / 0.1)):
            state = drive.state
            ahead = math.floor(state.time_s / spacing_s) * spacing_s + np.arange(0.0, ahead_s + 1e-9, spacing_s)
            trajectory = Trajectory(np.round(ahead * 1e6).astype(np.int64), at(ahead))
            control = tracker.control(trajectory, here, state.ego, state.time_us)
            state = drive.step(control)
            here = rig_from_box(state.position[EGO], float(state.yaw[EGO]), model)
            wanted = at(np.array([state.time_s]))[0]
            (dx, dy), cos, sin = here[:2] - wanted[:2], math.cos(wanted[2]), math.sin(wanted[2])
            turned = math.remainder(float(here[3] - wanted[2]), math.tau)
            driven.errors.append((cos * dx + sin * dy, cos * dy - sin * dx, turned))
            driven.controls.append(control)
            driven.egos.append(state.ego)
    return driven


def sharpest(model: VehicleParameters) -> float:
    """80 % of the largest curvature [1/m]."""
    return 0.8 * math.tan(model.max_steering_angle_rad) / model.wheelbase_m


def legs_of(name: str, model: VehicleParameters) -> list[Leg]:
    """A manoeuvre by name, as wide as the vehicle needs."""
    bend = sharpest(model)
    radius = 1.0 / bend
    if name == "arc":
        return [(-1, [(3.0, 0.0), (1.5 * radius, bend), (4.0, 0.0)])]
    if name == "s_shape":
        return [(-1, [(3.0, 0.0), (1.2 * radius, bend), (2.0, 0.0), (1.2 * radius, -bend), (4.0, 0.0)])]
    if name == "parallel_parking":
        gentle = 0.6 * bend
        arc = math.acos(1.0 - 0.5 * (model.width_m + 0.5) * gentle) / gentle
        return [(1, [(6.0, 0.0)]), (-1, [(2.0, 0.0), (arc, -gentle), (arc, gentle), (2.0, 0.0)]), (1, [(1.0, 0.0)])]
    return [(1, [(2.0, 0.0), (radius, bend)]), (-1, [(radius, -bend)]), (1, [(1.14 * radius, bend), (5.0, 0.0)])]


@pytest.mark.parametrize("speed", [1.0, 2.0])
@pytest.mark.parametrize("name", ["arc", "s_shape", "parallel_parking", "three_point_turn"])
@pytest.mark.parametrize("model_name", ["sedan", "van", "city_bus"])
def test_kinematic_paths_backwards_are_driven_within_three_decimetres(model_name: str, name: str, speed: float) -> None:
    model = vehicle(model_name)
    times, poses = manoeuvre(model, legs_of(name, model), speed)
    driven = follow(times, poses, model, spacing_s=0.5 if speed > 1.0 else 0.1)
    errors = np.abs(driven.errors)
    assert errors[:, :2].max() < 0.3
    assert errors[-1, :2].max() < 0.1 and errors[-1, 2] < math.radians(4.0)
    assert abs(driven.egos[-1].speed_mps) < 1e-3
    backwards = sum(control.reverse and control.pedal > 0.0 for control in driven.controls)
    assert backwards > 10, "it drove in reverse"


def test_a_slow_plan_over_many_seconds_is_held_as_well() -> None:
    """At 0.2 m/s what the tracker looks at ends before the bend does."""
    times, poses = manoeuvre(SEDAN, [(-1, [(1.0, 0.0), (5.0, sharpest(SEDAN)), (1.0, 0.0)])], 0.2)
    errors = np.abs(follow(times, poses, ahead_s=20.0).errors)
    assert errors[:, :2].max() < 0.05
    assert errors[:, 2].max() < math.radians(3.0)


def test_a_three_point_turn_turns_the_car_round_in_three_moves() -> None:
    times, poses = manoeuvre(SEDAN, legs_of("three_point_turn", SEDAN), 1.0)
    driven = follow(times, poses)
    signs = [math.copysign(1.0, ego.speed_mps) for ego in driven.egos if abs(ego.speed_mps) > 0.3]
    assert [sign for k, sign in enumerate(signs) if k == 0 or sign != signs[k - 1]] == [1.0, -1.0, 1.0]


def test_a_corner_in_time_is_rounded_by_stopping_first() -> None:
    """Forward at 2 m/s and at once backwards at 2 m/s is what no vehicle can; it never drives against its motion."""
    times = np.arange(0.0, 12.01, 0.1)
    x = 2.0 * np.minimum(times, 5.0) - 2.0 * np.clip(times - 5.0, 0.0, 5.0)
    driven = follow(times, np.stack((x, 0.0 * x, 0.0 * x), axis=1), speed=2.0)
    for before, control in zip(driven.egos[:-1], driven.controls[1:], strict=True):
        against = -before.speed_mps if not control.reverse else before.speed_mps
        assert control.pedal <= 0.0 or against < 0.5
    assert np.abs(driven.errors[-1]).max() < 0.1


def test_told_to_reverse_at_speed_the_vehicle_brakes_to_a_halt_first() -> None:
    times = np.arange(0.0, 30.0, 0.1)
    x = -1.0 * times
    driven = follow(times, np.stack((x, 0.0 * x, 0.0 * x), axis=1), speed=12.0)
    fast = [k for k, ego in enumerate(driven.egos[:-1]) if ego.speed_mps > 0.5]
    assert len(fast) > 20
    assert all(driven.controls[k + 1].pedal < 0.0 and not driven.controls[k + 1].reverse for k in fast)
    assert min(ego.speed_mps for ego in driven.egos) < -0.9
    assert all(-3.6 < driven.egos[k].acceleration_in_rig[0] < -2.0 for k in fast[10:])


def poses_along(x: Sequence[float], yaw: float = 0.0) -> tuple[np.ndarray, FloatArray]:
    """A pose every 0.1 s at places along the x axis."""
    times = 100_000 * np.arange(len(x), dtype=np.int64)
    return times, np.stack((np.array(x, float), np.zeros(len(x)), np.full(len(x), yaw)), axis=1)


@pytest.mark.parametrize(
    ("x", "yaw", "now_us", "backing", "leg"),
    [
        ([0.0, 1.0, 2.0, 3.0], 0.0, 0, False, (0, 3, False)),
        ([0.0, -1.0, -2.0, -3.0], 0.0, 0, False, (0, 3, True)),
        ([0.0, 1.0, 2.0, 1.0, 0.0], 0.0, 0, False, (0, 2, False)),
        ([0.0, 1.0, 2.0, 1.0, 0.0], 0.0, 200_000, False, (2, 4, True)),
        ([0.0, -1.0, -2.0, -1.0, 0.0], 0.0, 100_000, False, (0, 2, True)),
        ([0.0, -1.0, -2.0, -1.0, 0.0], 0.0, 300_000, True, (2, 4, False)),
        ([0.0, 0.1, 0.2, -1.0, -2.0], 0.0, 0, False, (0, 2, False)),
        ([0.0, 0.1, 0.2, -1.0, -2.0], 0.0, 250_000, False, (2, 4, True)),
        ([0.0, 0.05, -0.1, 0.1, -0.05], 0.0, 0, False, (0, 4, False)),
        ([0.0, -0.05, -0.1, -0.15, -0.2], 0.0, 0, False, (0, 4, False)),
        ([0.0, -0.05, -0.1, -0.15, -0.2], 0.0, 0, True, (0, 4, True)),
        ([0.0, 1.0, 2.0, 1.0, 0.0], math.pi, 0, False, (0, 4, False)),
    ],
    ids=[
        "forward",
        "backwards",
        "there, before the turn",
        "and back",
        "back, before the turn",
        "and there",
        "a little forward first",
        "and then back",
        "jitter",
        "back by less than a leg",
        "back by the last of a leg",
        "headings of something else",
    ],
)
def test_a_trajectory_is_cut_where_its_direction_changes(
    x: list[float], yaw: float, now_us: int, backing: bool, leg: tuple[int, int, bool]
) -> None:
    times, poses = poses_along(x, yaw)
    assert present_leg(times, poses, now_us, now_us - 500_000, now_us + 4_000_000, 0.0, backing) == leg


def test_what_comes_later_than_the_tracker_looks_does_not_cut_a_trajectory() -> None:
    times, poses = poses_along([*range(30), *range(30, 0, -1)])
    assert present_leg(times, poses, 0, -500_000, 2_000_000, 0.0, False) == (0, 59, False)
    assert present_leg(times, poses, 0, -500_000, 4_000_000, 0.0, False) == (0, 30, False)
    assert present_leg(times, poses, 5_000_000, 4_500_000, 9_000_000, 0.0, True) == (0, 59, True)


def test_moving_sideways_is_neither_forward_nor_backwards() -> None:
    poses = np.array([[0.0, 0.0, 0.0], [-0.3, 1.0, 0.0], [0.3, 2.0, 0.0], [-0.7, 2.1, 0.0]])
    assert moved_along(poses, 1) == 0.0
    assert moved_along(poses, 2) == pytest.approx(0.6)
    assert moved_along(poses, 3) == pytest.approx(-1.0)
    assert LEAST_LEG_M < 1.0


@pytest.mark.parametrize("angle", [-0.3, 0.2])
def test_the_model_of_reversing_is_a_circle_s_offset(angle: float) -> None:
    """Wheels that stand at an angle lead the rear axle along a circle: s^2 / 2R aside after s, to second order."""
    places = np.zeros(16)
    rolled_distance(1.0, 2.7, 0.1, math.tan(angle), math.tan(angle), 0.1, places)
    s = 0.1 * np.arange(16)
    assert places == pytest.approx(0.5 * s**2 * math.tan(angle) / 2.7, abs=0.01 * 1.5 * abs(math.tan(angle)) / 2.7)


@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(2, 60),
    now_us=st.integers(-1_000_000, 7_000_000),
    speed=st.floats(-8.0, 30.0),
    reverse=st.booleans(),
)
def test_any_trajectory_is_cut_into_a_piece_and_answered_with_a_control(
    seed: int, count: int, now_us: int, speed: float, reverse: bool
) -> None:
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.integers(1, 400_000, count))
    steps = rng.normal(size=(count, 3)) * rng.choice([0.01, 0.3, 3.0]) * (1.0, rng.choice([0.0, 0.1, 1.0]), 0.3)
    poses = np.cumsum(steps, axis=0)
    backing = speed < -0.15
    first, last, backwards = present_leg(times, poses, now_us, now_us - 500_000, now_us + 4_000_000, 0.0, backing)
    assert 0 <= first < last < count
    assert isinstance(backwards, bool)
    ego = EgoState(
        np.array([speed, 0.0, 0.0]), np.zeros(3), 0.0, 0.1, 0.2, np.full(4, 4000.0), np.zeros(4, np.bool_), reverse
    )
    control = Tracker(SEDAN, 0.1).control(Trajectory(times, poses), np.zeros(4), ego, now_us)
    assert -1.0 <= control.steer <= 1.0 and -1.0 <= control.pedal <= 1.0
    if control.reverse != backwards:
        assert control.pedal < 0.0, "it changes gear only after braking"
