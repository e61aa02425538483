"""The drivers that a scenario is measured against: blind, always braking, and the recording."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from alpasim_policies.always_brake import AlwaysBrake
from alpasim_policies.constant_speed import ConstantSpeed
from alpasim_policies.replay_actor import ReplayActor, continued
from driver_scenes import bend, brief, car, drive, observe, straight

from alpasim.errors import PolicyRaised
from alpasim.policy.checks import checked_decision
from alpasim.types import Trajectory


def test_constant_speed_keeps_its_first_speed_round_a_bend_and_through_others() -> None:
    route = bend(60.0)
    done = drive(ConstantSpeed(), route, 12.0, [car(100.0, 0.0)], seconds=25.0)
    assert np.ptp(done.speed) < 0.05
    rig = np.column_stack([done.x, done.y])
    off = [np.hypot(*(route.centre - point).T).min() for point in rig]
    assert max(off) < 0.6  # half the sampling of the route's line
    assert min(done.gap) == 0.0


def test_constant_speed_comes_back_to_the_middle_when_it_has_been_pushed_off() -> None:
    policy = ConstantSpeed()
    policy.reset(brief(straight()))
    plan = policy.decide(observe(straight(), (40.0, 1.5, 0.2), 10.0)).trajectory
    assert plan is not None and np.abs(plan.poses[:, 1]).max() < 1e-9


def test_constant_speed_remembers_its_speed() -> None:
    first, second = ConstantSpeed(), ConstantSpeed()
    first.reset(brief(straight()))
    first.decide(observe(straight(), (20.0, 0.0, 0.0), 17.0))
    second.reset(brief(straight()))
    second.load(json.loads(json.dumps(first.save())))
    now = observe(straight(), (40.0, 0.0, 0.0), 9.0, step=9)
    assert str(first.decide(now)) == str(second.decide(now))


def test_always_brake_brakes_and_steers_along_the_route() -> None:
    policy = AlwaysBrake()
    policy.reset(brief(straight()))
    for y, sign in ((1.0, -1.0), (-1.0, 1.0), (0.0, 0.0)):
        control = policy.decide(observe(straight(), (40.0, y, 0.0), 10.0)).control
        assert control is not None and control.pedal == -1.0
        assert np.sign(round(control.steer, 6)) == sign and abs(control.steer) <= 1.0


def recording(step_s: float = 0.1, count: int = 30) -> Trajectory:
    times = (np.arange(count) * step_s * 1e6).astype(np.int64)
    poses = np.column_stack([20.0 + 10.0 * times * 1e-6, np.zeros(count), np.zeros(count)])
    return Trajectory(times, poses)


def test_replay_drives_the_recording_and_goes_on_straight_behind_its_end() -> None:
    policy = ReplayActor()
    path = recording()
    policy.reset(replace(brief(straight()), reference_path=path))
    for step in (0, 10, 28, 29, 60, 500):
        now = observe(straight(), (20.0 + step, 0.0, 0.0), 10.0, step=step)
        plan = checked_decision(policy.decide(now), now).trajectory
        assert plan is not None
        assert plan.times_us[0] <= now.time_us < plan.times_us[-1]
        x = np.interp(now.time_us, plan.times_us, plan.poses[:, 0])
        assert x == pytest.approx(20.0 + step, abs=1e-6)


def test_a_longer_recording_is_left_as_it_is() -> None:
    path = recording()
    assert continued(path, 1_000_000) is path


def test_replay_without_a_recording_says_what_to_do() -> None:
    with pytest.raises(PolicyRaised, match="this scenario has none; import one with its recording"):
        ReplayActor().reset(brief(straight()))
