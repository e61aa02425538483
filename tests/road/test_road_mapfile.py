"""Map files: nothing is lost on the way out and back, and damage is named with its place."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from roads import EVERY_FORM, recorded_parameters, road_of

from alpasim.errors import InputError
from alpasim.importers.commonroad import read_commonroad
from alpasim.road.mapfile import dump_map, load_map
from alpasim.road.network import RoadNetwork, SurfacePatch
from alpasim.road.unlevel import Bump, CrossSlope, Grade, Part, Raised


def equal(first: Any, second: Any) -> bool:
    if isinstance(first, np.ndarray):
        return isinstance(second, np.ndarray) and first.dtype == second.dtype and first.tobytes() == second.tobytes()
    if dataclasses.is_dataclass(first):
        return type(first) is type(second) and all(
            equal(getattr(first, field.name), getattr(second, field.name)) for field in dataclasses.fields(first)
        )
    if isinstance(first, tuple):
        return isinstance(second, tuple) and len(first) == len(second) and all(map(equal, first, second))
    return bool(first == second and type(first) is type(second))


def check_round_trip(road: RoadNetwork) -> None:
    text = dump_map(road)
    back = load_map(text, "test")
    assert equal(back.lanes, road.lanes)
    assert equal(back.signals, road.signals)
    assert equal(back.surfaces, road.surfaces)
    assert equal(tuple(back.courses.values()), tuple(road.courses.values()))
    assert list(back.courses) == list(road.courses)
    assert equal(back.parts, road.parts)
    assert dump_map(back) == text


@pytest.mark.parametrize("form", EVERY_FORM)
def test_authored_roads_come_back_to_the_bit(form: str) -> None:
    road = road_of(EVERY_FORM[form])
    ice = SurfacePatch(np.array([[0.1, 0.2], [1.0 / 3.0, 0.0], [0.0, 1e-17]]), 0.1, "ice")
    check_round_trip(RoadNetwork(road.lanes, road.signals, [ice], list(road.courses.values())))


def test_relief_comes_back_to_the_bit() -> None:
    road = road_of(EVERY_FORM["straight"])
    line, ring = road.courses["main"].reference, np.array([[0.1, 0.2], [1.0 / 3.0, 0.0], [0.0, 1e-17]])
    parts: list[Part] = [
        Grade(line, 10.0, 90.0, -0.1, 1.0 / 3.0),
        CrossSlope(line, 20.0, 80.0, 0.03, 7.0, -6.0, 4.0),
        Raised(ring, -0.1, 0.2, "pothole"),
        Bump(50.0, -1.0, 0.3, 3.7, 0.1, 1.5, 2.5),
    ]
    road = RoadNetwork(road.lanes, courses=list(road.courses.values()), parts=[*road.parts, *parts])
    check_round_trip(road)
    points = np.random.default_rng(1).uniform((-5.0, -12.0), (205.0, 8.0), (500, 2))
    np.testing.assert_array_equal(load_map(dump_map(road), "test").heights(points), road.heights(points))


def test_a_map_that_says_nothing_of_relief_is_level() -> None:
    content = json.loads(dump_map(road_of(EVERY_FORM["straight"])))
    assert content.pop("relief") == [{"what": "sidewalks", "height": 0.12}]
    assert load_map(json.dumps(content), "test").relief.level
    assert "relief" not in json.loads(dump_map(road_of(EVERY_FORM["motorway"])))


@pytest.mark.parametrize("path", recorded_parameters())
def test_recorded_roads_come_back_to_the_bit(path: Path) -> None:
    check_round_trip(read_commonroad(path, drop_unsupported=True).road)


def damaged(**changes: Any) -> str:
    content = json.loads(dump_map(road_of(EVERY_FORM["straight"])))
    content["lanes"][2] |= changes
    return json.dumps(content)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"x.map.json:1:1: not JSON"),
        ("{", r"x.map.json:1:2: not JSON"),
        ("[]", "x.map.json: : Input should be an object"),
        ("{}", "schema: Field required"),
        ('{"schema": NaN}', "found NaN, expected finite"),
        ("[" * 100_000, "x.map.json"),
        (damaged(centre=[[0.0, 0.0], [1.0]]), r"lanes.2.centre.1.1: Field required"),
        (damaged(centre=[[0.0, 0.0], [1.0, "east"]]), "lanes.2.centre.1.1: .*found 'east'"),
        (
            damaged(centre=[[0.0, 0.0], [1.0, 0.0]]),
            r"lane 'main.2.0': centre, left and right have \(2, 41, 41\) points",
        ),
        (damaged(kind="drivng"), "lanes.2.kind"),
        (damaged(colour="red"), "lanes.2.colour: Extra inputs are not permitted"),
        (
            damaged(successors=["main.2.O"]),
            "'main.2.0': has successor 'main.2.O', which does not exist .did you mean 'main.2.0'",
        ),
        (damaged(signal=3), "signal is 3, expected -1 or a row of the 0 signals"),
        (damaged(speed_limit_mps=-1.0), r"speed limit is -1\.0 m/s"),
        (damaged(id="main.o1.0"), "lane 'main.o1.0' appears twice"),
    ],
)
def test_damage_is_named_with_its_place(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_map(text, "x.map.json")
