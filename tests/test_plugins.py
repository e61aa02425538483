"""Every port is really read: a package from outside registers a driver, a metric, a behaviour and an importer."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from alpasim import plugins
from alpasim.errors import PluginError, ScenarioError
from alpasim.importers.finding import find_importer
from alpasim.policy.loading import load_policy
from alpasim.rollout import run_rollout
from alpasim.scenario.loading import load_scenario
from alpasim.simulation import Simulation
from alpasim.types import Control, Decision

MODULE = '''
"""A package from outside, with one of everything."""
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from alpasim.metrics.protocol import Aggregation, SceneMetric
from alpasim.types import Control, Decision, MetricValue


class Idle:
    """Rolls on without touching anything."""

    def reset(self, brief):
        pass

    def decide(self, observation):
        return Decision(control=Control(0.0, 0.0))


CLOCK = SceneMetric(
    name="outside_clock", unit="s", aggregation=Aggregation.LAST, better="higher", formula="time since the start",
    measure=lambda scene: MetricValue(scene.time_s),
)


class RisingOptions(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    climb_mps: float = 1.0


class Rising:
    """Goes straight up, as only a balloon would."""

    name: ClassVar[str] = "outside_rising"
    Options: ClassVar[type[BaseModel]] = RisingOptions
    actions: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, scenario, rows, rng):
        self.scenario = scenario

    def place(self, rows, motion):
        pass

    def reset(self, state):
        pass

    def advance(self, state, rows, motion):
        for row in rows.tolist():
            climb = self.scenario.actors[row - 1].options.climb_mps
            motion.position[row] = state.position[row] + (0.0, 0.0, climb * 0.1)
            motion.yaw[row] = state.yaw[row]
            motion.velocity[row] = (0.0, 0.0, climb)
            motion.yaw_rate[row] = 0.0
            motion.present[row] = True

    def apply(self, row, action, state):
        return False


class Outside:
    suffixes = (".outside",)

    def sniff(self, head):
        return False

    def read(self, path, *, drop_unsupported=False, problem=None):
        raise NotImplementedError
'''
ENTRY_POINTS = """[alpasim.policies]
outside_idle = outside_package:Idle
outside_broken = outside_package:NoSuchClass

[alpasim.metrics]
outside_clock = outside_package:CLOCK

[alpasim.behaviours]
outside_rising = outside_package:Rising

[alpasim.importers]
outside = outside_package:Outside
"""
SCENARIO = """schema: alpasim/scenario@1
title: A balloon beside the road
road: {straight: {lanes: 1, length_m: 250, speed_limit_kph: 50}}
ego: {vehicle: sedan, lane: 1, s_m: 20, speed_kph: 20, goal: {s_m: 100}}
actors:
  balloon:
    kind: unknown
    place: {lane: 1, s_m: 150, d_m: 8, off_road: true}
    drive: {outside_rising: {climb_mps: 2.0}}
end: {time_limit_s: 3}
expect: [{metric: outside_clock, at_least: 2.9}]
"""


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A distribution on the import path, as pip would leave it."""
    information = tmp_path / "outside_package-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: outside-package\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(ENTRY_POINTS)
    (tmp_path / "outside_package.py").write_text(MODULE)
    (tmp_path / "balloon.scn.yaml").write_text(SCENARIO)
    monkeypatch.syspath_prepend(str(tmp_path))
    plugins.forget()
    yield tmp_path
    sys.modules.pop("outside_package", None)
    plugins.forget()


def test_a_driver_a_metric_and_a_behaviour_from_outside_work_in_one_rollout(outside: Path) -> None:
    scenario = load_scenario(outside / "balloon.scn.yaml").concrete(0)
    result = run_rollout(scenario, load_policy("outside_idle"), policy_reference="outside_idle")
    assert result.status == "completed", result.error_traceback
    assert result.metrics["outside_clock"].value == pytest.approx(3.0)
    assert result.passed


def test_the_behaviour_from_outside_moved_its_actor(outside: Path) -> None:
    simulation = Simulation(load_scenario(outside / "balloon.scn.yaml").concrete(0))
    simulation.reset()
    start = simulation.state.position[1, 2]
    for _ in range(10):
        simulation.step(Decision(control=Control(0.0, 0.0)))
    assert simulation.state.position[1, 2] - start == pytest.approx(2.0)
    simulation.close()


def test_an_importer_from_outside_is_found_by_its_suffix(outside: Path) -> None:
    file = outside / "drive.outside"
    file.write_text("nothing that the built-in importers know")
    name, importer = find_importer(file)
    assert name == "outside"
    assert type(importer).__module__ == "outside_package"


def test_the_options_of_a_behaviour_from_outside_are_checked_in_their_place(outside: Path) -> None:
    file = outside / "balloon.scn.yaml"
    file.write_text(SCENARIO.replace("climb_mps", "climb_mpz"))
    with pytest.raises(ScenarioError, match=r"balloon\.scn\.yaml:9:.*climb_mpz"):
        load_scenario(file).concrete(0)


def test_a_broken_plugin_says_what_is_missing(outside: Path) -> None:
    with pytest.raises(PluginError, match=r"outside_broken.*NoSuchClass"):
        plugins.load(plugins.POLICIES, "outside_broken")


@pytest.mark.parametrize("group", plugins.GROUPS)
def test_an_unknown_name_gets_a_suggestion_and_the_list(group: str) -> None:
    known = plugins.names(group)[0]
    with pytest.raises(PluginError, match=f"did you mean '{known}'"):
        plugins.load(group, known + "x")


@pytest.mark.parametrize("group", plugins.GROUPS)
def test_every_built_in_name_loads(group: str) -> None:
    assert all(plugins.load(group, name) is not None for name in plugins.names(group))
