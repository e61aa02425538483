"""A preview shows what the file says, where it says it; every built-in scenario has one."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alpasim.cli.main import run_app
from alpasim.scenario.concrete import Scenario
from alpasim.scenario.conditions import in_force
from alpasim.scenario.loading import find_scenarios, load_scenario
from alpasim.types import WorldState
from alpasim.view import labels, palette
from alpasim.view import preview as preview_module
from alpasim.view.canvas import Sheet, UInt8Array, text_width
from alpasim.view.labels import Box, box_of, overlap
from alpasim.view.preview import WIDTH, preview
from alpasim.view.preview_panel import panel
from alpasim.view.start import event_words, known_time, places_of, route_of, state_at_start, ways_of

STREET = """\
schema: alpasim/scenario@1
title: A street with everything
road: {straight: {lanes: 2, length_m: 240, speed_limit_kph: 60}}
environment: {friction: 0.7, rain: 0.2, light: night}
surfaces: [{kind: ice, friction: 0.15, lane: 1, from_s_m: 150, to_s_m: 170}]
parameters:
  gap_m: {uniform: [20, 60]}
ego: {vehicle: sedan, lane: 1, s_m: 20, speed_kph: 50, goal: {s_m: 200}}
actors:
  lead: {kind: car, place: {ahead_of: ego, lane: same, gap_m: $gap_m, speed_kph: 36}, drive: follow}
  rider: {kind: bicycle, place: {lane: 2, s_m: 60}, drive: {path: {waypoints: [{lane: 2, s_m: 100, t_s: 12}]}}}
  walker: {kind: pedestrian, place: {lane: 1, s_m: 120, d_m: -4, off_road: true}}
events:
  - when: {position: {of: ego, s_m: 80}}
    then: {walker: {path: {waypoints: [{lane: 2, s_m: 120}]}}}
  - {when: {time: {after_s: 3}}, then: {lead: {stop: {decel_mps2: 4}}}}
  - {when: {distance: {of: ego, to: walker, below_m: 9}}, then: {lead: {speed: {to_kph: 30}}}}
