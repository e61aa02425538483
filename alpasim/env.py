"""`alpasim/Drive-v0`: a thin Gymnasium adapter over Simulation.

Answers how observations, actions and rewards look to RL code. What a step does stands in `simulation.py`, what the
numbers of an observation mean in `sensors/encoders.py`, those of an action in `vehicle/actions.py`, what a reward term
means in the metric of the same name.
"""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from alpasim import plugins
from alpasim.errors import InputError, PhysicsDiverged, did_you_mean
from alpasim.metrics.recorder import StepMetrics, load_metric
from alpasim.scenario.concrete import Scenario
from alpasim.scenario.loading import LogicalScenario, find_scenarios, load_scenario
from alpasim.scenario.senses import sensor_options
from alpasim.sensors.encoders import Encoders
from alpasim.simulation import Simulation
from alpasim.types import EndReason
from alpasim.vehicle.actions import make_action

ScenarioChoice = str | Path | Scenario | Sequence[str | Path]
DEFAULT_REWARDS: Mapping[str, float] = {
    "progress_rel_to_total": 10.0,
    "collision_any": -10.0,
    "offroad": -1.0,
    "speed_limit_excess_mps": -0.05,
}
"""Reward weights by metric name, used where `rewards` is not given; `offroad` counts in every step off the road, which ends
the drive only at the scenario's `end.off_road_m`."""

OPTIONS = ("scenario", "scenario_seed")
"""What `reset(options=…)` understands."""


