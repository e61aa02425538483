"""Loading, running and aggregating metrics, foreign ones included; nothing depends on where a scene lies."""

from __future__ import annotations

import math
from importlib.metadata import EntryPoint

import numpy as np
import pytest
from builders import (
    Body,
    Frame,
    Scene,
    built_in_metrics,
    make_scenario,
    make_state,
    make_step,
    measured,
    results_of,
    straight_states,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from alpasim import plugins
from alpasim.errors import PluginError
from alpasim.metrics.protocol import Aggregation, Metric, aggregate
from alpasim.metrics.recorder import Metrics
from alpasim.metrics.scene import SceneMeasures
from alpasim.metrics.scores import SCENE_SCORE_INPUTS, scene_score
from alpasim.scenario.concrete import Goal
from alpasim.types import MetricValue


class Loops:
    """A foreign metric: counts its steps."""

    name = "loops"
    unit = "1"
    aggregation = Aggregation.LAST
    better = "lower"
    formula = "number of steps"
    cumulative = True

    def __init__(self) -> None:
        self.count = 0

    def reset(self, scene: SceneMeasures) -> None:
        self.count = 0

    def update(self, scene: SceneMeasures) -> MetricValue:
        self.count += 1
        return MetricValue(float(self.count))


class Wrong(Loops):
    name = "wrong"

    def update(self, scene: SceneMeasures) -> float:  # type: ignore[override]
        return 1.0


class Misnamed(Loops):
    name = "other"


NOT_A_METRIC = object()


@pytest.fixture
def foreign(monkeypatch: pytest.MonkeyPatch) -> None:
    points = {
        name: EntryPoint(name, f"{__name__}:{value}", plugins.METRICS)
        for name, value in {
            "loops": "Loops",
            "wrong": "Wrong",
            "misnamed": "Misnamed",
            "nothing": "NOT_A_METRIC",
        }.items()
    }
    monkeypatch.setattr(plugins, "_registered", lambda group: points if group == plugins.METRICS else {})


def test_every_built_in_metric_is_registered_under_its_name() -> None:
    built_in = {metric.name for metric in built_in_metrics()}
    assert built_in <= set(plugins.names(plugins.METRICS))
    assert set(SCENE_SCORE_INPUTS) <= built_in


@pytest.mark.parametrize("metric", built_in_metrics(), ids=lambda metric: metric.name)
def test_every_metric_says_what_it_is(metric: Metric) -> None:
    assert metric.name == metric.name.lower()
    assert metric.unit
    assert metric.better in ("higher", "lower")
    assert metric.aggregation in Aggregation
    assert len(metric.formula) > 10


def test_all_registered_metrics_by_default() -> None:
    assert Metrics(make_scenario()).names == plugins.names(plugins.METRICS)


def test_a_foreign_metric_works_like_ours(foreign: None) -> None:
    metrics = Metrics(make_scenario(), ["loops"])
    states = straight_states(Body(0, speed=1), steps=3)
    metrics.reset(states[0])
    for i in range(3):
        latest = metrics.update(make_step(states[i], states[i + 1]))
    assert metrics.cumulative == {"loops"}
    assert latest.names == ("loops",)
    assert metrics.results() == {"loops": MetricValue(3.0)}
    metrics.reset(states[0])
    assert metrics.values_by_name() == {}
    assert metrics.results() == {"loops": MetricValue(pytest.approx(math.nan, nan_ok=True), False)}


def test_two_rollouts_do_not_share_a_metric_with_memory(foreign: None) -> None:
    first, second = Metrics(make_scenario(), ["loops"]), Metrics(make_scenario(), ["loops"])
    assert first.metrics[0] is not second.metrics[0]


def test_an_unknown_name_gets_its_suggestion() -> None:
    with pytest.raises(PluginError, match=r"unknown name 'colision_any'.*did you mean 'collision_any'"):
        Metrics(make_scenario(), ["colision_any"])


def test_what_is_no_metric_is_refused(foreign: None) -> None:
    with pytest.raises(PluginError, match=r"'nothing' is .* expected a metric"):
        Metrics(make_scenario(), ["nothing"])
    with pytest.raises(PluginError, match="'misnamed' calls itself 'other'"):
        Metrics(make_scenario(), ["misnamed"])


def test_an_answer_that_is_no_metric_value_is_named(foreign: None) -> None:
    metrics = Metrics(make_scenario(), ["wrong"])
    states = straight_states(Body(0), steps=1)
    metrics.reset(states[0])
    with pytest.raises(PluginError, match=r"'wrong' answered 1\.0, expected a MetricValue"):
        metrics.update(make_step(*states))


def test_step_values_are_in_the_order_of_the_names_and_read_only() -> None:
    metrics = measured(make_scenario(), straight_states(Body(10, speed=5), steps=2))
    latest = metrics.latest
    assert latest is not None
    assert latest.names == metrics.names
    assert not latest.values.flags.writeable
    assert latest.values[latest.names.index("final_speed")] == pytest.approx(5.0)
    assert np.isnan(latest.values[~latest.valid]).all()
    assert latest.by_name()["time_headway"].valid is False


@pytest.mark.parametrize(
    ("aggregation", "value"),
    [("mean", 3.0), ("median", 2.0), ("max", 6.0), ("min", 1.0), ("first", 2.0), ("last", 6.0)],
)
def test_aggregation_counts_only_what_is_valid(aggregation: str, value: float) -> None:
    values, valid = np.array([9.0, 2.0, 1.0, 6.0, -9.0]), np.array([False, True, True, True, False])
    assert aggregate(values, valid, Aggregation(aggregation)) == MetricValue(value)
    assert not aggregate(values, np.zeros(5, dtype=bool), Aggregation(aggregation)).valid


@settings(max_examples=25)
@given(yaw=st.floats(-10, 10), x=st.floats(-2000, 2000), y=st.floats(-2000, 2000))
def test_turning_and_shifting_the_whole_scene_changes_no_metric(yaw: float, x: float, y: float) -> None:
    goal = Goal(regions=(np.array([[60.0, -2.0], [70.0, -2.0], [70.0, 2.0], [60.0, 2.0]]),), heading_rad=(-0.3, 0.3))
    recorded = [(float(t), 50 + 7.0 * t, 0.3, 0.0) for t in range(6)]
    scene = Scene(actors=3, goal=goal, start_s=50, goal_s=150, recorded=recorded)
    ego = Body(50, 0.2, yaw=0.05, speed=21)
    others = (
        Body(75, 0.4, speed=12),
        Body(60, 4.3, yaw=-0.04, speed=19),
        Body(90, 12, yaw=-math.pi / 2, speed=4),
    )

    def driven(frame: Frame) -> dict[str, MetricValue]:
        states = straight_states(ego, *others, steps=30, frame=frame)
        return results_of(make_scenario(scene, frame=frame), states)

    plain, moved = driven(Frame()), driven(Frame(yaw, x, y))
    for name, value in plain.items():
        assert moved[name].valid == value.valid, name
        if value.valid:
            assert moved[name].value == pytest.approx(value.value, rel=1e-6, abs=1e-6), name


bodies = st.builds(
    Body,
    x=st.floats(-20, 320),
    y=st.floats(-15, 25),
    yaw=st.floats(-7, 7),
    speed=st.floats(-40, 40),
    present=st.booleans(),
)


@settings(max_examples=40)
@given(ego=bodies, others=st.lists(bodies, max_size=4), steps=st.integers(1, 20))
def test_scores_stay_between_0_and_1_whatever_is_driven(ego: Body, others: list[Body], steps: int) -> None:
    ego = Body(ego.x, ego.y, ego.yaw, ego.speed)
    states = straight_states(ego, *others, steps=steps)
    results = results_of(make_scenario(Scene(actors=len(others))), states)
    score = scene_score(results)
    assert score.valid
    assert 0.0 <= score.value <= 1.0
    shares = ("progress", "progress_rel_to_total", "speed_limit_compliance", "driving_direction_compliance", "comfort")
    assert all(0.0 <= results[name].value <= 1.0 for name in shares if results[name].valid)
    flags = [metric.name for metric in built_in_metrics() if metric.unit == "bool"]
    assert all(results[name].value in (0.0, 1.0) for name in flags if results[name].valid)


def test_the_first_state_is_not_counted() -> None:
    states = [make_state(Body(100, -50)), make_state(Body(100), step=1)]
    assert results_of(make_scenario(), states)["offroad"].value == 0.0
