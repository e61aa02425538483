"""A written import is a scenario like any other: it loads, its drive has a route, and nothing changed on the way."""

from __future__ import annotations

import math
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from commonroad_xml import FILES, document, dynamic, goal, problem, real_file, state, static, write

from alpasim.importers.commonroad import read_commonroad, write_import
from alpasim.scenario.loading import load_scenario
from alpasim.traffic.replay import PRESENT, track_table


@pytest.mark.parametrize("name", FILES)
def test_every_real_file_becomes_a_scenario(name: str, tmp_path: Path) -> None:
    imported = read_commonroad(real_file(name))
    scenario = load_scenario(write_import(imported, tmp_path)).concrete(0)
    assert scenario.ego.pose == pytest.approx(imported.ego_pose, abs=1e-9)
    assert scenario.ego.speed_mps == imported.ego_speed_mps
    assert scenario.time_limit_s == imported.time_limit_s
    assert (scenario.ego.goal.after_s, scenario.ego.goal.before_s) == (imported.goal.after_s, imported.goal.before_s)
    assert scenario.ego.goal.speed_mps == imported.goal.speed_mps
    assert scenario.ego.goal.heading_rad == imported.goal.heading_rad
    assert [region.tolist() for region in scenario.ego.goal.regions] == [r.tolist() for r in imported.goal.regions]
    assert (scenario.reference is not None) == (imported.reference is not None)
    assert [actor.name for actor in scenario.actors] == [actor.name for actor in imported.actors]
    for actor, source in zip(scenario.actors, imported.actors, strict=True):
        assert actor.kind is source.kind and actor.extent == pytest.approx(source.extent, abs=1e-6)
        if source.track is None:
            assert actor.pose == pytest.approx(source.pose, abs=1e-9)
        else:
            assert actor.track is not None
            assert (actor.track.poses == imported.tracks[source.track].poses).all()
    assert scenario.ego.route.goal_s > scenario.ego.route.start_s


@pytest.mark.parametrize(
    "parts",
    [
        {"obstacles": static(1) + static(2)},
        {"obstacles": dynamic(initial=state(30, 10.0, 0.0, tag="initialState"), states=state(31, 11.0, 0.0))},
        {"problems": problem(goals=goal(""))},
        {"problems": problem(goals=goal('<lanelet ref="2"/>', time=None))},
        {"dt": 0.2, "obstacles": ""},
    ],
    ids=["standing on each other", "arrives where the ego was", "time alone", "a lane and no time", "nobody else"],
)
def test_odd_files_become_scenarios_too(parts: dict[str, object], tmp_path: Path) -> None:
    imported = read_commonroad(write(tmp_path, document(**parts)))  # type: ignore[arg-type]
    scenario = load_scenario(write_import(imported, tmp_path / "out")).concrete(0)
    assert len(scenario.actors) == len(imported.actors)


@pytest.mark.parametrize("name", FILES)
def test_replay_is_at_the_recorded_places_and_there_only_while_recorded(name: str, tmp_path: Path) -> None:
    path = real_file(name)
    scenario = load_scenario(write_import(read_commonroad(path), tmp_path)).concrete(0)
    elements = {element.get("id"): element for element in ElementTree.parse(path).getroot()}
    steps = np.arange(120)
    for actor in scenario.actors:
        if actor.track is None:
            continue
        recorded = {
            int(state.findtext("time/exact") or 0): [
                float(state.findtext(f"position/point/{axis}") or 0) for axis in "xy"
            ]
            for tag in ("initialState", "trajectory/state")
            for state in elements[actor.name.split("_")[-1]].findall(tag)
        }
        table = track_table(actor.track, steps * scenario.dt_us)
        assert [step for step in steps.tolist() if table[step, PRESENT]] == sorted(recorded)
        for step, place in recorded.items():
            assert math.dist(table[step, :2], place) <= 1e-9
