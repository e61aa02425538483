"""Actors that appear inside somebody: refused where that is known at loading, told as an event otherwise, nobody's fault."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from alpasim.errors import ScenarioError
from alpasim.scenario.concrete import Track
from alpasim.scenario.loading import load_scenario
from alpasim.scenario.tracks import dump_tracks
from alpasim.simulation import Simulation
from alpasim.types import Control, Decision

Write = Callable[..., Path]

TEXT = """\
schema: alpasim/scenario@1
title: Somebody appears
road: {{motorway: {{lanes: 3, length_m: 900, speed_limit_kph: 120}}}}
tracks: {{file: x.tracks.npz}}
ego: {{vehicle: sedan, lane: 1, s_m: 40, speed_mps: {speed}, goal: {{s_m: 120}}}}
actors:
  still: {{kind: car, place: {{x_m: {still}, y_m: -9.4, yaw_deg: 0}}, drive: parked}}
  late: {{kind: car, drive: {{replay: {{id: late}}}}}}
  later: {{kind: car, drive: {{replay: {{id: later}}}}}}
end: {{time_limit_s: 4}}
"""


def written(write: Write, at: float, speed: float = 10.0, still: float = 300.0) -> Path:
    """`late` and `later` appear after a second at x = `at`, into each other as recordings have it, and stand there."""
    times = 1_000_000 + np.arange(20, dtype=np.int64) * 100_000
    poses = np.column_stack((np.full(20, at), np.full(20, -9.4), np.zeros(20)))
    tracks = {name: Track(times, poses, np.zeros(20)) for name in ("late", "later")}
    write(dump_tracks(tracks), "x.tracks.npz")
    return write(TEXT.format(speed=speed, still=still))


@pytest.mark.parametrize("speed", [0.0, 10.0])
def test_appearing_in_the_ego_is_an_event_a_touch_and_not_its_fault(write: Write, speed: float) -> None:
    scenario = load_scenario(written(write, 40.0 + speed * 1.0, speed)).concrete(0)
    simulation = Simulation(scenario, sensors=())
    simulation.reset()
    told: dict[int, tuple[str, ...]] = {}
    step = None
    while simulation.end_reason is None:
        step = simulation.step(Decision(control=Control(0.0, 0.0)))
        if step.after.events:
            told[step.after.time_us] = step.after.events
    assert told == {1_000_000: ("appears_in:late:ego", "appears_in:later:ego")}
    found = simulation.metrics.results()
    assert found["collision_any"].value == 1.0
    assert found["collision_at_fault"].value == 0.0
    simulation.close()


def test_appearing_anywhere_else_is_no_event(write: Write) -> None:
    simulation = Simulation(load_scenario(written(write, 200.0)).concrete(0), sensors=())
    simulation.reset()
    while simulation.end_reason is None:
        assert simulation.step(Decision(control=Control(0.0, 0.0))).after.events == ()
    simulation.close()


def test_appearing_in_a_parked_car_is_refused(write: Write) -> None:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(written(write, 302.0)).concrete(0)
    messages = [fault.message for fault in caught.value.faults]
    assert messages == [
        f"{name} appears at 1.00 s inside still, which is parked there, around (302.0, -9.4); expected them apart"
        for name in ("late", "later")
    ]


def test_who_is_parked_but_told_to_go_may_be_gone_by_then(write: Write) -> None:
    path = written(write, 302.0)
    more = "events:\n  - when: {time: {after_s: 0.5}}\n    then: {still: {follow: {speed_mps: 10}}}\nend:"
    text = path.read_text().replace("end:", more)
    try:
        load_scenario(write(text)).concrete(0)
    except ScenarioError as fault:
        assert "appears" not in str(fault)
