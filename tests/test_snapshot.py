"""A snapshot holds all that the future depends on: here, in a file, and in another process; or it is refused."""

from __future__ import annotations

import copy
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from branching_scenes import decision, drive, street, with_recording
from hypothesis import given
from hypothesis import strategies as st

from alpasim import plugins
from alpasim.errors import InputError, RecordingError
from alpasim.evaluation.verify import verify
from alpasim.memory import remembering, settled
from alpasim.metrics.protocol import Aggregation
from alpasim.metrics.recorder import Metrics
from alpasim.metrics.scene import SceneMeasures
from alpasim.policy.loading import load_policy
from alpasim.recording.codec import ResultRecord
from alpasim.recording.reader import read_log
from alpasim.recording.snapshot import Snapshot
from alpasim.recording.writer import RolloutWriter
from alpasim.simulation import REBASED, Simulation
from alpasim.types import MetricValue, Observation, Trajectory

CONTACT = 14
"""A step by which lorry and car have met and both slide."""


@pytest.fixture
def simulation() -> Iterator[Simulation]:
    made = Simulation(street())
    made.reset()
    yield made
    made.close()


def taken(step: int) -> Snapshot:
    made = Simulation(street())
    made.reset()
    drive(made, step)
    snapshot = made.snapshot()
    made.close()
    return snapshot


@pytest.mark.parametrize("step", [0, 1, 9, 11, 12, CONTACT, 25, 33, 60])
def test_a_snapshot_after_a_restore_is_that_snapshot(simulation: Simulation, step: int) -> None:
    drive(simulation, step)
    snapshot = simulation.snapshot()
    assert snapshot.step == step
    drive(simulation, 17)
    simulation.restore(snapshot)
    assert simulation.snapshot().to_bytes() == snapshot.to_bytes()
    simulation.restore(snapshot)
    simulation.observe()
    assert simulation.snapshot() == snapshot


@pytest.mark.parametrize("step", [0, 11, 12, CONTACT, 25, 60])
def test_what_follows_depends_on_the_snapshot_alone(simulation: Simulation, step: int) -> None:
    drive(simulation, step)
    snapshot = simulation.snapshot()
    here = drive(simulation, 50)
    results = simulation.metrics.results()
    simulation.restore(snapshot)
    assert drive(simulation, 50) == here
    assert repr(simulation.metrics.results()) == repr(results)
    fresh = Simulation(Snapshot.from_bytes(snapshot.to_bytes()).scenario())
    fresh.restore(Snapshot.from_bytes(snapshot.to_bytes()))
    assert drive(fresh, 50) == here
    assert repr(fresh.metrics.results()) == repr(results)
    fresh.close()


def test_the_scene_is_one_in_which_struck_cars_slide(simulation: Simulation) -> None:
    drive(simulation, CONTACT)
    struck = simulation.state.struck
    assert struck[1] and struck[2]
    assert (np.hypot(*simulation.state.velocity[[1, 2], :2].T) > 2.0).all()


def test_another_process_goes_on_the_same(simulation: Simulation, tmp_path: Path) -> None:
    drive(simulation, CONTACT)
    simulation.snapshot().write(tmp_path / "moment.zip")
    here = drive(simulation, 50)
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from branching_scenes import drive\n"
        "from alpasim.recording.snapshot import Snapshot\n"
        "from alpasim.simulation import Simulation\n"
        f"snapshot = Snapshot.read({str(tmp_path / 'moment.zip')!r})\n"
        "simulation = Simulation(snapshot.scenario())\n"
        "simulation.restore(snapshot)\n"
        "assert simulation.snapshot() == snapshot\n"
        "print(drive(simulation, 50).hex())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == here.hex()


def test_recorded_actors_come_and_go_after_a_restore_too() -> None:
    scenario = with_recording(street())
    simulation, other = Simulation(scenario), Simulation(scenario)
    simulation.reset()
    for step in (3, 30):
        drive(simulation, step - simulation.state.step)
        snapshot = simulation.snapshot()
        other.restore(snapshot)
        simulation.restore(snapshot)
        assert drive(other, 40) == drive(simulation, 40)
        simulation.restore(snapshot)
    simulation.close()
    other.close()


def seen(observation: Observation) -> list[bytes]:
    tracks = observation.tracks
    arrays = [tracks.ids, tracks.position, tracks.velocity, observation.rig_pose]
    for reading in observation.readings.values():
        arrays += [np.array([reading.time_us]), *reading.arrays.values()]
    return [np.ascontiguousarray(array).tobytes() for array in arrays] + [repr(observation.route_s).encode()]


