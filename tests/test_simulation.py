"""The order of a step, how drives end, and that everybody acts on the same state; Bullet is replaced where it only stands by."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import Scene, make_scenario

import alpasim.simulation
from alpasim.errors import InputError, PolicyInvalidAction
from alpasim.scenario.concrete import Goal, Scenario
from alpasim.scenario.loading import load_scenario
from alpasim.simulation import Simulation
from alpasim.types import (
    EGO,
    Bodies,
    Contact,
    Control,
    Decision,
    EgoState,
    EndReason,
    Motion,
    Trajectory,
    WorldState,
    frozen,
)

ANY_FILE = """\
schema: alpasim/scenario@1
title: Any
road: {straight: {lanes: 1, length_m: 100, speed_limit_kph: 50}}
ego: {vehicle: sedan, lane: 1, s_m: 20, speed_kph: 20, goal: {s_m: 80}}
"""


class FakeWorld:
    """Moves the ego straight on at 10 m/s and everybody else where their behaviour wants them; hits what it is told to."""

    hits: tuple[Contact, ...] = ()
    sideways_mps = 0.0

    def __init__(self, scenario: Scenario) -> None:
        self.controls: list[Control] = []

    def reset(self, scenario: Scenario, motion: Motion) -> Bodies:
        x, y, yaw = scenario.ego.pose
        return self._bodies(np.array([x, y, 0.75]), yaw, motion)

    def step(self, state: WorldState, control: Control, motion: Motion) -> Bodies:
        self.controls.append(control)
        ahead = np.array([1.0, 0.1 * self.sideways_mps, 0.0])
        return self._bodies(state.position[EGO] + ahead, float(state.yaw[EGO]), motion)

    def close(self) -> None:
        pass

    def _bodies(self, ego: np.ndarray, yaw: float, motion: Motion) -> Bodies:
        count = motion.position.shape[0]
        position, yaws = motion.position.copy(), motion.yaw.copy()
        position[EGO], yaws[EGO] = ego, yaw
        present = motion.present.copy()
        present[EGO] = True
        rotation = np.zeros((count, 4))
        rotation[:, 2], rotation[:, 3] = np.sin(yaws / 2.0), np.cos(yaws / 2.0)
        velocity = motion.velocity.copy()
        velocity[EGO] = (10.0, self.sideways_mps, 0.0)
        state = EgoState(
            velocity_in_rig=frozen(np.array([10.0, 0.0, 0.0])),
            acceleration_in_rig=frozen(np.zeros(3)),
            yaw_rate_radps=0.0,
            steering_angle_rad=0.0,
            pedal=0.0,
            wheel_load=frozen(np.full(4, 3000.0)),
            wheel_slipping=frozen(np.zeros(4, dtype=np.bool_)),
        )
        return Bodies(
            present,
            np.zeros(count, np.bool_),
            position,
            rotation,
            yaws,
            velocity,
            np.zeros((count, 3)),
            state,
            self.hits,
        )


COAST = Decision(control=Control(0.0, 0.0))


@pytest.fixture(autouse=True)
def without_bullet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alpasim.simulation, "World", FakeWorld)


def simulation(**changes: object) -> Simulation:
    scenario = make_scenario(Scene(actors=2))
    far = Goal(regions=(np.array([[500.0, 500.0], [501.0, 500.0], [501.0, 501.0]]),))
    scenario = replace(scenario, ego=replace(scenario.ego, goal=far), **changes)
    sim = Simulation(scenario)
    sim.reset()
    return sim


def touch(first: int, second: int) -> Contact:
    still = frozen(np.zeros(3))
    return Contact(
        first, second, 100.0, still, frozen(np.array([1.0, 0.0, 0.0])), 3.0, 4, "rear", "front", still, still
    )


def test_time_is_whole_steps_in_whole_microseconds() -> None:
    sim = simulation()
    for number in range(1, 4):
        step = sim.step(COAST)
        assert (step.before.step, step.after.step) == (number - 1, number)
        assert sim.state.time_us == number * sim.scenario.dt_us
    assert step.after is sim.state


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps], ids=lambda one: one.__name__)
def test_a_simulation_is_never_copied(duplicate: Callable[[object], object]) -> None:
    """Two of them would push the bodies of one physics client, each wrong from then on."""
    simulation = Simulation(make_scenario())
    simulation.reset()
    with pytest.raises(TypeError, match=r"cannot be copied or pickled: make another one, and restore a snapshot\(\)"):
        duplicate(simulation)
    simulation.close()


def test_every_array_of_the_state_is_read_only() -> None:
    sim = simulation()
    sim.step(COAST)
    for name in (
        "present",
        "struck",
        "position",
        "rotation",
        "yaw",
        "velocity",
        "angular_velocity",
        "signals",
        "extent",
    ):
        assert not getattr(sim.state, name).flags.writeable, name


def test_the_state_before_a_step_does_not_change_under_it() -> None:
    sim = simulation()
    first = sim.state
    kept = first.position.copy()
    sim.step(COAST)
    np.testing.assert_array_equal(first.position, kept)
    assert sim.state.position[EGO, 0] == pytest.approx(kept[EGO, 0] + 1.0)


def test_an_observation_is_sensed_once_a_step() -> None:
    sim = simulation()
    assert sim.observe() is sim.observe()
    before = sim.observe()
    sim.step(COAST)
    assert sim.observe() is not before
    assert sim.observe().step == 1


def test_a_trajectory_reaches_the_world_as_a_control() -> None:
    sim = simulation()
    x, y, _, yaw = sim.observe().rig_pose
    times = np.arange(0, 2_000_001, 100_000)
    poses = np.column_stack([x + 10.0 * times * 1e-6, np.full(times.size, y), np.full(times.size, yaw)])
    step = sim.step(Decision(trajectory=Trajectory(times, poses)))
    assert abs(step.control.steer) < 0.05
    assert -1.0 <= step.control.pedal <= 1.0


@pytest.mark.parametrize("control", [Control(float("nan"), 0.0), Control(0.0, float("inf")), Control("left", 0.0)])
def test_a_control_that_is_no_finite_number_is_refused_before_anything_moves(control: Control) -> None:
    sim = simulation()
    with pytest.raises(PolicyInvalidAction, match="control"):
        sim.step(Decision(control=control))
    assert sim.state.step == 0


def test_pedals_beyond_their_range_are_clipped() -> None:
    sim = simulation()
    assert sim.step(Decision(control=Control(7.0, -9.0))).control == Control(1.0, -1.0)


def test_it_ends_when_the_time_is_up_and_not_a_step_earlier() -> None:
    sim = simulation(time_limit_s=0.5)
    reasons = []
    for _ in range(5):
        sim.step(COAST)
        reasons.append(sim.end_reason)
    assert reasons == [None, None, None, None, EndReason.TIME_LIMIT]
    assert not EndReason.TIME_LIMIT.terminated


def test_it_ends_at_the_goal() -> None:
    scenario = make_scenario(Scene(actors=2))
    x, y, _ = scenario.ego.pose
    region = np.array([[x + 2.5, y - 2.0], [x + 9.0, y - 2.0], [x + 9.0, y + 2.0], [x + 2.5, y + 2.0]])
    sim = Simulation(replace(scenario, ego=replace(scenario.ego, goal=Goal(regions=(region,)))))
    sim.reset()
    steps = 0
    while sim.end_reason is None:
        sim.step(COAST)
        steps += 1
    assert (sim.end_reason, steps) == (EndReason.GOAL_REACHED, 3)


def test_it_ends_when_the_ego_is_touched_but_not_when_others_are(monkeypatch: pytest.MonkeyPatch) -> None:
    sim = simulation()
    monkeypatch.setattr(FakeWorld, "hits", (touch(1, 2),))
    sim.step(COAST)
    assert sim.end_reason is None
    monkeypatch.setattr(FakeWorld, "hits", (touch(1, 2), touch(EGO, 1)))
    sim.step(COAST)
    assert sim.end_reason is EndReason.COLLISION


def test_it_ends_when_the_ego_has_left_the_road(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeWorld, "sideways_mps", -20.0)
    sim = simulation()
    while sim.end_reason is None:
        sim.step(COAST)
    assert sim.end_reason is EndReason.OFF_ROAD
    assert -7.0 < sim.scenario.road.edge_distance(sim.state.position[:1, :2])[0] < -5.0


@pytest.mark.parametrize("off_road_m", [0.0, 1.0, 9.0])
def test_a_scenario_says_how_far_off_the_road_ends_it(monkeypatch: pytest.MonkeyPatch, off_road_m: float) -> None:
    monkeypatch.setattr(FakeWorld, "sideways_mps", -5.0)
    sim = simulation(off_road_m=off_road_m, time_limit_s=100.0)
    edges = []
    while sim.end_reason is None:
        sim.step(COAST)
        edges.append(float(sim.scenario.road.edge_distance(sim.state.position[:1, :2])[0]))
    assert sim.end_reason is EndReason.OFF_ROAD
    assert edges[-2] >= -off_road_m > edges[-1]
    assert sim.metrics.results()["offroad"].value == 1.0


def test_nobody_reaches_the_goal_beside_the_pavement(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = make_scenario(Scene(actors=0))
    everywhere = np.array([[-1e3, -1e3], [1e3, -1e3], [1e3, 1e3], [-1e3, 1e3]])
    goal = Goal(regions=(everywhere,), after_s=0.6)
    monkeypatch.setattr(FakeWorld, "sideways_mps", -30.0)
    sim = Simulation(replace(scenario, ego=replace(scenario.ego, goal=goal), off_road_m=1e3))
    sim.reset()
    while sim.state.step < 20 and sim.end_reason is None:
        sim.step(COAST)
    assert sim.end_reason is None
    monkeypatch.setattr(FakeWorld, "sideways_mps", 30.0)
    while sim.end_reason is None:
        sim.step(COAST)
    assert sim.end_reason is EndReason.GOAL_REACHED
    assert sim.scenario.road.edge_distance(sim.state.position[:1, :2])[0] >= 0.0


def test_a_collision_outranks_the_goal(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = make_scenario(Scene(actors=2))
    sim = Simulation(replace(scenario, ego=replace(scenario.ego, goal=Goal(after_s=0.1))))
    sim.reset()
    monkeypatch.setattr(FakeWorld, "hits", (touch(EGO, 1),))
    sim.step(COAST)
    assert sim.end_reason is EndReason.COLLISION


def test_a_reset_begins_the_same_drive_again() -> None:
    sim = simulation()
    first = sim.observe()
    for _ in range(5):
        sim.step(COAST)
    again = sim.reset()
    assert sim.end_reason is None and sim.state.step == 0
    np.testing.assert_array_equal(first.tracks.ids, again.tracks.ids)
    np.testing.assert_array_equal(first.tracks.position, again.tracks.position)


def test_stepping_before_a_reset_says_so() -> None:
    with pytest.raises(RuntimeError, match="reset"):
        Simulation(make_scenario()).step(COAST)


def test_a_scenario_whose_ranges_are_not_drawn_is_named(tmp_path: Path) -> None:
    file = tmp_path / "any.scn.yaml"
    file.write_text(ANY_FILE)
    with pytest.raises(
        InputError,
        match=r"scenario is of type LogicalScenario, expected a concrete Scenario: load_scenario\(…\)\.concrete",
    ):
        Simulation(load_scenario(file))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="scenario is of type str"):
        Simulation("jaywalker")  # type: ignore[arg-type]


def test_before_a_reset_nothing_has_ended_and_nothing_is_seen() -> None:
    simulation = Simulation(make_scenario())
    assert simulation.end_reason is None
    with pytest.raises(RuntimeError, match=r"observe\(\) before reset\(\)"):
        simulation.observe()
    with pytest.raises(RuntimeError, match=r"step\(\) before reset\(\)"):
        simulation.step(Decision(control=Control(0.0, 0.0)))
