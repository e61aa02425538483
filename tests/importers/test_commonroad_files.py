"""The real files: what is loaded is what a second, independent reading of the XML finds."""

from __future__ import annotations

import math
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from commonroad_xml import FILES, real_file

from alpasim.importers.commonroad import read_commonroad, write_import
from alpasim.importers.imported import ImportedScenario
from alpasim.road.mapfile import load_map
from alpasim.road.network import LaneKind
from alpasim.scenario.tracks import load_tracks
from alpasim.types import ActorKind, SignalColour


@pytest.fixture(params=FILES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def tree_of(path: Path) -> ElementTree.Element:
    return ElementTree.parse(path).getroot()


def exact(element: ElementTree.Element, path: str) -> float:
    found = element.findtext(f"{path}/exact")
    assert found is not None
    return float(found)


def states_of(obstacle: ElementTree.Element) -> list[tuple[int, float, float, float, float | None]]:
    """step, x, y, orientation, velocity of the initial state and the trajectory, as the file has them."""
    found = []
    for state in [*obstacle.findall("initialState"), *obstacle.findall("trajectory/state")]:
        x, y = state.findtext("position/point/x"), state.findtext("position/point/y")
        assert x is not None and y is not None
        speed = exact(state, "velocity") if state.find("velocity") is not None else None
        found.append((int(exact(state, "time")), float(x), float(y), exact(state, "orientation"), speed))
    return found


def moving(root: ElementTree.Element) -> list[ElementTree.Element]:
    return [*root.findall("dynamicObstacle"), *(o for o in root.findall("obstacle") if o.findtext("role") == "dynamic")]


def standing(root: ElementTree.Element) -> list[ElementTree.Element]:
    return [*root.findall("staticObstacle"), *(o for o in root.findall("obstacle") if o.findtext("role") == "static")]


def test_every_recorded_state_is_kept_at_its_time_stamp(name: str) -> None:
    path = real_file(name)
    imported, root = read_commonroad(path), tree_of(path)
    assert imported.offset_m == (0.0, 0.0)
    assert list(imported.tracks) == sorted((o.get("id", "") for o in moving(root)), key=list(imported.tracks).index)
    for obstacle in moving(root):
        track = imported.tracks[obstacle.get("id", "")]
        states = states_of(obstacle)
        assert track.times_us.tolist() == [step * 100_000 for step, *_ in states]
        for row, (_, x, y, yaw, speed) in enumerate(states):
            assert math.hypot(track.poses[row, 0] - x, track.poses[row, 1] - y) <= 1e-9
            assert abs(math.remainder(track.poses[row, 2] - yaw, 2.0 * math.pi)) <= 1e-9
            assert speed is None or track.speed_mps[row] == speed


def test_everybody_in_the_file_is_an_actor_or_named_as_the_ego(name: str) -> None:
    path = real_file(name)
    imported, root = read_commonroad(path), tree_of(path)
    replayed = {actor.track for actor in imported.actors if actor.track is not None}
    dropped = {o.get("id") for o in moving(root)} - replayed
    assert dropped == ({imported.reference} if imported.reference else set())
    assert sum(actor.track is None for actor in imported.actors) == len(standing(root))
    for key in dropped:
        assert any(f"_{key} starts where the ego does" in note for note in imported.notes)


def test_extents_and_kinds_are_the_files(name: str) -> None:
    path = real_file(name)
    imported, root = read_commonroad(path), tree_of(path)
    boxes = {o.get("id"): o for o in moving(root)}
    for actor in imported.actors:
        if actor.track is None:
            continue
        box = boxes[actor.track]
        word = box.findtext("type")
        assert actor.kind is (ActorKind[str(word).upper()])
        radius = box.findtext("shape/circle/radius")
        sides = (
            [float(radius) * 2.0] * 2
            if radius
            else [float(box.findtext(f"shape/rectangle/{k}") or 0) for k in ("length", "width")]
        )
        assert actor.extent[:2] == pytest.approx(sides)


def test_lanes_are_the_lanelets(name: str) -> None:
    path = real_file(name)
    imported, root = read_commonroad(path), tree_of(path)
    lanelets = root.findall("lanelet")
    assert [lane.id for lane in imported.road.lanes] == [element.get("id") for element in lanelets]
    for lane, element in zip(imported.road.lanes, lanelets, strict=True):
        for points, tag in ((lane.left, "leftBound"), (lane.right, "rightBound")):
            in_file = [
                [float(p.findtext("x") or 0), float(p.findtext("y") or 0)] for p in element.findall(f"{tag}/point")
            ]
            distances = np.hypot(*(points[:, None] - np.array(in_file)[None]).transpose(2, 0, 1))
            assert distances.min(axis=0).max() < 1e-6
            assert distances.min(axis=1).max() < 1e-6
        np.testing.assert_allclose(lane.centre, 0.5 * (lane.left + lane.right))
        assert list(lane.successors) == [child.get("ref") for child in element.findall("successor")]
        assert list(lane.predecessors) == [child.get("ref") for child in element.findall("predecessor")]


def test_neighbours_and_successors_agree_from_both_sides(name: str) -> None:
    road = read_commonroad(real_file(name)).road
    lanes = {lane.id: lane for lane in road.lanes}
    for lane in road.lanes:
        assert all(lane.id in lanes[other].predecessors for other in lane.successors)
        assert all(lane.id in lanes[other].successors for other in lane.predecessors)
        for side, opposite in (("left_neighbour", "right_neighbour"), ("right_neighbour", "left_neighbour")):
            neighbour = getattr(lane, side)
            if neighbour is not None:
                back = getattr(lanes[neighbour.lane], opposite if neighbour.same_direction else side)
                assert back is not None and back.lane == lane.id and back.same_direction == neighbour.same_direction


def test_the_ego_starts_where_the_problem_says(name: str) -> None:
    path = real_file(name)
    imported, root = read_commonroad(path), tree_of(path)
    initial = root.find("planningProblem/initialState")
    assert initial is not None
    x, y = (float(initial.findtext(f"position/point/{axis}") or 0) for axis in "xy")
    assert imported.ego_pose == (x, y, exact(initial, "orientation"))
    assert imported.ego_speed_mps == exact(initial, "velocity")
    end = root.findtext("planningProblem/goalState/time/intervalEnd")
    assert imported.time_limit_s == imported.goal.before_s == pytest.approx(float(end or 0) * 0.1, abs=1e-12)


def test_what_is_written_reads_back_to_the_bit(name: str, tmp_path: Path) -> None:
    imported = read_commonroad(real_file(name))
    written = write_import(imported, tmp_path)
    assert written.name == f"{name}.scn.yaml"
    road = load_map((tmp_path / f"{name}.map.json").read_text(encoding="utf-8"), name)
    assert [lane.id for lane in road.lanes] == [lane.id for lane in imported.road.lanes]
    for read, lane in zip(road.lanes, imported.road.lanes, strict=True):
        assert (read.left == lane.left).all() and (read.right == lane.right).all()
        assert (read.kind, read.speed_limit_mps, read.signal) == (lane.kind, lane.speed_limit_mps, lane.signal)
    if imported.tracks:
        tracks = load_tracks((tmp_path / f"{name}.tracks.npz").read_bytes(), name)
        assert list(tracks) == list(imported.tracks)
        for key, track in tracks.items():
            assert (track.poses == imported.tracks[key].poses).all()
            assert (track.times_us == imported.tracks[key].times_us).all()


def read(name: str) -> ImportedScenario:
    return read_commonroad(real_file(name))


def test_lights_of_lankershim_turn_as_the_cycle_says() -> None:
    road = read("USA_Lanker-1_3_T-1").road
    light = next(signal for signal in road.signals if signal.id == "11522")
    assert light.position == (17.0538, -47.6611)
    assert [(phase.colour, round(phase.duration_s, 9)) for phase in light.phases] == [
        (SignalColour.GREEN, 17.0),
        (SignalColour.YELLOW, 3.0),
        (SignalColour.RED, 80.0),
    ]
    assert light.offset_s == pytest.approx(79.0)
    row = [signal.id for signal in road.signals].index("11522")
    # the cycle of 100 s begins at 79 s, so at time zero 21 s of it have passed: red since 1 s
    assert road.signal_colours(0)[row] == SignalColour.RED
    assert road.signal_colours(79_500_000)[row] == SignalColour.GREEN
    assert road.signal_colours(97_000_000)[row] == SignalColour.YELLOW


def test_speed_limits_come_from_lanelets_in_2018b_and_from_signs_in_2020a() -> None:
    old, new = read("USA_Lanker-1_1_T-1").road, read("USA_Lanker-1_3_T-1").road
    assert {lane.speed_limit_mps for lane in old.lanes} == {11.176, 13.4112}
    assert {lane.speed_limit_mps for lane in new.lanes} <= {11.176, 13.4112, math.inf}
    assert sum(math.isfinite(lane.speed_limit_mps) for lane in new.lanes) > 80


def test_lanes_at_crossings_are_in_the_junction_and_stop_lines_end_lanes() -> None:
    road = read("USA_Lanker-1_3_T-1").road
    assert any(lane.in_junction for lane in road.lanes)
    stopped = [lane for lane in road.lanes if lane.stop_line is not None]
    in_file = [
        e.get("id") for e in tree_of(real_file("USA_Lanker-1_3_T-1")).iter("lanelet") if e.find("stopLine") is not None
    ]
    assert [lane.id for lane in stopped] == in_file
    assert all(lane.signal >= 0 for lane in stopped)
    assert all(
        (lane.stop_line == [lane.left[-1], lane.right[-1]]).all() for lane in stopped if lane.stop_line is not None
    )


def test_sidewalks_are_not_for_vehicles() -> None:
    root = tree_of(real_file("OSC_PedestrianCollision-1_1_T-1"))
    walks = {e.get("id") for e in root.iter("lanelet") if "sidewalk" in [t.text for t in e.findall("laneletType")]}
    lanes = read("OSC_PedestrianCollision-1_1_T-1").road.lanes
    assert walks and walks == {lane.id for lane in lanes if lane.kind is LaneKind.SIDEWALK}


def test_the_recorded_ego_is_the_reference() -> None:
    imported = read("OSC_PedestrianCollision-1_1_T-1")
    assert imported.reference == "34"
    assert [actor.kind for actor in imported.actors] == [ActorKind.PEDESTRIAN]
    assert imported.tracks["34"].poses[0, :2].tolist() == list(imported.ego_pose[:2])