def test_the_senses_go_on_with_their_noise_delays_and_slower_sensors() -> None:
    options: dict[str, Any] = {"lidar": {"rings": 4, "azimuths": 36, "rate_hz": 5.0, "noise_sigma_m": 0.05}}
    simulation = Simulation(street(), sensors=("objects", "lidar", "bev"), sensor_options=options)
    simulation.reset()
    drive(simulation, 13)
    first = simulation.observe()
    snapshot = simulation.snapshot()
    then = [seen(simulation.step(decision(k)) and simulation.observe()) for k in range(13, 25)]
    fresh = Simulation(street(), sensor_options=options)
    assert seen(fresh.restore(Snapshot.from_bytes(snapshot.to_bytes()))) == seen(first)
    assert [seen(fresh.step(decision(k)) and fresh.observe()) for k in range(13, 25)] == then
    simulation.close()
    fresh.close()


@pytest.mark.parametrize("name", plugins.names(plugins.POLICIES))
def test_a_drivers_memory_goes_with_it(name: str) -> None:
    times = np.arange(0, 100, dtype=np.int64) * 100_000
    poses = np.column_stack((20.0 + 8e-6 * times, np.zeros(len(times)), np.zeros(len(times))))
    simulation = Simulation(replace(street(), reference=Trajectory(times, poses)))
    simulation.reset()
    driver, other = load_policy(name)(), load_policy(name)()
    driver.reset(simulation.brief)
    for _ in range(20):
        simulation.step(driver.decide(simulation.observe()))
    snapshot = Snapshot.from_bytes(simulation.snapshot(driver).to_bytes())
    here = drive(simulation, 30, lambda _: driver.decide(simulation.observe()))
    simulation.restore(snapshot, other)
    assert drive(simulation, 30, lambda _: other.decide(simulation.observe())) == here
    simulation.restore(snapshot)
    with pytest.raises(InputError, match="holds no policy's memory"):
        simulation.restore(simulation.snapshot(), other)
    simulation.close()


def test_a_snapshot_of_another_scenario_is_refused(simulation: Simulation) -> None:
    snapshot = replace(simulation.snapshot(), content_hash="0" * 64, name="elsewhere")
    with pytest.raises(InputError, match=r"'elsewhere', seed 7; this simulation drives 'street'"):
        simulation.restore(snapshot)


class Counting:
    """A metric that remembers and does not say so."""

    name, unit, aggregation, formula, cumulative = "counting", "1", Aggregation.LAST, "steps", True
    better = "higher"

    def reset(self, scene: SceneMeasures) -> None:
        self.count = 0.0

    def update(self, scene: SceneMeasures) -> MetricValue:
        self.count += 1.0
        return MetricValue(self.count)


def test_a_snapshot_of_another_version_says_so(moment: Snapshot, tmp_path: Path) -> None:
    assert moment.changed == {}
    older = replace(moment, versions={**moment.versions, "code": "0123", "bullet": "2.1"})
    older.write(tmp_path / "older.zip")
    kept = Snapshot.read(tmp_path / "older.zip")
    assert kept.changed == {"code": ("0123", moment.versions["code"]), "bullet": ("2.1", "nothing")}
    unfit = replace(kept, memory={**kept.memory, "metrics": {}})
    simulation = Simulation(street())
    with pytest.raises(RecordingError, match=r"^snapshot: .*; bullet was 2\.1, is nothing; code was 0123, is \w{16}$"):
        simulation.restore(unfit)
    simulation.close()


def test_what_keeps_no_memory_is_named(simulation: Simulation) -> None:
    metrics = Metrics(street(), metrics=[Counting()])  # type: ignore[list-item]
    metrics.reset(simulation.state)
    with pytest.raises(InputError, match=r"metric 'counting' keeps no memory .* give Counting save\(\) and load"):
        metrics.save()
    with pytest.raises(InputError, match="behaviour 'mine'"):
        remembering(object(), "behaviour 'mine'")
    with pytest.raises(InputError, match=r"memory\.metrics\.mine\[1\] is set"):
        settled({"metrics": {"mine": [1, {2}]}})


@pytest.fixture(scope="module")
def moment() -> Snapshot:
    return taken(CONTACT)


