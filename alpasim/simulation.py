"""The one order of a step: what happens first, what reads what, who writes the state.

Simulation joins the rooms (senses, tracker, events, traffic, physics, metrics) and owns the state; it holds no model of
its own. It does not ask policies (`rollout.py` does, or RL code through `env.py`) and does not write files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from alpasim.errors import InputError, RecordingError
from alpasim.memory import Memory, read, settled
from alpasim.metrics.ending import ending
from alpasim.metrics.recorder import Metrics
from alpasim.policy.checks import checked_decision
from alpasim.policy.protocol import Policy, load_memory, save_memory
from alpasim.recording.packing import pack_state
from alpasim.recording.snapshot import Snapshot, state_of
from alpasim.recording.versions import versions
from alpasim.scenario.concrete import EgoFault, Scenario, SenseFault
from alpasim.scenario.streams import policy_seed, sensor_stream, traffic_stream
from alpasim.sensors.camera_sensor import FAMILY as CAMERA
from alpasim.sensors.camera_sensor import camera_kind
from alpasim.sensors.sensing import Sensing
from alpasim.sensors.sensor import OBJECTS
from alpasim.traffic.changes import Change
from alpasim.traffic.engine import Traffic
from alpasim.types import (
    Bodies,
    Control,
    Decision,
    EndReason,
    Observation,
    RolloutBrief,
    Step,
    WorldState,
    frozen,
)
from alpasim.vehicle.actuation import check_control
from alpasim.vehicle.failing import fault_events
from alpasim.vehicle.tracker import Tracker
from alpasim.world.arrivals import arrivals
from alpasim.world.rendering.choosing import Renderers
from alpasim.world.world import World

REBASED = "alpasim:rebased"
"""Event of the first step after `snapshot` or `restore`; no event of a scenario can have this name."""


class Simulation:
    """One scenario being driven. Build it, `reset`, then alternate `observe` and `step` until `end_reason` is set.

    `scenario` is a concrete one, `load_scenario(FILE).concrete(seed)`. From the first `reset` on, `state` is the truth of the
    present moment, `end_reason` None while the drive goes on, `metrics` what has been measured, `dt_s` a control step [s]. A
    drive that has ended goes on where it is stepped all the same: what comes after a crash can be looked at.

    Raises InputError for what is no concrete scenario, ValueError when the control step is not a whole number of substeps, PolicyInvalidAction for a decision that is
    not finite or of the wrong shape, PhysicsDiverged when a body leaves the finite world.

    `sensors` names what the ego perceives with (`sensors/suite.py`): nothing else is computed. `sensor_options` replaces
    what the scenario writes under `sensors`, by the same keys. Raises InputError for a sensor that does not exist.
    Where the physics break, `begun` holds the decision and control of that step, and `state` is the last good one.
    """

    state: WorldState
    end_reason: EndReason | None = None
    begun: tuple[Decision, Control] | None = None

    def __init__(
        self,
        scenario: Scenario,
        *,
        sensors: Sequence[str] = (OBJECTS,),
        sensor_options: Mapping[str, Any] | None = None,
        metrics: Sequence[str] | None = None,
    ) -> None:
        self._metric_names = metrics
        self._world: World | None = None
        self._renderers = Renderers()
        self._senses = Sensing(sensors, sensor_options or {}, {CAMERA: camera_kind(self._renderers.get)})
        self._build(scenario)

    def _build(self, scenario: Scenario) -> None:
        """Everything that depends on the scenario alone; the physics client is kept from one scenario to the next."""
        _must_be_concrete(scenario)
        self.scenario = scenario
        self.dt_s = scenario.dt_us * 1e-6
        self._kinds = frozen(np.array([scenario.ego.vehicle.kind, *(a.kind for a in scenario.actors)], dtype=np.int64))
        self._extent = frozen(np.array([scenario.ego.vehicle.extent, *(a.extent for a in scenario.actors)], float))
        self._traffic = Traffic(scenario, traffic_stream(scenario))
        self._senses.set_in(scenario, sensor_stream(scenario))
        self._policy_seed = policy_seed(scenario)
        self._faults: tuple[EgoFault | SenseFault, ...] = (*scenario.faults, *scenario.sense_faults)
        self._tracker = Tracker(scenario.ego.vehicle, self.dt_s)
        self.metrics = Metrics(scenario, self._metric_names)

    def use_sensors(self, names: Sequence[str]) -> None:
        """Perceive with these sensors from now on, each as after a reset; InputError for one that does not exist."""
        self._senses.use(names, None if self._world is None else self.state)

    @property
    def brief(self) -> RolloutBrief:
        """What a policy is told about this rollout, and nothing of the script."""
        scenario = self.scenario
        return RolloutBrief(
            vehicle=scenario.ego.vehicle,
            route=scenario.ego.route,
            control_dt_us=scenario.dt_us,
            time_limit_s=scenario.time_limit_s,
            sensors=self._senses.names,
            policy_seed=self._policy_seed,
            reference_path=scenario.reference,
            sight=self._senses.sight,
        )

    @property
    def track_actors(self) -> dict[int, str]:
        """Which actor stands behind each track id of the observations: for logs and checks, never for a policy."""
        ids = self.scenario.ids
        return {track: ids[row] for track, row in self._senses.track_rows.items()}

    @property
    def renderer(self) -> str:
        """Name and version of what draws for the cameras, empty where there are none or nothing has been drawn."""
        watched = any(name.partition(":")[0] == CAMERA for name in self._senses.names)
        return self._renderers.versions if watched else ""

    @property
    def steps_done(self) -> int:
        """Control steps since reset."""
        return self.state.step

    def reset(self, scenario: Scenario | None = None) -> Observation:
        """Back to time zero, of another scenario if one is given; returns the first observation."""
        if scenario is not None and scenario is not self.scenario:
            self._build(scenario)
        motion = self._traffic.initial()
        if self._world is None:
            self._world = World(self.scenario)
        self.state = self._commit(0, self._world.reset(self.scenario, motion), ())
        self._traffic.reset(self.state)
        self._senses.reset(self.state)
        self._tracker.reset()
        self.metrics.reset(self.state)
        self.end_reason = self.begun = None
        self._rebased = False
        return self.observe()

    def observe(self) -> Observation:
        """What the ego knows of the present state; sensed once a step, however often it is asked for."""
        if self._world is None:
            raise RuntimeError("observe() before reset()")
        return self._senses.observe(self.state)

    def step(self, decision: Decision, decide_wall_s: float = 0.0) -> Step:
        """Advance one control step.

        0 observe    `observe` asks the sensors for Observation[t]
        1 decide     the caller's policy answers it with `decision`
        2 track      Trajectory -> Control, clipped to the vehicle's limits
        3 events     conditions read state[t]; those that hold change what actors do next, in file order; faults of the
                     ego begin and end by the clock
        4 traffic    every behaviour reads the same state[t] and gives pose and velocity at t+1
        5 physics    world.step: a whole number of substeps
        6 commit     -> WorldState[t+1], read-only arrays: the single writer of state
        7 metrics    each metric sees one Step and returns value and validity
        8 ending     terminated (collision, too far off the road, goal) or truncated (time limit), always with an EndReason
        """
        if self._world is None:
            raise RuntimeError("step() before reset()")
        before = self.state
        decision = checked_decision(decision, self.observe())
        control = self._track(decision)
        self.begun = (decision, control)
        failed = fault_events(self._faults, before.time_us, self.scenario.dt_us)
        events: tuple[str, ...] = (*failed, *self._traffic.apply_events(before))
        motion = self._traffic.advance(before)
        bodies = self._world.step(before, control, motion)
        events += arrivals(self.scenario, before.present, bodies)
        self.state = self._commit(before.step + 1, bodies, (REBASED, *events) if self._rebased else events)
        self._rebased = False
        self._senses.forget()
        self.begun = None
        step = Step(before, decision, control, self.state, self.dt_s, decide_wall_s)
        self.metrics.update(step)
        assert self.metrics.scene is not None  # this state has just been measured
        self.end_reason = ending(self.scenario, self.state, self.metrics.scene)
        return step

    def snapshot(self, policy: Policy | None = None) -> Snapshot:
        """This moment as a value, with the memory of `policy` if one is given.

        The drive goes on from that value, as any drive does that is restored from it: bodies are set to it anew, and contacts
        found anew. So this is an event (REBASED, in the next state), which a replay of the log repeats. Raises InputError
        where a behaviour, metric, sensor or policy keeps a memory that it cannot save.
        """
        if self._world is None:
            raise RuntimeError("snapshot() before reset()")
        scenario, state = self.scenario, self.state
        parts = {
            "state": np.frombuffer(pack_state(state), dtype=np.uint8),
            "end_reason": "" if self.end_reason is None else str(self.end_reason),
            "sensors": list(self._senses.names),
            "world": self._world.save(),
            "traffic": self._traffic.save(),
            "senses": self._senses.save(),
            "tracker": self._tracker.save(),
            "metrics": self.metrics.save(),
            "policy": None if policy is None else {"memory": save_memory(policy)},
        }
        memory: Memory = settled(parts)
        self._world.load(scenario, state, memory["world"])
        self._rebased = True
        return Snapshot(
            name=scenario.name,
            source=Path(scenario.source).name,
            content_hash=scenario.content_hash,
            seed=scenario.seed,
            parameters=scenario.parameters,
            ids=scenario.ids,
            step=state.step,
            time_us=state.time_us,
            memory=memory,
            inputs=scenario.inputs,
            versions=versions(),
        )

    def restore(self, snapshot: Snapshot, policy: Policy | None = None) -> Observation:
        """Go on from a moment of this scenario's drive, here or in another process; returns that moment's observation.

        What follows depends on the snapshot alone, to the bit. A `policy` is reset and gets the memory that was saved with it.
        Raises InputError for a snapshot of another scenario or without the policy's memory, and RecordingError for one that does
        not fit; the simulation is then back at time zero.
        """
        scenario = self.scenario
        if (snapshot.content_hash, snapshot.ids) != (scenario.content_hash, scenario.ids):
            raise InputError(
                f"the snapshot is of scenario {snapshot.name!r}, seed {snapshot.seed}; "
                f"this simulation drives {scenario.name!r}, seed {scenario.seed}"
            )
        try:
            self._load(snapshot)
        except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as cause:
            self.reset()
            raise RecordingError(f"snapshot: it does not fit this simulation: {cause!r}{snapshot.aged}") from cause
        except RecordingError as cause:
            self.reset()
            raise RecordingError(f"{cause}{snapshot.aged}") from cause
        except InputError:
            self.reset()
            raise
        if policy is not None:
            saved = snapshot.memory["policy"]
            if saved is None:
                raise InputError("the snapshot holds no policy's memory: take it with snapshot(policy)")
            policy.reset(self.brief)
            load_memory(policy, saved["memory"])
        return self.observe()

    def _load(self, snapshot: Snapshot) -> None:
        """Let every part go on from what a snapshot says of it."""
        memory = snapshot.memory
        state = state_of(snapshot, self.scenario, self._kinds, self._extent)
        end = read(memory, "end_reason", str)
        if self._world is None:
            self._world = World(self.scenario)
        self._world.load(self.scenario, state, read(memory, "world", dict))
        self.state = state
        self._traffic.load(state, read(memory, "traffic", dict))
        self.use_sensors(read(memory, "sensors", list))
        self._senses.reset(state)
        self._senses.load(read(memory, "senses", dict))
        self._tracker.load(read(memory, "tracker", dict))
        self.metrics.load(state, read(memory, "metrics", dict))
        self.end_reason = EndReason(end) if end else None
        self._rebased = True

    def alter(self, edit: Callable[[WorldState, Memory], tuple[WorldState, Memory]], change: Change | None) -> None:
        """Go on with an actor changed: `edit` gives state and world's memory with it, `change` who drives it from now on.

        For branches (`branching.py`), which say what may be changed; a drive altered so can no longer be repeated.
        """
        if self._world is None:
            raise RuntimeError("alter() before reset()")
        state, memory = edit(self.state, self._world.save())
        senses = self._senses.save()
        if change is not None:
            self._traffic.change(change, state)
        self._world.load(self.scenario, state, memory)
        self._senses.load(senses)
        self.state, self._rebased = state, True

    @property
    def traffic(self) -> Traffic:
        """Everything that moves besides the ego."""
        return self._traffic

    def close(self) -> None:
        """Give the physics client and the renderers back; the Simulation can be reset again afterwards."""
        self._renderers.close()
        if self._world is not None:
            self._world.close()
            self._world = None

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Refuse to be copied or pickled: the copy would push the bodies of this one's physics client."""
        raise TypeError("a Simulation cannot be copied or pickled: make another one, and restore a snapshot() there")

    def _track(self, decision: Decision) -> Control:
        """The pedals and wheel that a decision means now."""
        if decision.control is not None:
            return check_control(decision.control)
        assert decision.trajectory is not None  # checked_decision lets nothing else through
        observation = self.observe()
        return check_control(
            self._tracker.follow(decision.trajectory, observation.rig_pose, observation.ego, self.state.time_us)
        )

    def _commit(self, step: int, bodies: Bodies, events: tuple[str, ...]) -> WorldState:
        """The next state, from what the world hands back; its arrays become read-only here."""
        time_us = step * self.scenario.dt_us
        return WorldState(
            step=step,
            time_us=time_us,
            ids=self.scenario.ids,
            kinds=self._kinds,
            extent=self._extent,
            present=frozen(bodies.present),
            struck=frozen(bodies.struck),
            position=frozen(bodies.position),
            rotation=frozen(bodies.rotation),
            yaw=frozen(bodies.yaw),
            velocity=frozen(bodies.velocity),
            angular_velocity=frozen(bodies.angular_velocity),
            ego=bodies.ego,
            signals=frozen(self.scenario.road.signal_colours(time_us)),
            contacts=bodies.contacts,
            events=events,
        )


def _must_be_concrete(scenario: object) -> None:
    """InputError for a scenario whose ranges are not drawn yet, or a file's name."""
    if not isinstance(scenario, Scenario):
        kind = type(scenario).__name__
        raise InputError(f"scenario is of type {kind}, expected a concrete Scenario: load_scenario(…).concrete(seed)")
