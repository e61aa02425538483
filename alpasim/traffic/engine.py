"""Everything that moves besides the ego, behaviour by behaviour.

Answers who drives each actor now and where they all are next. It knows no behaviour by name but the one that an action hands
an actor over to: behaviours are found under the entry-point group `alpasim.behaviours`.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim import plugins
from alpasim.errors import InputError
from alpasim.scenario.concrete import Action, Event, Scenario
from alpasim.scenario.triggers import HANDS_OVER
from alpasim.traffic.events import Events
from alpasim.traffic.protocol import Behaviour
from alpasim.types import IntArray, Motion, WorldState


class Traffic:
    """The other actors of one scenario.

    `initial`, then `reset` with the state made of it, then for every step `apply_events` and `advance`. The same Motion is
    handed out every time: a scratch pad, to be read before the next call.

    Raises InputError where an event asks an actor for something its behaviour cannot do.
    """

    def __init__(self, scenario: Scenario, seed: np.random.SeedSequence | None = None) -> None:
        self._scenario = scenario
        count = len(scenario.actors) + 1
        self._motion = Motion(
            position=np.zeros((count, 3)),
            yaw=np.zeros(count),
            velocity=np.zeros((count, 3)),
            yaw_rate=np.zeros(count),
            present=np.zeros(count, dtype=np.bool_),
        )
        starts = {row: actor.behaviour for row, actor in enumerate(scenario.actors, start=1)}
        drives = {name: {row for row in starts if starts[row] == name} for name in starts.values()}
        for event in scenario.events:
            for action in event.actions:
                if action.kind in HANDS_OVER:
                    drives.setdefault(HANDS_OVER[action.kind], set()).add(action.row)
        seed = seed if seed is not None else np.random.SeedSequence(scenario.seed)
        self._behaviours: dict[str, Behaviour] = {}
        for name in sorted(drives):
            rows = np.array(sorted(drives[name]), dtype=np.int64)
            stream = np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, *name.encode()))
            kind = plugins.load(plugins.BEHAVIOURS, name)
            self._behaviours[name] = kind(scenario, rows, np.random.default_rng(stream))
        self._starts = starts
        self._events = Events(scenario)
        self._check_actions()
        self._begin()

    def _begin(self) -> None:
        self._driver = dict(self._starts)
        self._events.reset()
        self._arrange()

    def _arrange(self) -> None:
        """Rows by behaviour, in the order of the behaviours' names."""
        self._rows: list[tuple[Behaviour, IntArray]] = []
        for name, behaviour in self._behaviours.items():
            rows = [row for row, driver in self._driver.items() if driver == name]
            if rows:
                self._rows.append((behaviour, np.array(rows, dtype=np.int64)))

    def _check_actions(self) -> None:
        """Every action must be one that its actor's behaviour, or one it may have been handed to, can do."""
        for event in self._scenario.events:
            for action in event.actions:
                self._check_action(event, action)

    def _check_action(self, event: Event, action: Action) -> None:
        if action.kind in HANDS_OVER:
            return
        drivers = [self._starts[action.row]]
        drivers += [
            name for name in HANDS_OVER.values() if name in self._behaviours and self._told_to(action.row, name)
        ]
        if any(action.kind in self._behaviours[name].actions for name in drivers):
            return
        able = ", ".join(sorted(self._behaviours[drivers[0]].actions | set(HANDS_OVER)))
        raise self._refused(event, action, f"which can only do: {able}")

    def _told_to(self, row: int, driver: str) -> bool:
        """Whether some event may hand the actor over to that behaviour."""
        told = (action for event in self._scenario.events for action in event.actions if action.row == row)
        return any(HANDS_OVER.get(action.kind) == driver for action in told)

    def _refused(self, event: Event, action: Action, why: str) -> InputError:
        actor = self._scenario.actors[action.row - 1].name
        driver = getattr(self, "_driver", self._starts)[action.row]
        return InputError(
            f"{self._scenario.source}: event {event.name!r}: cannot do {action.kind!r} with {actor!r}, "
            f"which is driven by {driver!r}, {why}"
        )

    def initial(self) -> Motion:
        """Poses and speeds at time zero, from the scenario and, where they know better, from the behaviours."""
        motion = self._motion
        for row, actor in enumerate(self._scenario.actors, start=1):
            x, y, yaw = actor.pose
            motion.position[row] = (x, y, 0.5 * actor.extent[2])
            motion.yaw[row] = yaw
            motion.velocity[row] = (actor.speed_mps * math.cos(yaw), actor.speed_mps * math.sin(yaw), 0.0)
            motion.yaw_rate[row] = 0.0
            motion.present[row] = True
        self._begin()
        for behaviour, rows in self._rows:
            behaviour.place(rows, motion)
        return motion

    def reset(self, state: WorldState) -> None:
        """Back to time zero, whose state this is."""
        self._begin()
        for behaviour in self._behaviours.values():
            behaviour.reset(state)

    def apply_events(self, state: WorldState) -> tuple[str, ...]:
        """Names of the events that this state sets off, in file order; their actions count from this step on.

        An actor that was struck or is not there is past being told anything.
        """
        fired = self._events.fired(state)
        for event in fired:
            for action in event.actions:
                if state.present[action.row] and not state.struck[action.row]:
                    self._apply(event, action, state)
        return tuple(event.name for event in fired)

    def _apply(self, event: Event, action: Action, state: WorldState) -> None:
        taker = HANDS_OVER.get(action.kind, self._driver[action.row])
        if not self._behaviours[taker].apply(action.row, action, state):
            detail = f" ({action.options.to})" if action.kind == "change_lane" else ""
            raise self._refused(event, action, f"at {state.time_s:.2f} s, where it stands{detail}")
        if self._driver[action.row] != taker:
            self._driver[action.row] = taker
            self._arrange()

    def advance(self, state: WorldState) -> Motion:
        """Where everybody is at the next step. Struck actors are left to physics: their rows repeat the state."""
        motion, struck = self._motion, state.struck
        if struck.any():
            motion.position[struck], motion.yaw[struck] = state.position[struck], state.yaw[struck]
            motion.velocity[struck], motion.yaw_rate[struck] = state.velocity[struck], state.angular_velocity[struck, 2]
            motion.present[struck] = state.present[struck]
            for behaviour, rows in self._rows:
                free = rows[~struck[rows]]
                if len(free):
                    behaviour.advance(state, free, motion)
            return motion
        for behaviour, rows in self._rows:
            behaviour.advance(state, rows, motion)
        return motion
