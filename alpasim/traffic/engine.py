"""Everything that moves besides the ego, behaviour by behaviour.

Answers who drives each actor now and where they all are next. It knows no behaviour by name but the one that an action hands
an actor over to: behaviours are found under the entry-point group `alpasim.behaviours`.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim import plugins
from alpasim.errors import InputError, RecordingError
from alpasim.memory import Memory, read, remembering
from alpasim.scenario.concrete import Action, Event, Scenario
from alpasim.scenario.triggers import HANDS_OVER
from alpasim.traffic.changes import GONE, Change, changed_scenario
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
        self._seed = seed if seed is not None else np.random.SeedSequence(scenario.seed)
        self._behaviours: dict[str, Behaviour] = {}
        for name in sorted(drives):
            self._behaviours[name] = self._make(name, name, scenario, sorted(drives[name]))
        self._changes: dict[int, Change] = {}
        self._starts, self._may_drive = starts, drives
        self._events = Events(scenario)
        self._check_actions()
        self._begin()

    def _make(self, name: str, key: str, scenario: Scenario, rows: list[int]) -> Behaviour:
        """A behaviour for some rows, with the random stream of its key."""
        stream = np.random.SeedSequence(self._seed.entropy, spawn_key=(*self._seed.spawn_key, *key.encode()))
        made: Behaviour = plugins.load(plugins.BEHAVIOURS, name)(
            scenario, np.array(rows, dtype=np.int64), np.random.default_rng(stream)
        )
        return made

    def _begin(self) -> None:
        for change in self._changes.values():
            self._behaviours.pop(change.key, None)
        self._changes = {}
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

        An actor that was struck, is not there or was taken out of the script is past being told anything.
        """
        fired = self._events.fired(state)
        for event in fired:
            for action in event.actions:
                here = state.present[action.row] and not state.struck[action.row]
                if here and action.row not in self._changes:
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

    def change(self, change: Change, state: WorldState) -> None:
        """Take an actor out of the script from `state` on: its rows of the next motions are what the change says.

        Raises InputError for a behaviour or options that do not exist, or that cannot begin there.
        """
        made = None
        if change.behaviour != GONE:
            made = self._make(change.behaviour, change.key, changed_scenario(self._scenario, change), [change.row])
            made.reset(state)
        self._install(change, made)

    def begins_where_put(self, change: Change) -> bool:
        """Whether the changed actor's behaviour takes the pose it is given, and does not know better where it is."""
        made = self._make(change.behaviour, change.key, changed_scenario(self._scenario, change), [change.row])
        count = len(self._scenario.actors) + 1
        scratch = Motion(
            np.zeros((count, 3)), np.zeros(count), np.zeros((count, 3)), np.zeros(count), np.ones(count, dtype=np.bool_)
        )
        scratch.position[change.row, :2], scratch.yaw[change.row] = change.pose[:2], change.pose[2]
        made.place(np.array([change.row], dtype=np.int64), scratch)
        return (*scratch.position[change.row, :2].tolist(), float(scratch.yaw[change.row])) == change.pose

    def behaviour_of(self, row: int) -> tuple[str, str | None]:
        """Who drives an actor now, by the behaviour's name, and the options that a change gave it, as JSON."""
        if row in self._changes:
            return self._changes[row].behaviour, self._changes[row].options
        return self._driver[row], None

    def _install(self, change: Change, made: Behaviour | None) -> None:
        """Let a behaviour, or nobody, drive a row in place of whoever did."""
        row = change.row
        if row in self._changes:
            self._behaviours.pop(self._changes[row].key, None)
        self._changes[row] = change
        self._driver[row] = GONE
        self._motion.present[row] = False
        if made is not None:
            self._behaviours[change.key] = made
            self._driver[row] = change.key
        self._arrange()

    def save(self) -> Memory:
        """Who drives whom, which events are still to come, what every behaviour remembers, and who left the script.

        Raises InputError where a behaviour keeps no memory that can be saved.
        """
        return {
            "drivers": [self._driver[row] for row in range(1, len(self._scenario.actors) + 1)],
            "waiting": self._events.save(),
            "changes": [change.save() for _, change in sorted(self._changes.items())],
            "behaviours": {
                key: remembering(behaviour, f"behaviour {key.partition('@')[0]!r}").save()
                for key, behaviour in sorted(self._behaviours.items())
            },
        }

    def load(self, state: WorldState, memory: Memory) -> None:
        """Go on in `state` from what `save` returned; RecordingError for what does not fit this scenario."""
        self.initial()
        self.reset(state)
        for saved in read(memory, "changes", list):
            change = Change.loaded(saved, len(self._scenario.actors))
            self.change(change, state)
        drivers = read(memory, "drivers", list)
        if len(drivers) != len(self._scenario.actors):
            raise RecordingError(f"snapshot: {len(drivers)} drivers, expected {len(self._scenario.actors)}")
        for row, driver in enumerate(drivers, start=1):
            if driver != self._driver[row] and row not in self._may_drive.get(driver, ()):
                raise RecordingError(f"snapshot: actor {self._scenario.ids[row]!r} driven by {driver!r}")
            self._driver[row] = driver
        self._events.load(read(memory, "waiting", list))
        behaviours = read(memory, "behaviours", dict)
        for key, behaviour in self._behaviours.items():
            remembering(behaviour, f"behaviour {key.partition('@')[0]!r}").load(read(behaviours, key, dict))
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