faults: [{brake_loss: {from_s: 5, for_s: 4, strength: 0.5}}]
end: {time_limit_s: 20}
"""


@pytest.fixture
def street(tmp_path: Path) -> Path:
    file = tmp_path / "street.scn.yaml"
    file.write_text(STREET)
    return file


@pytest.fixture
def scenario(street: Path) -> Scenario:
    return load_scenario(street).concrete(0, {"gap_m": 30.0})


def pixels_of(picture: UInt8Array, colour: tuple[int, ...], within: int = 14) -> int:
    """How many pixels have about that colour."""
    return int((np.abs(picture.astype(int) - np.array(colour[:3])) <= within).all(axis=2).sum())


def test_everybody_stands_where_the_file_puts_them(scenario: Scenario) -> None:
    state = state_at_start(scenario)
    assert state.ids == ("ego", "lead", "rider", "walker")
    half = 0.5 * (state.extent[0, 0] + state.extent[1, 0])
    np.testing.assert_allclose(state.position[:, 0], [20.0, 50.0 + half, 60.0, 120.0], atol=1e-6)
    np.testing.assert_allclose(np.hypot(*state.velocity[:, :2].T) * 3.6, [50.0, 36.0, 0.0, 0.0], atol=1e-9)
    assert state.present.all()


def test_ways_route_and_places_are_those_of_the_file(scenario: Scenario) -> None:
    lead, rider, walker = ways_of(scenario)
    assert (lead.later, rider.later, walker.later) == (False, False, True)
    assert np.ptp(lead.points[:, 0]) == pytest.approx(36.0, abs=4.0)  # four seconds at 10 m/s, to the step before
    np.testing.assert_allclose(rider.points[:, 0], [60.0, 100.0])
    np.testing.assert_allclose(walker.points[:, 0], [120.0, 120.0])
    assert np.ptp(route_of(scenario)[:, 0]) == pytest.approx(180.0, abs=8.0)
    line, ring = places_of(scenario)
    np.testing.assert_allclose(line.points[:, 0], 80.0)
    assert np.ptp(line.points[:, 1]) == pytest.approx(7.0)
    assert (line.number, ring.number) == (1, 3)
    assert np.ptp(ring.points[:, 0]) == pytest.approx(2 * (9.0 + 0.3), abs=0.05)


def test_events_are_told_in_words_and_their_times_where_they_are_known(scenario: Scenario) -> None:
    assert [event_words(scenario, event) for event in scenario.events] == [
        "ego past s 80 m: walker sets out on its path",
        "after 3 s: lead brakes to a stop at 4.0 m/s²",
        "ego nearer than 9 m to walker: lead goes to 30 km/h",
    ]
    assert [known_time(event) for event in scenario.events] == [None, 3.0, None]
    assert in_force(scenario) == "friction 0.7 (ice 0.15), rain 0.2, night"


def test_of_many_patches_each_ground_is_told_once_and_the_rest_counted(tmp_path: Path) -> None:
    grounds = [("ice", 0.1), ("ice", 0.1), ("oil", 0.2), ("mud", 0.3), ("sand", 0.4), ("wet", 0.5)]
    laid = ", ".join(
        f"{{kind: {kind}, friction: {grip}, lane: 1, from_s_m: {10 * k}, to_s_m: {10 * k + 5}}}"
        for k, (kind, grip) in enumerate(grounds, 1)
    )
    file = tmp_path / "patchy.scn.yaml"
    begin, end = STREET.index("surfaces:"), STREET.index("parameters:")
    file.write_text(f"{STREET[:begin]}surfaces: [{laid}]\n{STREET[end:]}")
    told = "friction 0.7 (ice 0.1, oil 0.2, mud 0.3 and 2 more), rain 0.2, night"
    assert in_force(load_scenario(file).concrete(0)) == told


@pytest.mark.parametrize(("to_deg", "words"), [(90, "90°"), (-45.4, "315°"), (359.8, "0°")])
def test_wind_is_told_with_its_direction(street: Path, tmp_path: Path, to_deg: float, words: str) -> None:
    file = tmp_path / "windy.scn.yaml"
    file.write_text(street.read_text().replace("rain: 0.2", f"rain: 0.2, wind_mps: 12, wind_to_deg: {to_deg}"))
    assert (
        in_force(load_scenario(file).concrete(0)) == f"friction 0.7 (ice 0.15), rain 0.2, night, wind 12 m/s to {words}"
    )


def test_the_picture_holds_ego_goal_ways_triggers_faults_and_other_draws(street: Path, scenario: Scenario) -> None:
    picture = preview(scenario)
    assert picture.shape[1] == WIDTH and picture.dtype == np.uint8
    for colour, least in ((palette.EGO, 20), (palette.WAY, 100), (palette.TRIGGER, 60), (palette.INK_ALARM, 500)):
        assert pixels_of(picture, colour) > least, colour
    others = [load_scenario(street).concrete(seed) for seed in range(1, 5)]
    assert (preview(scenario, others)[: picture.shape[0]] != picture).any()
    np.testing.assert_array_equal(preview(scenario), picture)


def test_labels_in_dense_traffic_cover_neither_each_other_nor_anybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cars = "".join(
        f"  car_number_{lane}_{k}: {{kind: car, place: {{lane: {lane}, s_m: {20 + 8 * k}}}, drive: follow}}\n"
        for lane in (1, 3)
        for k in range(12)
    )
    waits = "".join(
        f"  - {{when: {{position: {{of: ego, s_m: {at}}}}}, then: {{car_number_1_0: {{stop: {{decel_mps2: 4}}}}}}}}\n"
        for at in (80, 81, 82)
    )
    file = tmp_path / "dense.scn.yaml"
    file.write_text(
        "schema: alpasim/scenario@1\ntitle: Dense\nroad: {motorway: {lanes: 3, length_m: 300, speed_limit_kph: 120}}\n"
        "surfaces: [{kind: ice, friction: 0.15, lane: 2, from_s_m: 75, to_s_m: 90}]\n"
        "relief: [{grade: {from_s_m: 70, to_s_m: 95, grade_percent: -7}}]\n"
        "ego: {vehicle: sedan, lane: 2, s_m: 60, speed_kph: 50, goal: {s_m: 150}}\n"
        f"actors:\n{cars}events:\n{waits}end: {{time_limit_s: 20}}\n"
    )
    written: list[tuple[str, Box]] = []
    covered: list[Box] = []

    def spy(sheet: Sheet, words: str, x: float, y: float) -> None:
        half = 0.5 * text_width(words, 12) + 6.0
        written.append((words, (x - half, y, x + half, y + 18.0)))

    def seen(sheet: Sheet, state: WorldState, row: int) -> Box:
        covered.append(box_of(sheet, state, row))
        return covered[-1]

    monkeypatch.setattr(labels, "plate", spy)
    monkeypatch.setattr(preview_module, "box_of", seen)
    preview(load_scenario(file).concrete(0))
    names = [words for words, _ in written]
    assert {"ego", "event 1", "event 2", "event 3", "ice 0.15", "7.0% down"} <= set(names)
    assert sum(name.startswith("car_number") for name in names) > 15
    boxes = [box for _, box in written]
    assert not any(overlap(one, other) for one, other in combinations(boxes, 2))
    assert not any(overlap(box, car) for box in boxes for car in covered)
    assert all(box[0] >= 0.0 and box[2] <= WIDTH for box in boxes)


def test_a_patch_is_named_where_it_lies() -> None:
    """A bow of four corners a side: its label stands at the arc, not at the corner of the box about it."""
    bow = np.array(
        [[0.0, 30.0], [10.0, 29.0], [20.0, 26.0], [30.0, 20.0], [34.0, 23.0], [22.0, 30.0], [11.0, 33.0], [0.0, 34.0]]
    )
    assert preview_module.span_at(bow, 15.0) == pytest.approx((27.5, 33.0 - 3.0 * 4.0 / 11.0))
    box = np.array([[0.0, 0.0], [40.0, 0.0], [40.0, 8.0], [0.0, 8.0]])
    assert preview_module.span_at(box, 20.0) == (0.0, 8.0)
    assert preview_module.span_at(box, 0.0) == (0.0, 8.0)


@pytest.mark.parametrize(
    "file", find_scenarios([Path("builtin")]), ids=lambda path: path.name.removesuffix(".scn.yaml")
)
def test_every_built_in_scenario_has_a_preview(file: Path) -> None:
    assert preview(load_scenario(file).concrete(0)).shape[1] == WIDTH


def test_the_command_writes_a_picture_and_refuses_what_it_cannot_draw(
    street: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "a" / "street.png"
    assert run_app(["preview", str(street), "--seed", "2", "--draws", "3", "--set", "walker=1", "--out", str(out)]) == 2
    assert "no parameter 'walker'" in capsys.readouterr().err
    assert run_app(["preview", str(street), "--draws", "3", "--out", str(out)]) == 0
    assert out.read_bytes().startswith(b"\x89PNG")
    assert run_app(["preview", "jaywalkr"]) == 2
    assert "did you mean 'jaywalker'" in capsys.readouterr().err


def test_every_fault_is_named_inside_the_picture_or_counted(
    street: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[tuple[str, float, float]] = []
    draw = Sheet.text

    def spy(sheet: Sheet, words: str, left: float, top: float, size: int, *rest: Any) -> int:
        wide = draw(sheet, words, left, top, size, *rest)
        written.append((words, left, left + wide))
        return wide

    monkeypatch.setattr(Sheet, "text", spy)
    wheels = ("front_left", "front_right", "rear_left", "rear_right")
    lasting = [f"puncture: {{wheel: {wheel}, from_s: {at}}}" for at in range(4) for wheel in wheels]
    for faults, told in ((lasting[:9], 9), (lasting[:12], 12), (lasting[:13], 11), (lasting, 11)):
        file = tmp_path / "failing.scn.yaml"
        text = STREET.replace("brake_loss: {from_s: 5, for_s: 4, strength: 0.5}", "}, {".join(faults))
        file.write_text(text.replace(", t_s: 12", ""))
        written.clear()
        sheet = panel(load_scenario(file).concrete(0), WIDTH, waits=True, ghosts=False)
        named = [line for line in written if line[0].startswith("fault: puncture")]
        assert len(named) == told
        assert all(left >= 0 and right <= sheet.size[0] for _, left, right in named)
        assert [line[0] for line in written if "more" in line[0]] == (
            [f"… and {len(faults) - told} more"] if len(faults) > told else []
        )
