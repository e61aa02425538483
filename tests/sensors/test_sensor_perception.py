"""Object perception: who is on the list and when, noise against its sigma, ids over gaps, repeats, bad input."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from builders import Body, Frame, Scene, make_scenario, make_state

from alpasim.errors import InputError
from alpasim.scenario.concrete import Environment, PerceptionChoice, Scenario
from alpasim.scenario.senses import LevelWord, PerceptionModel
from alpasim.sensors.perception import GOOD, LEVELS, TRUTH, Perception, figures_of, sight_of
from alpasim.sensors.suite import Senses
from alpasim.types import Tracks, WorldState

SEED = np.random.SeedSequence(5, spawn_key=(1,))
VAN = (6.0, 2.0, 2.5)
CHILD = (0.4, 0.4, 1.2)


def scenario_with(
    actors: int, level: str = "truth", environment: Environment | None = None, **written: float
) -> Scenario:
    plain = make_scenario(Scene(actors=actors))
    return replace(plain, perception=PerceptionChoice(level, written), environment=environment or Environment())


def perception(actors: int, **written: float) -> Perception:
    scenario = scenario_with(actors, **written)
    return Perception(scenario, SEED, figures_of(scenario))


def child_at(y: float, step: int = 0) -> WorldState:
    van = Body(15, 3.0, extent=VAN, z=1.25)
    return make_state(Body(0), van, Body(19, y, extent=CHILD, z=0.6), step=step)


def heights(tracks: Tracks) -> set[float]:
    return set(tracks.extent[:, 2].tolist())


def test_levels_of_the_file_and_of_the_table_are_the_same() -> None:
    assert get_args(LevelWord) == tuple(LEVELS)
    assert set(PerceptionModel.model_fields) - {"level"} == set(TRUTH.__dataclass_fields__)


def test_truth_is_the_plain_object_list() -> None:
    scenario = scenario_with(2, environment=Environment(rain=1.0, visibility_m=20.0, light="night"))
    assert figures_of(scenario) == TRUTH
    assert Senses(scenario, ("objects",), SEED)._perception.__class__.__name__ == "ObjectSensor"


def test_a_child_behind_a_van_is_not_on_the_list_until_it_is_partly_visible() -> None:
    one = perception(2, min_visible=0.1)
    assert heights(one.perceive(child_at(4.0, 0))) == {2.5}
    assert heights(one.perceive(child_at(2.0, 1))) == {2.5, 1.2}
    assert heights(perception(2).perceive(child_at(4.0))) == {2.5, 1.2}


def test_range_and_view() -> None:
    others = (Body(30), Body(61), Body(-30), Body(30, 30.5), Body(30, -29.5))
    state = make_state(Body(0), *others)
    found = perception(5, range_m=60.0, fov_deg=90.0).perceive(state)
    assert found.position[:, :2].tolist() == [[30, 0], [30, -29.5]]
    occluding = perception(5, range_m=60.0, fov_deg=90.0, min_visible=0.99).perceive(state)
    assert occluding.position[:, :2].tolist() == [[30, 0]]


@pytest.mark.parametrize("yaw", [0.0, 2.5])
def test_turning_the_scene_changes_nothing_but_the_frame(yaw: float) -> None:
    frame = Frame(yaw, 300.0, -40.0)
    others = (Body(30), Body(45, 1), Body(61), Body(-30), Body(30, 30.5))
    plain = perception(5, fov_deg=120.0, min_visible=0.2).perceive(make_state(Body(0), *others))
    moved = perception(5, fov_deg=120.0, min_visible=0.2).perceive(make_state(Body(0), *others, frame=frame))
    assert moved.ids.tolist() == plain.ids.tolist()
    assert moved.position[:, :2] == pytest.approx(frame.points(plain.position[:, :2]))


def test_noise_has_the_spread_that_was_asked_for() -> None:
    one = perception(1, position_sigma_m=0.3, position_sigma_per_m=0.01, speed_sigma_mps=0.5)
    state = make_state(Body(0), Body(40, speed=7))
    seen = [one.perceive(state) for _ in range(4000)]
    place = np.array([tracks.position[0] for tracks in seen]) - [40.0, 0.0, 0.75]
    speed = np.array([tracks.velocity[0] for tracks in seen]) - [7.0, 0.0, 0.0]
    # Four standard errors of the mean and of the standard deviation of 4,000 draws.
    for errors, sigma in ((place, 0.3 + 0.01 * 40.0), (speed, 0.5)):
        assert abs(errors[:, :2].mean(axis=0)).max() < 4.0 * sigma / math.sqrt(4000)
        assert errors[:, :2].std(axis=0) == pytest.approx(sigma, rel=4.0 / math.sqrt(8000))
        assert abs(np.corrcoef(errors[:, 0], errors[:, 1])[0, 1]) < 4.0 / math.sqrt(4000)
        assert abs(np.corrcoef(errors[:-1, 0], errors[1:, 0])[0, 1]) < 4.0 / math.sqrt(4000)
        assert not errors[:, 2].any()


def test_misses_come_at_their_rate_and_independently() -> None:
    one = perception(2, miss=0.2)
    state = make_state(Body(0), Body(40), Body(60))
    looks = [set(one.perceive(state).position[:, 0].tolist()) for _ in range(4000)]
    seen = np.array([[x in look for x in (40.0, 60.0)] for look in looks])
    for column in range(2):
        assert seen[:, column].mean() == pytest.approx(0.8, abs=4.0 * math.sqrt(0.16 / 4000))
    assert abs(np.corrcoef(seen.T.astype(float))[0, 1]) < 4.0 / math.sqrt(4000)


def test_false_detections_come_at_their_rate_in_range_and_belong_to_nobody() -> None:
    one = perception(1, false_per_minute=120.0, range_m=80.0)
    known, ghosts = one.track_rows, set()
    steps = 6000
    for step in range(steps):
        tracks = one.perceive(make_state(Body(0), Body(40), step=step))
        for track, place in zip(tracks.ids.tolist(), tracks.position, strict=True):
            if track not in known:
                ghosts.add((track, place[0], place[1]))
                assert math.hypot(place[0], place[1]) <= 80.0
    expected = steps * (1.0 - math.exp(-2.0 * 0.1))
    assert len(ghosts) == pytest.approx(expected, abs=5.0 * math.sqrt(expected))


def test_false_detections_jitter_like_the_others_and_cannot_be_told_from_them() -> None:
    one = perception(1, false_per_minute=300.0, range_m=80.0, position_sigma_m=0.3, speed_sigma_mps=0.5)
    known, seen = one.track_rows, dict[int, list[np.ndarray]]()
    for step in range(4000):
        tracks = one.perceive(make_state(Body(0), Body(40), step=step))
        for number, track in enumerate(tracks.ids.tolist()):
            if track not in known:
                seen.setdefault(track, []).append(np.array([*tracks.position[number], *tracks.velocity[number]]))
    steps = np.concatenate([np.diff(looks, axis=0) for looks in seen.values()])
    # A number comes again after 256 others, elsewhere.
    still = steps[(np.hypot(steps[:, 0], steps[:, 1]) < 3.0) & (steps[:, 2] == 0.0)]
    assert len(still) > 3000
    # The difference of two draws has twice the variance of one.
    assert still[:, :2].std(axis=0) == pytest.approx(0.3 * math.sqrt(2.0), rel=0.05)
    assert still[:, 3:5].std(axis=0) == pytest.approx(0.5 * math.sqrt(2.0), rel=0.05)
    assert not still[:, 5].any()


def test_delay_shows_the_world_as_it_was() -> None:
    one = perception(1, delay_s=0.3)
    seen = [one.perceive(make_state(Body(0), Body(40.0 + step), step=step)) for step in range(6)]
    assert [len(tracks.ids) for tracks in seen] == [0, 0, 0, 1, 1, 1]
    assert [float(tracks.position[0, 0]) for tracks in seen[3:]] == [40.0, 41.0, 42.0]


def test_a_delay_between_steps_is_refused() -> None:
    with pytest.raises(InputError, match=r"perception.delay_s: found 0.25 s, expected a whole multiple .* 0.1 s"):
        perception(1, delay_s=0.25)


@pytest.mark.parametrize(("gap", "same"), [(1, True), (10, True), (11, False), (40, False)])
def test_ids_survive_gaps_up_to_the_memory(gap: int, same: bool) -> None:
    one = perception(1, memory_s=1.0)
    first = one.perceive(make_state(Body(0), Body(40), step=0)).ids[0]
    for step in range(1, gap + 1):
        assert not len(one.perceive(make_state(Body(0), Body(40, present=False), step=step)).ids)
    again = one.perceive(make_state(Body(0), Body(40), step=gap + 1)).ids[0]
    assert bool(first == again) is same


def test_every_id_that_comes_up_is_known_from_the_start_and_belongs_to_one_actor() -> None:
    one = perception(3, memory_s=0.2, miss=0.5)
    known = one.track_rows
    assert not set(known) & {0, 1, 2, 3}
    seen: dict[float, set[int]] = {}
    for step in range(290):
        tracks = one.perceive(make_state(Body(0), Body(40), Body(60), Body(80), step=step))
        for track, x in zip(tracks.ids.tolist(), tracks.position[:, 0], strict=True):
            seen.setdefault(float(x), set()).add(track)
            assert known[track] == {40.0: 1, 60.0: 2, 80.0: 3}[float(x)]
    assert all(len(ids) > 5 for ids in seen.values()), "the ids never changed"


@pytest.mark.parametrize("level", [level for level in LEVELS if level != "truth"])
def test_a_reset_repeats_to_the_bit_and_another_seed_differs(level: str) -> None:
    scenario = scenario_with(3, level, false_per_minute=60.0)
    one = Perception(scenario, SEED, figures_of(scenario))
    other = Perception(scenario, np.random.SeedSequence(6, spawn_key=(1,)), figures_of(scenario))

    def drive(sense: Perception) -> list[bytes]:
        sense.reset()
        states = [make_state(Body(0), Body(40 - s), Body(30, 4), Body(36, 5), step=s) for s in range(40)]
        seen = [sense.perceive(state) for state in states]
        return [t.ids.tobytes() + t.position.tobytes() + t.velocity.tobytes() for t in seen]

    first = drive(one)
    assert drive(one) == first
    assert drive(other) != first


def test_everything_is_read_only() -> None:
    tracks = perception(1, position_sigma_m=0.1, false_per_minute=600.0).perceive(make_state(Body(0), Body(40)))
    for name in ("ids", "kinds", "position", "yaw", "velocity", "extent"):
        assert not getattr(tracks, name).flags.writeable


def test_weather_takes_what_its_table_says_and_a_written_figure_holds() -> None:
    night = figures_of(scenario_with(1, "night"))
    assert night.range_m == pytest.approx(0.6 * GOOD.range_m)
    assert night.position_sigma_m == pytest.approx(GOOD.position_sigma_m / 0.6)
    assert night.miss == pytest.approx(1.0 - 0.98 * 0.97)
    assert figures_of(scenario_with(1, "fog")).range_m == pytest.approx(80.0)
    assert figures_of(scenario_with(1, "good", Environment(visibility_m=40.0))).range_m == pytest.approx(40.0)
    assert figures_of(scenario_with(1, "good", Environment(light="night"))) == night
    assert figures_of(scenario_with(1, "fog", range_m=120.0)).range_m == 120.0
    worst = figures_of(scenario_with(1, "rainy_night"))
    assert worst.range_m < night.range_m and worst.miss > night.miss


def test_the_figures_of_the_levels_are_those_of_the_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "senses.md").read_text()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("| `")]
    said = {row[0].strip("`"): row for row in rows}
    for level in ("rainy", "night", "rainy_night", "fog"):
        _, _, reach, errors, miss = said[level]
        figures, times = figures_of(scenario_with(0, level)), float(errors.split()[0]) if "times" in errors else 1.0
        assert figures.range_m == float(reach)
        assert round(figures.miss, 3) == float(miss)
        for name in ("position_sigma_m", "position_sigma_per_m", "speed_sigma_mps"):
            assert round(getattr(figures, name) / getattr(GOOD, name), 2) == times


def test_unknown_levels_and_figures_are_named() -> None:
    with pytest.raises(InputError, match="did you mean 'rainy'"):
        figures_of(scenario_with(1, "rainny"))
    with pytest.raises(InputError, match="did you mean 'range_m'"):
        figures_of(scenario_with(1, rang_m=3.0))


def test_a_driver_is_told_the_data_sheet_and_what_the_weather_leaves_of_it() -> None:
    truth = sight_of(scenario_with(1, "truth", Environment(rain=1.0, light="night")))
    assert (truth.range_m, truth.clear_range_m, truth.position_sigma_m, truth.delay_s) == (200.0, 200.0, 0.0, 0.0)
    night = sight_of(scenario_with(1, "rainy_night"))
    # 150 m; rain of 0.5 takes 15 % of the range and 20 % of the contrast, night 40 % of each.
    assert (night.range_m, night.clear_range_m) == (pytest.approx(150.0 * 0.85 * 0.6), 150.0)
    assert night.position_sigma_m == pytest.approx(0.2 / (0.8 * 0.6))
    assert night.position_sigma_per_m == pytest.approx(0.002 / (0.8 * 0.6))
    assert night.speed_sigma_mps == pytest.approx(0.23 / (0.8 * 0.6))
    assert (night.delay_s, night.period_s, night.field_of_view_rad) == (0.1, 0.1, pytest.approx(2.0 * math.pi))
    own = sight_of(scenario_with(1, "fog", range_m=60.0, fov_deg=90.0))
    assert (own.range_m, own.clear_range_m, own.field_of_view_rad) == (60.0, 60.0, pytest.approx(0.5 * math.pi))
