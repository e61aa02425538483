"""A log read back is the drive that was written, and Foxglove's own tools can read it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import mcap.reader
import numpy as np
import pytest
from drives import RESULT, metric_values, scenario, state, steps, write_drive
from foxglove_schemas_protobuf.FrameTransforms_pb2 import FrameTransforms
from foxglove_schemas_protobuf.Log_pb2 import Log as LogLine
from foxglove_schemas_protobuf.SceneUpdate_pb2 import SceneUpdate

from alpasim.errors import RecordingError
from alpasim.recording.packing import pack_state, unpack_state
from alpasim.recording.reader import read_log
from alpasim.types import Contact, EgoState, MetricValue, WorldState


def same(first: Any, second: Any) -> bool:
    """Equal to the last bit, types and shapes included, through dataclasses, tuples and arrays."""
    if isinstance(first, np.ndarray):
        return first.dtype == second.dtype and first.shape == second.shape and first.tobytes() == second.tobytes()
    if dataclasses.is_dataclass(first):
        names = [field.name for field in dataclasses.fields(first)]
        return type(first) is type(second) and all(same(getattr(first, n), getattr(second, n)) for n in names)
    if isinstance(first, tuple):
        return len(first) == len(second) and all(same(a, b) for a, b in zip(first, second, strict=True))
    if isinstance(first, float):
        return first.hex() == float(second).hex()
    return type(first) is type(second) and bool(first == second)


@pytest.mark.parametrize("actors", [0, 1, 20])
def test_a_packed_state_comes_back_to_the_last_bit(actors: int) -> None:
    for step in range(6):
        original = state(step, actors)
        assert same(unpack_state(pack_state(original), original.ids), original)


def test_a_packed_state_of_another_crowd_is_refused() -> None:
    original = state(2)
    with pytest.raises(RecordingError, match="4 actors"):
        unpack_state(pack_state(original), ("ego",))
    with pytest.raises(RecordingError, match="expected"):
        unpack_state(pack_state(original)[:-1], original.ids)


def test_a_log_gives_the_drive_back_to_the_last_bit(tmp_path: Path) -> None:
    drive = steps(12)
    content_hash = write_drive(tmp_path, drive)
    log = read_log(tmp_path / "rollout.mcap")
    assert log.complete
    assert log.content_hash == content_hash
    assert same(log.states, (drive[0].before, *(step.after for step in drive)))
    assert same(log.decisions, tuple(step.decision for step in drive))
    assert same(log.controls, tuple(step.control for step in drive))
    assert log.inputs == scenario().inputs
    assert log.metrics[4]["speed"] == MetricValue(5 / 3.0)
    assert log.metrics[4]["min_time_to_collision_s"].value == float("inf")
    assert not log.metrics[4]["distance_to_reference_m"].valid
    assert log.result is not None
    assert (log.result.score, log.result.passed, log.result.steps) == (RESULT.score, False, 12)
    assert log.result.expectations == ({"text": "no_collision", "passed": False, "margin": -1.0},)
    header = log.header
    assert (header.scenario, header.seed, header.policy) == ("hand_made", 5, "my/policy.py:Driver")
    assert header.parameters == {"gap_m": 40.5, "colour": "red", "count": 3}
    assert header.tracks == {1234: "car_1"}
    assert header.source == "hand_made.scn.yaml"
    assert header.vehicle["mass_kg"] == 1500.0
    assert header.environment["friction"] == scenario().environment.friction
    assert header.environment["friction_from"] == "written"
    assert header.ids == drive[0].before.ids
    assert set(header.versions) >= {"alpasim", "numpy", "python"}


def test_states_of_a_log_cannot_be_changed(tmp_path: Path) -> None:
    write_drive(tmp_path, steps(2))
    with pytest.raises(ValueError, match="read-only"):
        read_log(tmp_path).states[0].position[0, 0] = 1.0


def test_reasoning_lies_beside_the_log_with_tracks_named(tmp_path: Path) -> None:
    write_drive(tmp_path, steps(8))
    lines = [json.loads(line) for line in (tmp_path / "reasoning.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["step"] for line in lines] == [1, 2, 3, 5, 6, 7]
    assert lines[0]["factors"][0] == {
        "category": "critical_object",
        "track_id": 1234,
        "claims": [["motion", "braking"], ["side", "left"]],
        "actor": "car_1",
    }
    assert lines[0]["text"] == "<b>Yield</b> at step 1 \x00\ud800"


def test_a_drive_without_reasons_leaves_no_reasoning_file(tmp_path: Path) -> None:
    drive = [dataclasses.replace(s, decision=dataclasses.replace(s.decision, reasoning=None)) for s in steps(3)]
    write_drive(tmp_path, drive)
    assert not (tmp_path / "reasoning.jsonl").exists()


def test_endless_reasoning_is_cut_and_says_so(tmp_path: Path) -> None:
    drive = steps(2)
    reasoning = drive[1].decision.reasoning
    assert reasoning is not None
    flood = dataclasses.replace(drive[1].decision, reasoning=dataclasses.replace(reasoning, text="x" * 5_000_000))
    write_drive(tmp_path, [drive[0], dataclasses.replace(drive[1], decision=flood)])
    kept = read_log(tmp_path).decisions[1].reasoning
    assert kept is not None
    assert len(kept.text) < 21_000
    assert kept.text.endswith("[4980000 more characters cut off]")


def foreign_messages(path: Path) -> list[tuple[str, str, bytes, int]]:
    """Topic, schema name, data and time of every message as the mcap package reads them."""
    with path.open("rb") as file:
        reader = mcap.reader.make_reader(file, validate_crcs=True)
        return [
            (channel.topic, schema.name if schema else "", message.data, message.log_time)
            for schema, channel, message in reader.iter_messages()
        ]


def test_the_mcap_package_reads_the_log_and_every_message_parses(tmp_path: Path) -> None:
    drive = steps(12)
    write_drive(tmp_path, drive)
    parsers = {
        "foxglove.SceneUpdate": SceneUpdate,
        "foxglove.FrameTransforms": FrameTransforms,
        "foxglove.Log": LogLine,
    }
    seen: dict[str, int] = {}
    for topic, schema, data, _ in foreign_messages(tmp_path / "rollout.mcap"):
        seen[topic] = seen.get(topic, 0) + 1
        if schema in parsers:
            parsers[schema].FromString(data)  # type: ignore[attr-defined]
        else:
            assert isinstance(json.loads(data), dict)
    assert seen["alpasim/state"] == seen["/tf"] == 13
    assert seen["/scene"] == 14
    assert seen["alpasim/decision"] == seen["alpasim/control"] == seen["alpasim/metrics"] == 12
    assert seen["alpasim/header"] == seen["alpasim/result"] == 1


def test_the_scene_shows_every_present_actor_where_it_is(tmp_path: Path) -> None:
    drive = steps(30, actors=6)
    write_drive(tmp_path, drive)
    messages = foreign_messages(tmp_path / "rollout.mcap")
    updates = [SceneUpdate.FromString(data) for topic, _, data, _ in messages if topic == "/scene"]
    road = updates[0].entities[0]
    assert road.id == "road"
    assert [(p.x, p.y) for p in road.lines[0].points][:2] == [(0.0, 1.75), (100.0, 1.75)]
    shown: dict[str, Any] = {}
    for update, truth in zip(updates[1:], (drive[0].before, *(s.after for s in drive)), strict=True):
        for deletion in update.deletions:
            del shown[deletion.id]
        for entity in update.entities:
            shown[entity.id] = entity
        present = {truth.ids[row]: row for row in np.flatnonzero(truth.present).tolist()}
        assert set(shown) == set(present)
        for name, row in present.items():
            check_cube(shown[name], truth, row)


def check_cube(entity: Any, truth: WorldState, row: int) -> None:
    """One entity against one row of the state."""
    cube = entity.cubes[0]
    pose, size = cube.pose, cube.size
    assert (pose.position.x, pose.position.y, pose.position.z) == tuple(truth.position[row])
    q = pose.orientation
    assert (q.x, q.y, q.z, q.w) == tuple(truth.rotation[row])
    assert (size.x, size.y, size.z) == tuple(truth.extent[row])
    assert entity.frame_id == "world"
    assert entity.timestamp.seconds * 1_000_000 + entity.timestamp.nanos // 1000 == truth.time_us
    assert cube.color.a > 0.5


def test_the_transform_puts_the_rig_under_the_rear_axle(tmp_path: Path) -> None:
    drive = steps(1)
    write_drive(tmp_path, drive)
    data = next(data for topic, _, data, _ in foreign_messages(tmp_path / "rollout.mcap") if topic == "/tf")
    transform = FrameTransforms.FromString(data).transforms[0]
    first = drive[0].before
    yaw = first.yaw[0]
    assert transform.translation.x == pytest.approx(first.position[0, 0] - 1.4 * np.cos(yaw))
    assert transform.translation.y == pytest.approx(first.position[0, 1] - 1.4 * np.sin(yaw))
    assert (transform.parent_frame_id, transform.child_frame_id) == ("world", "ego")
    assert 2.0 * np.arctan2(transform.rotation.z, transform.rotation.w) == pytest.approx(yaw)


def test_the_content_hash_ignores_times_paths_and_policy_names_and_nothing_else(tmp_path: Path) -> None:
    drive = steps(6)
    made = scenario()
    first = write_drive(tmp_path / "a", drive)
    moved = dataclasses.replace(made, source="/elsewhere/hand_made.scn.yaml")
    assert write_drive(tmp_path / "b" / "c", drive, made=moved) == first
    assert write_drive(tmp_path / "d", drive, made=dataclasses.replace(made, seed=6)) != first
    assert write_drive(tmp_path / "e", drive[:-1]) != first
    changed = drive[3].after.velocity.copy()
    changed[1, 2] = np.nextafter(changed[1, 2], np.inf)
    after = dataclasses.replace(drive[3].after, velocity=changed)
    assert write_drive(tmp_path / "f", [*drive[:3], dataclasses.replace(drive[3], after=after), *drive[4:]]) != first


def test_a_metric_that_means_nothing_is_null_not_zero(tmp_path: Path) -> None:
    write_drive(tmp_path, steps(1))
    messages = foreign_messages(tmp_path / "rollout.mcap")
    data = next(data for topic, _, data, _ in messages if topic == "alpasim/metrics")
    assert json.loads(data)["values"]["distance_to_reference_m"] is None
    assert set(json.loads(data)["values"]) == set(metric_values(0))


def test_a_folder_stands_for_the_log_in_it(tmp_path: Path) -> None:
    write_drive(tmp_path, steps(2))
    assert read_log(tmp_path).path == tmp_path / "rollout.mcap"
    with pytest.raises(RecordingError, match=r"no rollout\.mcap"):
        read_log(tmp_path.parent)
    with pytest.raises(RecordingError, match="no such file"):
        read_log(tmp_path / "other.mcap")


def test_no_field_of_a_state_is_left_out_of_the_log() -> None:
    """A field added to these types has to be packed, and this list extended, or replays would not see it differ."""
    names = [" ".join(field.name for field in dataclasses.fields(kind)) for kind in (WorldState, EgoState, Contact)]
    assert names == [
        "step time_us ids kinds extent present struck position rotation yaw velocity angular_velocity ego signals contacts "
        "events",
        "velocity_in_rig acceleration_in_rig yaw_rate_radps steering_angle_rad pedal wheel_load wheel_slipping reverse",
        "first second impulse_ns point normal closing_speed_mps substep first_part second_part first_delta_v second_delta_v",
    ]
