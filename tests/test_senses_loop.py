"""Senses inside the loop: asked for by policies, at their own rate, repeated to the bit, and told apart in the log."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from alpasim.errors import InputError
from alpasim.recording.reader import read_log
from alpasim.rollout import run_rollout
from alpasim.scenario.concrete import PerceptionChoice, Scenario
from alpasim.scenario.loading import load_scenario
from alpasim.simulation import Simulation
from alpasim.types import Control, Decision, Factor, Observation, Reasoning, RolloutBrief

ROOT = Path(__file__).parent.parent
JAYWALKER = ROOT / "scenarios" / "vulnerable" / "jaywalker.scn.yaml"
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
