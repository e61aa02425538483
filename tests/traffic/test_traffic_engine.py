"""Traffic as a whole: behaviours from outside, refusals, struck actors, time zero."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from traffic_scenes import actor, drive, motorway, on_lane, scenario, start

from alpasim import plugins
from alpasim.errors import InputError, PluginError
from alpasim.scenario.concrete import Action, Condition, Event
from alpasim.scenario.triggers import ChangeLaneAction, SpeedAction, TimeCondition
from alpasim.traffic.engine import Traffic
from alpasim.types import ActorKind

ORBIT = """
import numpy as np
from pydantic import BaseModel


class Options(BaseModel):
    radius_m: float = 5.0


class Orbit:
    name = "orbit"
    Options = Options
    actions = frozenset({"speed"})

    def __init__(self, scenario, rows, rng):
        self.scenario, self.phase = scenario, rng.uniform(0.0, 6.28, len(scenario.actors) + 1)

    def place(self, rows, motion):
        motion.position[rows, :2] = 0.0

    def reset(self, state):
        self.rate = 1.0

    def advance(self, state, rows, motion):
        angle = self.phase[rows] + self.rate * (state.time_us + self.scenario.dt_us) * 1e-6
        motion.position[rows, 0], motion.position[rows, 1] = 5.0 * np.cos(angle), 5.0 * np.sin(angle)
        motion.present[rows] = True

    def apply(self, row, action, state):
        self.rate = action.options.target_mps
        return True
"""


@pytest.fixture
def orbit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package from outside that registers the behaviour `orbit`."""
    (tmp_path / "orbit_plugin.py").write_text(ORBIT)
    meta = tmp_path / "orbit_plugin-1.0.dist-info"
    meta.mkdir()
    (meta / "METADATA").write_text("Metadata-Version: 2.1\nName: orbit-plugin\nVersion: 1.0\n")
    (meta / "entry_points.txt").write_text("[alpasim.behaviours]\norbit = orbit_plugin:Orbit\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    plugins.forget()
    yield
    monkeypatch.undo()
    plugins.forget()


def at(after_s: float, row: int, kind: str, options: object) -> Event:
    return Event("told", (Condition("time", TimeCondition(after_s=after_s)),), (Action(row, kind, options),))


@pytest.mark.usefixtures("orbit")
def test_a_behaviour_from_outside_drives_like_a_built_in_one() -> None:
    actors = [actor("moon", (50.0, 0.0, 0.0), behaviour="orbit"), actor("car", (99.0, 0.0, 0.0), behaviour="parked")]
    event = at(1.0, 1, "speed", SpeedAction(to_mps=3.0))
    states = drive(scenario(motorway(), actors, [event]), 20)
    np.testing.assert_array_equal(states[0].position[1, :2], 0.0)
    for state in states[1:]:
        assert np.hypot(*state.position[1, :2]) == pytest.approx(5.0)
    angles = [np.arctan2(*state.position[1, 1::-1]) for state in states]
    assert (angles[9] - angles[8]) % 6.283185307179586 == pytest.approx(0.1)
    assert (angles[19] - angles[18]) % 6.283185307179586 == pytest.approx(0.3)
    again = drive(scenario(motorway(), actors, [event]), 20)
    np.testing.assert_array_equal(states[-1].position, again[-1].position)


def test_an_unknown_behaviour_is_refused_with_a_suggestion() -> None:
    with pytest.raises(PluginError, match="did you mean 'follow'"):
        Traffic(scenario(motorway(), [actor("car", (0, 0, 0), behaviour="folow")]))


@pytest.mark.parametrize(("behaviour", "kind"), [("parked", "speed"), ("parked", "change_lane")])
def test_an_action_that_the_behaviour_cannot_do_is_refused_at_once(behaviour: str, kind: str) -> None:
    options = SpeedAction(to_mps=3.0) if kind == "speed" else ChangeLaneAction(to="left")
    with pytest.raises(
        InputError, match=f"scene.scn.yaml: event 'told'.*{kind}.*'car'.*{behaviour}.*can only do: path"
    ):
        Traffic(scenario(motorway(), [actor("car", (0, 0, 0), behaviour=behaviour)], [at(1.0, 1, kind, options)]))


def test_time_zero_is_what_the_scenario_says() -> None:
    network = motorway()
    x, y, yaw = on_lane(network, 100.0, 2)
    cars = [actor("car", (x, y, yaw), 12.0), actor("van", (x + 30.0, y, yaw), 9.0, "parked", extent=(5.0, 2.0, 2.4))]
    traffic = Traffic(scenario(network, cars))
    motion = traffic.initial()
    np.testing.assert_allclose(motion.position[1:], [[x, y, 0.75], [x + 30.0, y, 1.2]])
    np.testing.assert_allclose(motion.velocity[1:], [[12.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    assert list(motion.present[1:]) == [True, True]


def test_struck_actors_are_left_alone_while_the_others_go_on() -> None:
    network = motorway()
    cars = [actor(f"car{i}", on_lane(network, 100.0 + 60 * i, 2), 20.0) for i in range(3)]
    traffic, state = start(scenario(network, cars))
    hit = state.struck.copy()
    hit[2] = True
    motion = traffic.advance(replace(state, struck=hit))
    np.testing.assert_array_equal(motion.position[2], state.position[2])
    assert motion.position[1, 0] > state.position[1, 0]
    assert motion.position[3, 0] > state.position[3, 0]


def test_a_scene_without_actors_is_a_scene() -> None:
    states = drive(scenario(motorway(), []), 5)
    assert states[-1].position.shape == (1, 3)


def test_the_built_in_behaviours_are_registered() -> None:
    assert {"follow", "parked", "path", "replay"} <= set(plugins.names(plugins.BEHAVIOURS))


def test_every_kind_of_actor_can_follow_a_lane() -> None:
    network = motorway()
    for kind in ActorKind:
        end = drive(scenario(network, [actor("one", on_lane(network, 100.0), 0.0, kind=kind)]), 50)[-1]
        assert end.position[1, 0] > 101.0
