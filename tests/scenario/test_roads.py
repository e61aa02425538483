"""Roads that draws share: the same one for files that say the same of it, another one for whatever makes it differ."""

from __future__ import annotations

import numpy as np
import pytest
from scenario_files import PLAIN

from alpasim.road.mapfile import dump_map
from alpasim.scenario.concrete import Scenario
from alpasim.scenario.loading import load_scenario
from alpasim.scenario.roads import MOST_ROADS

ROAD = "{motorway: {lanes: 3, length_m: 900, speed_limit_kph: 120}}"


def drawn(write, text: str, name: str = "case.scn.yaml", seed: int = 0) -> Scenario:
    return load_scenario(write(text, name)).concrete(seed)


def of_length(length_m: int) -> str:
    return PLAIN.replace("900", f"{length_m}")


def test_files_that_say_the_same_of_their_road_share_it(write) -> None:
    first = drawn(write, PLAIN)
    other = drawn(write, PLAIN.replace("title:", "notes: [of another file]\ntitle:"), "other.scn.yaml", seed=3)
    assert other.road is first.road
    assert other.ego.route is first.ego.route


@pytest.mark.parametrize(
    "added",
    [
        "surfaces: [{from_s_m: 50, to_s_m: 60, friction: 0.3}]",
        "relief: [speed_bump: {s_m: 90, height_m: 0.05}]",
        "environment: {terrain: sand}",
    ],
    ids=lambda added: added.partition(":")[0],
)
def test_what_lies_on_a_road_makes_it_another(write, added: str) -> None:
    plain, other = drawn(write, PLAIN), drawn(write, f"{PLAIN}{added}\n", "other.scn.yaml")
    assert other.road is not plain.road
    assert drawn(write, PLAIN).road is plain.road


def test_a_map_is_known_by_its_bytes_and_not_by_its_name_alone(write) -> None:
    written = dump_map(drawn(write, PLAIN).road)
    roads = []
    for folder, text in (("a", written), ("b", written), ("c", written + "\n")):
        write(text, f"{folder}/road.map.json")
        roads.append(drawn(write, PLAIN.replace(ROAD, "{map: {file: road.map.json}}"), f"{folder}/case.scn.yaml").road)
    assert roads[1] is roads[0]
    assert roads[2] is not roads[0]


def test_a_scenario_that_is_held_keeps_its_road(write) -> None:
    held = load_scenario(write(PLAIN))
    first = held.concrete(0)
    for number in range(MOST_ROADS):
        drawn(write, of_length(901 + number), f"other_{number}.scn.yaml")
    assert held.concrete(1).road is first.road
    assert drawn(write, PLAIN, "same.scn.yaml").road is first.road


def test_no_more_roads_are_kept_than_said_and_one_that_made_way_is_built_alike(write) -> None:
    first = drawn(write, of_length(900), "first.scn.yaml")
    for number in range(MOST_ROADS):
        drawn(write, of_length(901 + number), f"other_{number}.scn.yaml")
    again = drawn(write, of_length(900), "first.scn.yaml")
    assert again.road is not first.road
    assert again.content_hash == first.content_hash
    for one, two in zip(again.road.lanes, first.road.lanes, strict=True):
        assert np.array_equal(one.centre, two.centre)
        assert one.id == two.id
    assert np.array_equal(again.ego.route.centre, first.ego.route.centre)