def test_a_file_that_is_none_is_refused(moment: Snapshot, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot be read"):
        Snapshot.read(tmp_path / "none.zip")
    for data in (b"", b"PK", b"no snapshot", moment.to_bytes()[:-30], moment.to_bytes() + b"x"):
        (tmp_path / "moment.zip").write_bytes(data)
        with pytest.raises(RecordingError, match=r"moment\.zip: damaged"):
            Snapshot.read(tmp_path / "moment.zip")


@given(place=st.floats(0.0, 1.0, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_is_found_wherever_it_is(moment: Snapshot, place: float, bit: int) -> None:
    data = bytearray(moment.to_bytes())
    data[int(place * len(data))] ^= 1 << bit
    with pytest.raises(RecordingError):
        Snapshot.from_bytes(bytes(data))


def forged(moment: Snapshot, where: list[Any]) -> bytes:
    """The file whose state is said to lie somewhere else, with every checksum right."""
    with zipfile.ZipFile(io.BytesIO(moment.to_bytes())) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    head = json.loads(files["snapshot.json"])
    head["memory"]["state"] = {"$array": where}
    files["snapshot.json"] = json.dumps(head, separators=(",", ":"), sort_keys=True).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
    return out.getvalue()


FORGERIES: dict[str, Any] = {
    "drivers": lambda memory: memory["traffic"].update(drivers=["nobody"] * 5),
    "waiting": lambda memory: memory["traffic"].update(waiting=[99]),
    "a way": lambda memory: memory["traffic"]["behaviours"]["follow"]["ways"][0].update(lane="moon"),
    "a state": lambda memory: memory.update(state=memory["state"][:20]),
    "another state": lambda memory: memory.update(state=np.roll(memory["state"], 8)),
    "bodies": lambda memory: memory["world"].update(bodies=np.zeros((2, 13))),
    "far bodies": lambda memory: memory["world"].update(bodies=np.full((6, 13), 1e300)),
    "body numbers": lambda memory: memory["world"]["actors"].update(grip=np.full(6, np.nan)),
    "struck": lambda memory: memory["world"]["actors"].update(with_mass=np.ones(6, dtype=bool)),
    "a part": lambda memory: memory.pop("tracker"),
    "parts": lambda memory: memory.update(metrics=[]),
    "metrics": lambda memory: memory["metrics"].update(names=["speed"]),
    "a sum": lambda memory: memory["metrics"]["metrics"]["time_exposed_ttc"].update(sum="much"),
    "an end": lambda memory: memory.update(end_reason="tired"),
    "sensors": lambda memory: memory.update(sensors=["nose"]),
    "draws": lambda memory: memory["senses"]["perception"]["draws"].update(state={"state": -1}),
    "tracks": lambda memory: memory["senses"]["perception"].update(waiting=[{"ids": 3}]),
    "ids": lambda memory: memory["senses"]["perception"]["ids"].update(used=np.full(6, 10**6)),
    "a change": lambda memory: memory["traffic"].update(changes=[{"row": 99}]),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_memory_is_refused_and_the_simulation_stays_usable(
    simulation: Simulation, moment: Snapshot, name: str
) -> None:
    start = drive(simulation, 5)
    memory = copy.deepcopy(moment.memory)
    FORGERIES[name](memory)
    with pytest.raises(InputError, match=r"snapshot|packed state|unknown sensor 'nose'"):
        simulation.restore(replace(moment, memory=memory))
    assert simulation.steps_done == 0
    assert drive(simulation, 5) == start


def test_a_forged_array_beyond_the_file_is_refused(moment: Snapshot) -> None:
    for where in ([1, 2, 3], ["<f8", 0, [10**12]], ["<f8", -8, [1]], ["|O8", 0, [1]]):
        with pytest.raises(RecordingError, match="damaged"):
            Snapshot.from_bytes(forged(moment, where))


def logged(out: Path, snapshot_at: tuple[int, ...], steps: int = 40) -> Path:
    """A drive written by hand, in which somebody takes snapshots."""
    scenario = street()
    simulation = Simulation(scenario)
    simulation.reset()
    with RolloutWriter(out, scenario, "constant_speed", simulation.state, tracks=simulation.track_actors) as writer:
        for k in range(steps):
            if k in snapshot_at:
                simulation.snapshot()
            step = simulation.step(decision(k))
            latest = simulation.metrics.latest
            assert latest is not None
            writer.write_step(step, latest)
        results = simulation.metrics.results()
        writer.finish(ResultRecord("cut", str(simulation.end_reason), False, 0.0, steps, results))
    simulation.close()
    return writer.path


def test_a_log_with_snapshots_in_it_verifies(tmp_path: Path) -> None:
    log = read_log(logged(tmp_path, (CONTACT, 30)))
    assert [state.step for state in log.states if REBASED in state.events] == [CONTACT + 1, 31]
    found = verify(log)
    assert found.identical, found.difference
    plain = read_log(logged(tmp_path / "plain", ()))
    assert verify(plain).identical
    assert plain.state_hashes[CONTACT] == log.state_hashes[CONTACT]
    assert plain.state_hashes[CONTACT + 1] != log.state_hashes[CONTACT + 1]
