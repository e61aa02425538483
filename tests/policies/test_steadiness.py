"""The reference driver's hold on a list that flickers, jitters or goes dark, and on lights that are not recognised."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from alpasim_policies import steadiness
from alpasim_policies.steadiness import BLIND_S, EXPECTED_BRAKING, HELD_S, LIGHTS_S, SteadyLights, SteadyTracks
from alpasim_policies.surroundings import TrackMemory, go_on_remembering

from alpasim.policy.loading import load_policy
from alpasim.rollout import run_rollout
from alpasim.scenario.loading import find_scenarios, load_scenario
from alpasim.types import ActorKind, SignalColour, Tracks

DT_S = 0.1
FILES = {file.name.partition(".")[0]: file for file in find_scenarios([Path("builtin")])}


def tracks(*rows: tuple[int, float, float, float, float]) -> Tracks:
    """A list of id, x, y, vx, vy."""
    table = np.array(rows, dtype=np.float64).reshape(-1, 5)
    zeros = np.zeros((len(table), 1))
    return Tracks(
        ids=table[:, 0].astype(np.int64),
        kinds=np.full(len(table), int(ActorKind.CAR), dtype=np.int64),
        position=np.hstack((table[:, 1:3], zeros + 0.7)),
        yaw=np.zeros(len(table)),
        velocity=np.hstack((table[:, 3:5], zeros)),
        extent=np.tile([4.5, 1.8, 1.4], (len(table), 1)),
    )


def rolling(step: int, *, braking: float = 0.0) -> tuple[int, float, float, float, float]:
    """A car that was at x = 0 with 20 m/s, and brakes."""
    time_s = step * DT_S
    return (7, 20.0 * time_s - 0.5 * braking * time_s**2, 0.0, 20.0 - braking * time_s, 0.0)


@pytest.mark.parametrize("braking", [0.0, 8.0])
def test_a_true_list_is_passed_on_as_it_is(braking: float) -> None:
    steady = SteadyTracks()
    for step in range(20):
        given = tracks(rolling(step, braking=braking), (9, 5.0, 4.0, 0.0, 0.0))
        assert steady.update(given, DT_S) is given
    assert not steady.noisy


def test_a_missing_track_is_held_at_its_speed_for_a_moment() -> None:
    steady = SteadyTracks()
    for step in range(10):
        steady.update(tracks(rolling(step), (9, 5.0, 4.0, 0.0, 0.0)), DT_S)
    for step in range(10, 15):
        held = steady.update(tracks((9, 5.0, 4.0, 0.0, 0.0)), DT_S)
        assert sorted(held.ids.tolist()) == [7, 9]
        row = held.ids.tolist().index(7)
        assert held.position[row] == pytest.approx([2.0 * step, 0.0, 0.7])
        assert held.velocity[row, 0] == 20.0
        assert held.extent[row] == pytest.approx([4.5, 1.8, 1.4])
    assert steady.update(tracks((9, 5.0, 4.0, 0.0, 0.0)), DT_S).ids.tolist() == [9]
    assert round(HELD_S / DT_S) == 5


def test_who_was_seen_for_a_moment_only_is_not_held() -> None:
    steady = SteadyTracks()
    for step in range(3):
        steady.update(tracks((9, 5.0, 4.0, 0.0, 0.0), rolling(step)), DT_S)
    assert steady.update(tracks((9, 5.0, 4.0, 0.0, 0.0)), DT_S).ids.tolist() == [9]


def test_an_empty_list_that_came_is_an_empty_road_and_no_blindness() -> None:
    steady = SteadyTracks()
    for step in range(10):
        steady.update(tracks(rolling(step)), DT_S, came=True)
    held = [steady.update(tracks(), DT_S, came=True) for _ in range(round(HELD_S / DT_S) + 1)]
    assert [len(one.ids) for one in held] == [1] * round(HELD_S / DT_S) + [0]
    assert held[-2].velocity[0, 0] == 20.0, "whoever drives out of sight is not taken to brake"


def test_a_blind_driver_expects_braking() -> None:
    steady = SteadyTracks()
    for step in range(10):
        steady.update(tracks(rolling(step)), DT_S)
    found = [steady.update(tracks(), DT_S) for _ in range(round(BLIND_S / DT_S) + 1)]
    assert all(one.ids.tolist() == [7] for one in found[:-1])
    assert len(found[-1].ids) == 0
    at_s = 2.0
    held = found[round(at_s / DT_S) - 1]
    assert held.velocity[0, 0] == pytest.approx(20.0 - EXPECTED_BRAKING * at_s)
    expected = 20.0 * (0.9 + at_s) - 0.5 * EXPECTED_BRAKING * at_s**2
    assert held.position[0, 0] == pytest.approx(expected, abs=0.5 * EXPECTED_BRAKING * at_s * DT_S + 1e-9)


def jittered(rng: np.random.Generator, step: int) -> Tracks:
    x, y, vx, vy = (0.4, 0.4, 0.45, 0.45) * rng.standard_normal(4)
    u, v, p, q = (0.4, 0.4, 0.45, 0.45) * rng.standard_normal(4)
    return tracks((7, 1.0 * step + x, y, 10.0 + vx, vy), (9, 60.0 + u, 3.0 + v, p, q))


def test_a_list_that_jitters_is_smoothed_and_who_stands_stands() -> None:
    rng, steady = np.random.default_rng(4), SteadyTracks()
    raw, smooth, standing = [], [], []
    for step in range(400):
        given = jittered(rng, step)
        found = steady.update(given, DT_S)
        if step >= 40:
            raw.append(given.velocity[0, 0] - 10.0)
            smooth.append(found.velocity[0, 0] - 10.0)
            standing.append(bool((found.velocity[1] == 0.0).all()))
    assert steady.noisy
    assert steady.jitter_mps / 1.13 == pytest.approx(0.45, rel=0.25)
    assert math.sqrt(np.mean(np.square(smooth))) < 0.7 * math.sqrt(np.mean(np.square(raw)))
    assert abs(np.mean(smooth)) < 0.05
    assert np.mean(standing) > 0.85


def test_a_saved_memory_goes_on_as_if_nothing_had_been() -> None:
    rng = np.random.default_rng(1)
    lists = [jittered(rng, step) for step in range(30)] + [tracks()] * 10
    whole, first, second = SteadyTracks(), SteadyTracks(), SteadyTracks()
    expected = [whole.update(one, DT_S) for one in lists]
    for one in lists[:25]:
        first.update(one, DT_S)
    second.load(json.loads(json.dumps(first.save())))
    for one, wanted in zip(lists[25:], expected[25:], strict=True):
        found = second.update(one, DT_S)
        assert all((getattr(found, name) == getattr(wanted, name)).all() for name in ("ids", "position", "velocity"))


def lights(*colours: SignalColour) -> np.ndarray:
    return np.array(colours, dtype=np.int64)


def test_lights_that_are_not_recognised_are_remembered_for_a_while() -> None:
    red, green, off = SignalColour.RED, SignalColour.GREEN, SignalColour.OFF
    steady = SteadyLights()
    assert steady.update(lights(off, off), DT_S).tolist() == [off, off]
    assert steady.update(lights(red, green), DT_S).tolist() == [red, green]
    held = [steady.update(lights(off, off), DT_S).tolist() for _ in range(round(LIGHTS_S / DT_S) + 2)]
    assert held[0] == held[-3] == [red, SignalColour.YELLOW]
    assert held[-1] == [off, off]
    assert steady.update(lights(off, green), DT_S).tolist() == [off, green]
    other = SteadyLights()
    other.load(json.loads(json.dumps(steady.save())))
    assert other.update(lights(off, off), DT_S).tolist() == [off, SignalColour.YELLOW]


def test_a_blackout_tells_who_remembers_from_who_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    dark = load_scenario(FILES["blackout_in_queue"])
    for seed in range(3):
        assert run_rollout(dark.concrete(seed), load_policy("idm"), policy_reference="idm").passed
    monkeypatch.setattr(steadiness, "BLIND_S", 0.0)
    monkeypatch.setattr(steadiness, "HELD_S", 0.0)
    for seed in range(3):
        assert run_rollout(dark.concrete(seed), load_policy("idm"), policy_reference="idm").end_reason == "collision"


@pytest.mark.parametrize("level", ["good", "rainy_night"])
@pytest.mark.parametrize("name", ["child_between_parked_cars", "motorway_bend", "pulls_out"])
def test_the_reference_driver_bears_honest_perception(name: str, level: str) -> None:
    scenario = load_scenario(FILES[name]).concrete(0)
    noisy = replace(scenario, perception=replace(scenario.perception, level=level))
    result = run_rollout(noisy, load_policy("idm"), policy_reference="idm")
    assert result.passed, (result.end_reason, result.margin)


def test_a_true_list_is_remembered_as_one_that_is_read_anew_each_step() -> None:
    steady, reloaded = SteadyTracks(), SteadyTracks()
    generator = np.random.default_rng(5)
    place, speed = generator.uniform(-50.0, 50.0, (4, 2)), generator.uniform(-10.0, 10.0, (4, 2))
    for step in range(60):
        place = place + DT_S * speed
        noise = 0.3 if 40 <= step < 45 else 0.0
        seen = place + generator.normal(0.0, noise, place.shape)
        listed = [track for track in range(4) if not (track == 2 and 20 <= step < 23)]
        given = tracks(*((track, *seen[track].tolist(), *speed[track].tolist()) for track in listed))
        taken, again = steady.update(given, DT_S), reloaded.update(given, DT_S)
        assert taken.ids.tolist() == again.ids.tolist()
        assert taken.position == pytest.approx(again.position, abs=1e-12)
        memory = json.loads(json.dumps(reloaded.save()))
        reloaded = SteadyTracks()
        reloaded.load(memory)
    assert steady.noisy
    assert steady.rows == {track: pytest.approx(row, abs=1e-9) for track, row in reloaded.rows.items()}
    assert steady.jitter_m == pytest.approx(reloaded.jitter_m, rel=1e-12)


def remembered(memory: TrackMemory, listed: Tracks, speeds: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """Change of speed and time of standing of each track, after one more step."""
    table = memory.of(listed.ids)
    for row, speed in enumerate(speeds):
        go_on_remembering(table, row, speed, memory.smoothing, DT_S)
    return table[:, 1].copy(), table[:, 2].copy()


def test_changes_of_speed_and_times_of_standing_are_remembered_by_track() -> None:
    memory = TrackMemory()
    slowing, standing = (1, 0.0, 0.0, 10.0, 0.0), (2, 50.0, 0.0, 0.0, 0.0)
    change, stood = remembered(memory, tracks(slowing, standing), [10.0, 0.0])
    assert change.tolist() == [0.0, 0.0] and stood.tolist() == [0.0, 0.0]
    change, stood = remembered(memory, tracks(slowing, standing), [9.8, 0.0])
    assert change == pytest.approx([-1.0, 0.0])  # half of -2 m/s^2
    assert stood == pytest.approx([0.0, 0.1])
    change, stood = remembered(memory, tracks(standing, (3, 0.0, 9.0, 1.0, 0.0)), [0.0, 1.0])
    assert change.tolist() == [0.0, 0.0] and stood == pytest.approx([0.2, 0.0])
    again = TrackMemory()
    again.load(json.loads(json.dumps(memory.save())))
    change, stood = remembered(again, tracks(standing, slowing), [0.0, 9.0])
    assert change.tolist() == [0.0, 0.0] and stood == pytest.approx([0.3, 0.0])
