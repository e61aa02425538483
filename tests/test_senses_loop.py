"""Senses inside the loop: asked for by policies, at their own rate, repeated to the bit, and told apart in the log."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pytest

from alpasim.env import DriveEnv
from alpasim.errors import InputError, RecordingError
from alpasim.recording.reader import read_log
from alpasim.recording.snapshot import Snapshot
from alpasim.rollout import run_rollout
from alpasim.scenario.concrete import PerceptionChoice, Scenario, SenseFault
from alpasim.scenario.loading import load_scenario
from alpasim.sensors.vector import NEAREST, TRACK_FIELDS
from alpasim.simulation import Simulation
from alpasim.types import Control, Decision, Factor, Observation, Reasoning, RolloutBrief, SignalColour, Trajectory

ROOT = Path(__file__).parent.parent
JAYWALKER = ROOT / "scenarios" / "vulnerable" / "jaywalker.scn.yaml"
TRACKS = NEAREST * sum(field.size for field in TRACK_FIELDS)
"""How many of the last numbers of `vector` are of tracks."""
ROLL = Decision(control=Control(0.0, 0.02))


def scenario(level: str = "truth", **written: float) -> Scenario:
    return replace(load_scenario(JAYWALKER).concrete(3), perception=PerceptionChoice(level, written))


class Looker:
    """Notes everything it sees, and cites all of it."""

    needs: ClassVar[tuple[str, ...]] = ("objects", "lidar", "bev")
    seen: ClassVar[list[Observation]] = []
    brief: ClassVar[list[RolloutBrief]] = []

    def reset(self, brief: RolloutBrief) -> None:
        self.brief.append(brief)

    def decide(self, observation: Observation) -> Decision:
        self.seen.append(observation)
        factors = tuple(Factor("critical_object", int(track)) for track in observation.tracks.ids[:3])
        return Decision(control=Control(0.0, 0.02), reasoning=Reasoning(factors=factors))


class OnlyLidar(Looker):
    needs: ClassVar[tuple[str, ...]] = ("lidar",)
    seen: ClassVar[list[Observation]] = []


class WrongNeeds(Looker):
    needs: ClassVar[tuple[str, ...]] = ("objets",)


@pytest.fixture(autouse=True)
def _forget() -> None:
    for kind in (Looker, OnlyLidar):
        kind.seen.clear()
    Looker.brief.clear()


def test_a_policy_gets_what_it_needs_and_nothing_else() -> None:
    run_rollout(scenario(), Looker, policy_reference="looker")
    assert Looker.brief[0].sensors == ("objects", "lidar", "bev")
    for observation in Looker.seen:
        assert set(observation.readings) == {"lidar", "bev"}
        assert all(reading.time_us == observation.time_us for reading in observation.readings.values())
        assert not any(array.flags.writeable for r in observation.readings.values() for array in r.arrays.values())
    run_rollout(scenario(), OnlyLidar, policy_reference="only_lidar")
    assert all(set(seen.readings) == {"lidar"} and not len(seen.tracks.ids) for seen in OnlyLidar.seen)


def test_one_simulation_serves_policies_with_different_needs() -> None:
    simulation = Simulation(scenario())
    for make in (Looker, OnlyLidar, Looker):
        make.seen.clear()
        run_rollout(scenario(), make, policy_reference="x", simulation=simulation)
        assert set(make.seen[0].readings) == set(make.needs) - {"objects"}
    simulation.close()


def test_a_sensor_that_does_not_exist_is_named() -> None:
    with pytest.raises(InputError, match=r"unknown sensor 'lidr' .*did you mean 'lidar'"):
        Simulation(scenario(), sensors=("objects", "lidr"))
    result = run_rollout(scenario(), WrongNeeds, policy_reference="wrong")
    assert result.status == "policy_error"
    assert "did you mean 'objects'" in result.error


def test_a_slower_sensor_keeps_its_last_reading_with_its_time() -> None:
    simulation = Simulation(scenario(), sensors=("lidar",), sensor_options={"lidar": {"rate_hz": 2.5, "rings": 4}})
    times = [simulation.reset().readings["lidar"].time_us]
    for _ in range(9):
        simulation.step(ROLL)
        times.append(simulation.observe().readings["lidar"].time_us)
    assert times == [0, 0, 0, 0, 400_000, 400_000, 400_000, 400_000, 800_000, 800_000]
    simulation.close()


def test_other_sensors_do_not_move_a_sensors_draws() -> None:
    def ranges(sensors: tuple[str, ...]) -> bytes:
        simulation = Simulation(scenario(), sensors=sensors)
        simulation.reset()
        simulation.step(ROLL)
        found = simulation.observe().readings["lidar"].arrays["range_m"].tobytes()
        simulation.close()
        return bytes(found)

    assert ranges(("lidar",)) == ranges(("objects", "bev", "lidar"))


@pytest.mark.parametrize("level", ["truth", "rainy_night"])
def test_a_reset_repeats_every_sense_to_the_bit(level: str) -> None:
    simulation = Simulation(scenario(level), sensors=("objects", "lidar", "bev"))

    def drive() -> list[bytes]:
        observation, seen = simulation.reset(), []
        for _ in range(12):
            tracks = observation.tracks
            seen += [tracks.ids.tobytes(), tracks.position.tobytes(), tracks.velocity.tobytes()]
            seen += [array.tobytes() for r in observation.readings.values() for array in r.arrays.values()]
            simulation.step(ROLL)
            observation = simulation.observe()
        return seen

    assert drive() == drive()
    simulation.close()


def test_perception_changes_nothing_of_the_world() -> None:
    def states(level: str) -> list[bytes]:
        simulation = Simulation(scenario(level), sensors=("objects", "lidar"))
        simulation.reset()
        found = [simulation.step(ROLL).after.position.tobytes() for _ in range(30)]
        simulation.close()
        return found

    assert states("truth") == states("rainy_night")


def test_the_log_knows_who_stands_behind_every_id_that_was_seen(tmp_path: Path) -> None:
    lossy = scenario("truth", miss=0.6, memory_s=0.1)
    result = run_rollout(lossy, Looker, policy_reference="looker", out_dir=tmp_path)
    assert result.status == "completed"
    assert result.log is not None
    names: dict[int, Any] = dict(read_log(result.log).header.tracks)
    seen = {int(track) for observation in Looker.seen for track in observation.tracks.ids}
    assert len(seen) > 3
    assert all(names[track] == "walker" for track in seen)


ALL_FAIL = (
    SenseFault("sensor_blackout", 300_000, 500_000, sensor="objects", lost=1.0),
    SenseFault("sensor_blackout", 0, None, sensor="lidar", lost=0.4),
    SenseFault("frozen_frame", 600_000, 1_000_000, sensor="all", stale_stamp=False),
    SenseFault("sensor_delay", 900_000, None, sensor="bev", delay_us=400_000),
    SenseFault("gps_drift", 200_000, 1_400_000, drift_mps=(0.3, 0.5), limit_m=0.4, noise_sigma_m=0.2),
    SenseFault("speedometer", 100_000, None, scale=1.1, bias_mps=-0.5),
    SenseFault("speedometer", 700_000, 1_200_000, frozen=True),
)
"""Every kind of fault, most of them at once."""


def seen_in(observation: Observation) -> list[Any]:
    """Everything that the senses give, to the bit."""
    tracks = observation.tracks
    plain = [
        np.array(sorted(observation.taken_us.items())),
        observation.rig_pose,
        observation.ego.velocity_in_rig,
        observation.signals,
        tracks.ids,
        tracks.position,
        tracks.velocity,
        tracks.yaw,
    ]
    found: list[Any] = [array.tobytes() for array in plain]
    found += [observation.route_s, observation.route_d]
    for name, reading in observation.readings.items():
        found += [name, reading.time_us, *(array.tobytes() for array in reading.arrays.values())]
    return found


def test_failing_senses_repeat_and_go_on_from_a_snapshot_to_the_bit() -> None:
    failing = replace(scenario("rainy_night"), sense_faults=ALL_FAIL)
    simulation = Simulation(failing, sensors=("objects", "lidar", "bev"), sensor_options={"lidar": {"rings": 4}})

    def drive(steps: int) -> list[Any]:
        seen = []
        for _ in range(steps):
            simulation.step(ROLL)
            seen.append(seen_in(simulation.observe()))
        return seen

    simulation.reset()
    whole = drive(20)
    simulation.reset()
    assert drive(20) == whole
    for cut in (2, 4, 7, 10, 13):
        simulation.reset()
        drive(cut)
        # What follows a snapshot is physics begun anew, so that branch is compared with branch.
        snapshot = Snapshot.from_bytes(simulation.snapshot().to_bytes())
        branch = drive(20 - cut)
        assert seen_in(simulation.restore(snapshot)) == whole[cut - 1]
        assert simulation.snapshot().to_bytes() == snapshot.to_bytes()
        assert drive(20 - cut) == branch
        other = Simulation(failing, sensors=("objects", "lidar", "bev"), sensor_options={"lidar": {"rings": 4}})
        assert seen_in(other.restore(snapshot)) == whole[cut - 1]
        simulation, other = other, simulation
        assert drive(20 - cut) == branch
        other.close()
    simulation.close()


def test_a_snapshot_of_another_kind_of_senses_is_refused() -> None:
    plain = Simulation(scenario(), sensors=("objects",))
    plain.reset()
    snapshot = plain.snapshot()
    plain.close()
    failing = Simulation(replace(scenario(), sense_faults=ALL_FAIL), sensors=("objects",))
    failing.reset()
    with pytest.raises(RecordingError, match="is missing"):
        failing.restore(snapshot)
    failing.close()


def test_failing_senses_leave_the_truth_and_the_brief_alone() -> None:
    states, briefs = [], []
    for faults in ((), ALL_FAIL):
        simulation = Simulation(replace(scenario(), sense_faults=faults), sensors=("objects", "lidar"))
        simulation.reset()
        briefs.append(simulation.brief)
        states.append([simulation.step(ROLL).after.position.tobytes() for _ in range(20)])
        results = simulation.metrics.results()
        states[-1].append(repr(results).encode())
        simulation.close()
    assert states[0] == states[1]
    assert briefs[0].policy_seed == briefs[1].policy_seed
    assert {field: getattr(briefs[0], field) for field in ("sensors", "time_limit_s", "control_dt_us")} == {
        field: getattr(briefs[1], field) for field in ("sensors", "time_limit_s", "control_dt_us")
    }


def test_the_log_tells_when_a_sense_fails(tmp_path: Path) -> None:
    faults = (SenseFault("sensor_delay", 500_000, 800_000, sensor="all", delay_us=200_000),)
    result = run_rollout(replace(scenario(), sense_faults=faults), Looker, policy_reference="looker", out_dir=tmp_path)
    assert result.log is not None
    told = {event: state.step for state in read_log(result.log).states for event in state.events if "fault" in event}
    assert told == {"fault:sensor_delay:begin": 6, "fault:sensor_delay:end": 9}


def test_lights_that_are_not_recognised_read_off() -> None:
    lights = load_scenario(ROOT / "scenarios" / "junction" / "red_light_runner.scn.yaml").concrete(0)
    dark = SenseFault("sensor_blackout", 200_000, 400_000, sensor="signals", lost=1.0)
    simulation = Simulation(replace(lights, sense_faults=(dark,)), sensors=("objects",))
    observations = [simulation.reset()]
    for _ in range(5):
        simulation.step(ROLL)
        observations.append(simulation.observe())
        assert (simulation.state.signals != SignalColour.OFF).any()
    simulation.close()
    off = [bool((observation.signals == SignalColour.OFF).all()) for observation in observations]
    assert off == [False, False, True, True, False, False]
    assert all(len(observation.tracks.ids) for observation in observations)


STREET = """schema: alpasim/scenario@1
title: A straight street
road: {straight: {lanes: 2, length_m: 400, speed_limit_kph: 50}}
ego: {vehicle: sedan, lane: 1, s_m: 20, speed_kph: 36, goal: {s_m: 350}}
faults: [{gps_drift: {from_s: 1, rate_mps: 0.25, to_deg: 90, limit_m: 1}}]
end: {time_limit_s: 12}
"""


class OnRails:
    """Wants to go straight on at 10 m/s over the line that it started on, in the world or as seen from the rig."""

    frame: ClassVar[Literal["world", "rig"]] = "world"

    def reset(self, brief: RolloutBrief) -> None:
        self.start: np.ndarray | None = None

    def decide(self, observation: Observation) -> Decision:
        ahead_s = np.arange(31) * 0.1
        if self.start is None:
            self.start = observation.rig_pose
        poses = np.zeros((31, 3))
        poses[:, 0] = 10.0 * ahead_s
        if self.frame == "world":
            poses[:, 0] += observation.rig_pose[0]
            poses[:, 1] = self.start[1]
        times = observation.time_us + np.round(1e6 * ahead_s).astype(np.int64)
        return Decision(trajectory=Trajectory(times, poses, self.frame))


class OnRigRails(OnRails):
    frame: ClassVar[Literal["world", "rig"]] = "rig"


@pytest.mark.parametrize(("policy", "beside_m"), [(OnRails, -1.0), (OnRigRails, 0.0)])
def test_only_a_trajectory_in_the_world_follows_the_believed_place(
    tmp_path: Path, policy: type[OnRails], beside_m: float
) -> None:
    file = tmp_path / "street.scn.yaml"
    file.write_text(STREET, encoding="utf-8")
    result = run_rollout(load_scenario(file).concrete(0), policy, policy_reference="rails", out_dir=tmp_path)
    assert result.log is not None
    states = read_log(result.log).states
    y = np.array([state.position[0, 1] for state in states])
    # Believing to be a metre to the left of its place, it drives a metre to the right of its line.
    assert y[10] == pytest.approx(y[0], abs=0.02)
    assert y[80] - y[0] == pytest.approx(beside_m, abs=0.05)
    assert states[80].position[0, 0] - states[10].position[0, 0] == pytest.approx(70.0, abs=2.0)


@pytest.mark.parametrize("observation", ["vector", ["bev", "lidar"]])
def test_an_env_gives_zeros_of_its_space_for_what_does_not_come(observation: str | list[str]) -> None:
    dark = SenseFault("sensor_blackout", 100_000, 300_000, sensor="all", lost=1.0)
    env = DriveEnv(
        replace(scenario(), sense_faults=(dark,)),
        observation=observation,
        sensors={"lidar": {"rings": 4}} if isinstance(observation, list) else None,
    )
    empty = []
    seen, _ = env.reset(seed=0)
    for _ in range(5):
        assert env.observation_space.contains(seen)
        parts = list(seen.values()) if isinstance(seen, dict) else [seen[-TRACKS:]]
        empty.append(all(not part.any() for part in parts))
        seen, *_ = env.step(np.zeros(2, dtype=np.float32))
    env.close()
    assert empty == [False, True, True, False, False]


def test_an_env_tells_what_is_dark_from_what_did_not_come() -> None:
    faults = (
        SenseFault("sensor_blackout", 100_000, 300_000, sensor="lidar", lost=1.0),
        SenseFault("sensor_blackout", 200_000, 400_000, sensor="objects", lost=1.0),
        SenseFault("frozen_frame", 200_000, 500_000, sensor="bev"),
        SenseFault("sensor_delay", 0, None, sensor="signals", delay_us=200_000),
    )
    env = DriveEnv(
        replace(scenario(), sense_faults=faults),
        observation=["age", "lidar", "vector", "bev"],
        sensors={"lidar": {"rings": 4}},
    )
    assert env.observation_space["age"].shape == (4,)
    seen, info = env.reset(seed=0)
    ages = []
    for _ in range(6):
        assert env.observation_space.contains(seen)
        assert list(info["sensor_age_s"]) == ["signals", "lidar", "objects", "bev"]
        assert list(info["sensor_age_s"].values()) == pytest.approx(seen["age"].tolist())
        assert seen["lidar"].any() == (seen["age"][1] >= 0.0)
        ages.append([round(float(age), 3) for age in seen["age"]])
        seen, _, _, _, info = env.step(np.zeros(2, dtype=np.float32))
    env.close()
    assert ages == [
        [-1.0, 0.0, 0.0, 0.0],
        [-1.0, -1.0, 0.0, 0.0],
        [0.2, -1.0, -1.0, 0.1],
        [0.2, 0.0, -1.0, 0.2],
        [0.2, 0.0, 0.0, 0.3],
        [0.2, 0.0, 0.0, 0.0],
    ]


def test_a_perceived_list_is_as_old_as_perception_is_late() -> None:
    simulation = Simulation(scenario("good"), sensors=("objects",))
    stamps = [simulation.reset().taken_us]
    for _ in range(2):
        simulation.step(ROLL)
        stamps.append(simulation.observe().taken_us)
    age = simulation.observe().age_s("objects")
    simulation.close()
    assert [seen.get("objects") for seen in stamps] == [None, 0, 100_000]
    assert [seen["signals"] for seen in stamps] == [0, 100_000, 200_000]
    assert age == pytest.approx(0.1)


def test_cameras_of_different_rates_are_late_lost_and_frozen_at_once() -> None:
    faults = (
        SenseFault("sensor_delay", 300_000, 600_000, sensor="camera:front", delay_us=200_000),
        SenseFault("sensor_blackout", 500_000, 700_000, sensor="camera:front", lost=1.0),
        SenseFault("frozen_frame", 400_000, 800_000, sensor="camera:behind"),
        SenseFault("speedometer", 200_000, None, frozen=True),
    )
    behind = {"fov_deg": 90.0, "x_m": -0.9, "z_m": 1.1, "yaw_deg": 180.0, "rate_hz": 5.0}
    simulation = Simulation(
        replace(scenario(), sense_faults=faults),
        sensors=("camera:front", "camera:behind"),
        sensor_options={"camera": {"width_px": 16, "height_px": 9, "own": {"behind": behind}}},
    )
    observation = simulation.reset()
    stamps, pictures = [], []
    for _ in range(10):
        stamps.append([observation.taken_us.get(name) for name in ("camera:front", "camera:behind")])
        assert set(observation.readings) == set(observation.taken_us) - {"signals"}
        pictures.append({name: one.arrays["rgb"].tobytes() for name, one in observation.readings.items()})
        simulation.step(ROLL)
        observation = simulation.observe()
    simulation.close()
    # Of the front: those of 0.3 and 0.4 s come at 0.5 and 0.6 s, the latter together with the loss of the one of 0.6 s.
    front = [0, 1, 2, 2, 2, 3, None, 7, 8, 9]
    rear = [0, 0, 2, 2, 2, 2, 2, 2, 8, 8]
    expected = [[None if one is None else 100_000 * one for one in pair] for pair in zip(front, rear, strict=True)]
    assert stamps == expected
    assert pictures[7]["camera:behind"] == pictures[2]["camera:behind"] != pictures[8]["camera:behind"]
    assert pictures[5]["camera:front"] != pictures[4]["camera:front"]