class DriveEnv(gymnasium.Env[Any, Any]):
    """Drive the ego through one scenario a rollout.

    `scenario` is a file, a folder, a suite, `builtin`, or a list of these; each reset draws one of the files and a
    scenario seed from the env's own seeded generator. A concrete Scenario is driven as it is. `options={"scenario": FILE}`
    and `options={"scenario_seed": N}` choose for that reset alone.

    `observation` is `vector`, `bev`, `lidar`, `camera` (or `camera:NAME`) or `age`, how old the others are (`alpasim list
    observations`), or several of them as a list, which makes a Dict of them; nothing else is sensed. `sensors` sets the options of their sensors by name,
    such as `{"lidar": {"rings": 16}}`, whatever the scenario writes. `action` is `control`, `control_reverse`,
    `trajectory` or `meta` (`alpasim list actions`). `rewards` maps metric names to weights: a metric that runs through the
    drive (progress, distance) counts by its change over the step, any other by its value in the step, and one that is not
    valid counts 0.

    What lies outside the action space's bounds is clipped to them, as Gymnasium's own envs do, and `info["action_clipped"]` says so.

    Raises InputError for a scenario, observation, action, reward or option that does not exist, PolicyInvalidAction for an
    action that is not finite, beyond 1e6 or of another shape.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012  Gymnasium reads it as a class attribute

    def __init__(
        self,
        scenario: ScenarioChoice = "builtin",
        *,
        observation: str | Sequence[str] = "vector",
        action: str = "control",
        sensors: Mapping[str, Any] | None = None,
        rewards: Mapping[str, float] | None = None,
        render_mode: str | None = None,
    ) -> None:
        self._encoders = Encoders(observation, sensor_options({} if sensors is None else sensors))
        self._action = make_action(action)
        if render_mode is not None:
            _known("render_mode", render_mode, tuple(self.metadata["render_modes"]))
        self.render_mode = render_mode
        self._fixed = scenario if isinstance(scenario, Scenario) else None
        self._files = [] if isinstance(scenario, Scenario) else _files(scenario)
        self._rewards = _reward_weights(DEFAULT_REWARDS if rewards is None else rewards)
        self._cumulative = frozenset(name for name in self._rewards if load_metric(name).cumulative)
        self._logical: dict[Path, LogicalScenario] = {}
        self._simulation: Simulation | None = None
        self._broke = ""
        self.observation_space = self._encoders.space()
        self.action_space = self._action.space()

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Start a rollout: a scenario drawn by the env's seed, or the one that `options` names for this reset."""
        super().reset(seed=seed)
        scenario = self._draw(_reset_options(options))
        if self._simulation is None:
            self._simulation = Simulation(
                scenario, sensors=self._encoders.needs, sensor_options=self._encoders.sensor_options
            )
        self._simulation.reset(scenario)
        self._broke = ""
        self._encoders.reset(scenario)
        self._action.reset(scenario)
        return self._encode(), self._info({}, clipped=False)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """One control step; `terminated` for collision, too far off the road and goal, `truncated` for the time limit.

        Where the physics break, the rollout is truncated too: the observation is the last good one, the reward 0.
        """
        simulation = self._running()
        ended = self._end_reason()
        if ended is not None:
            raise gymnasium.error.ResetNeeded(f"this rollout ended ({ended}); call reset() first")
        before = simulation.metrics.latest
        decision = self._action.decision(action, simulation.observe())
        try:
            simulation.step(decision)
            terms = self._terms(before, simulation.metrics.latest)
        except PhysicsDiverged as cause:
            self._broke = str(cause)
            terms = dict.fromkeys(self._rewards, 0.0)
        end = self._end_reason()
        terminated = end is not None and end.terminated
        truncated = end is not None and not terminated
        info = self._info(terms, clipped=_outside(self.action_space, action))
        return self._encode(), math.fsum(terms.values()), terminated, truncated, info

    def render(self) -> NDArray[np.uint8] | None:
        """The scene from above as (height, width, 3) when `render_mode` is `rgb_array`."""
        if self.render_mode is None:
            return None
        from alpasim.view.topdown import draw

        simulation = self._running()
        return draw(simulation.scenario.road, simulation.state)

    def close(self) -> None:
        """Give the physics client back."""
        if self._simulation is not None:
            self._simulation.close()
            self._simulation = None

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Refuse to be copied or pickled: two envs would push the bodies of one physics world."""
        raise TypeError("a DriveEnv cannot be copied or pickled: make another one where it is needed")

    def _end_reason(self) -> EndReason | None:
        """Why the rollout is over, None while it goes on."""
        return EndReason.PHYSICS_DIVERGED if self._broke else self._running().end_reason

    def _running(self) -> Simulation:
        if self._simulation is None:
            raise gymnasium.error.ResetNeeded("call reset() before step() or render()")
        return self._simulation

    def _draw(self, options: Mapping[str, Any]) -> Scenario:
        """The scenario of this reset; the same number of draws whatever the options say."""
        if self._fixed is not None and not options:
            return self._fixed
        files = _files(options["scenario"]) if "scenario" in options else self._files
        if not files:
            raise InputError("this env drives one concrete scenario; options need a 'scenario' file beside them")
        pick, scenario_seed = (int(number) for number in self.np_random.integers(2**31, size=2))
        file = files[pick % len(files)]
        if "scenario_seed" in options:
            scenario_seed = _whole(options["scenario_seed"])
        if file not in self._logical:
            self._logical[file] = load_scenario(file)
        return self._logical[file].concrete(scenario_seed)

    def _encode(self) -> Any:
        return self._encoders.encode(self._running().observe())

    def _terms(self, before: StepMetrics | None, after: StepMetrics | None) -> dict[str, float]:
        """Weighted reward terms of the step, by metric name."""
        assert after is not None
        terms = {}
        for name, weight in self._rewards.items():
            column = after.names.index(name)
            value = float(after.values[column]) if after.valid[column] else 0.0
            if name in self._cumulative and before is not None and before.valid[column]:
                value -= float(before.values[column])
            terms[name] = weight * value + 0.0  # nothing that is punished is 0.0, not -0.0
        return terms

    def _info(self, terms: Mapping[str, float], *, clipped: bool) -> dict[str, Any]:
        simulation = self._running()
        end = self._end_reason()
        latest = simulation.metrics.latest
        progress = 0.0
        if latest is not None:
            column = latest.names.index("progress_rel_to_total")
            progress = float(latest.values[column]) if latest.valid[column] else 0.0
        return {
            "end_reason": str(end) if end is not None else "",
            "error": self._broke,
            "is_success": end is EndReason.GOAL_REACHED,
            "crashed": end is EndReason.COLLISION,
            "route_completion": progress,
            "rewards": dict(terms),
            "action_clipped": clipped,
            "sensor_age_s": self._encoders.ages(simulation.observe()),
            "scenario": simulation.scenario.name,
            "scenario_seed": simulation.scenario.seed,
        }


def _outside(space: gymnasium.Space[Any], action: Any) -> bool:
    """Whether a number of the action lies outside the bounds of its space, to which it is clipped."""
    return isinstance(space, gymnasium.spaces.Box) and bool((np.abs(np.asarray(action)) > space.high).any())


def _reset_options(options: Any) -> Mapping[str, Any]:
    """What `reset` was told, InputError for what it does not understand."""
    told = {} if options is None else options
    if not isinstance(told, Mapping):
        raise InputError(f"options is {told!r}, expected a mapping of {', '.join(OPTIONS)}")
    for word in told:
        if word not in OPTIONS:
            near = did_you_mean(str(word), OPTIONS)
            raise InputError(f"reset option {word!r} is unknown{near}; known: {', '.join(OPTIONS)}")
    return told


def _whole(seed: Any) -> int:
    """A scenario seed as an int; InputError for anything that is not a whole number."""
    try:
        return operator.index(seed)
    except TypeError:
        raise InputError(f"scenario_seed is {seed!r}, expected a whole number from 0 up") from None


def _files(scenario: str | Path | Sequence[str | Path]) -> list[Path]:
    """The scenario files that a choice means."""
    chosen = [scenario] if isinstance(scenario, (str, Path)) else scenario
    listed = isinstance(chosen, Sequence) and len(chosen) > 0
    if not listed or not all(isinstance(one, (str, Path)) and str(one) for one in chosen):
        raise InputError(f"scenario is {scenario!r}, expected a file, a folder, a suite, 'builtin', or a list of these")
    return find_scenarios([Path(one) for one in chosen])


def _known(what: str, word: str, known: Sequence[str]) -> None:
    if word not in known:
        near = did_you_mean(str(word), known)
        raise InputError(f"{what} {word!r} is unknown{near}; expected one of {', '.join(known)}")


def _reward_weights(rewards: Any) -> dict[str, float]:
    """Weights by metric name, checked against the registered metrics."""
    registered = plugins.names(plugins.METRICS)
    if not isinstance(rewards, Mapping):
        raise InputError(f"rewards is {rewards!r}, expected metric names with their weights")
    for name, weight in rewards.items():
        _known("reward term", name, registered)
        limit = sys.float_info.max
        if not isinstance(weight, (int, float, np.floating, np.integer)) or not -limit <= weight <= limit:
            raise InputError(f"reward weight of {name!r} is {weight!r}, expected a finite number")
    return {name: float(weight) for name, weight in rewards.items()}
