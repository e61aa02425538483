"""The world of one scenario: bodies in Bullet, moved through one control step at a time.

Answers "where is everything after this step, and who touched whom". It does not decide what actors want (`traffic`) and
keeps no state but that of the bodies.

The ego is a free body driven by its own forces. Every other actor follows its behaviour and collides with nothing, until
its box is about to touch the ego, another free body or another actor: from the substep before, it is a body with mass
that is set anew each substep to where its behaviour wants it, so that a contact meets it with the behaviour's velocity. If
they touch, it is `struck` and obeys physics alone from then on, whatever its behaviour says; if they pass, it goes on. An
actor without a finite mass is fixed: it is hit, and never struck.

Who comes and goes: an actor that appears during a step is there from its end, one that leaves is gone from its start;
one that has been struck stays. Two actors that overlap as one of them appears go through each other until they have come
apart; so do two that both repeat a recording, whose boxes overlap by measuring error alone. One that appears on top of the
ego touches it: the two are pushed apart without gaining speed.
"""

from __future__ import annotations

import numpy as np

from alpasim.errors import PhysicsDiverged, RecordingError
from alpasim.memory import Memory, finite, read
from alpasim.scenario.concrete import Scenario
from alpasim.types import EGO, Bodies, Control, FloatArray, Motion, VehicleParameters, WorldState
from alpasim.vehicle.blocks import LOW_ROW
from alpasim.world.actors import Actors
from alpasim.world.bounds import FARTHEST_M, check_bodies, check_motion, explained
from alpasim.world.bullet import Engine, Vector3, parking
from alpasim.world.contacts import Box, ContactMerger
from alpasim.world.ego import BodyState, Ego
from alpasim.world.low import NO_BLOCKS
from alpasim.world.nearness import guided_rows
from alpasim.world.standing import FAR_BELOW_M, Standing, Tiles
from alpasim.world.underbody import strike
from alpasim.world.wheel_pushes import wheel_pushes


def substep_length(dt_us: int, substeps: int) -> float:
    """Seconds of one substep; ValueError unless a control step is a whole number of substeps of whole microseconds."""
    if substeps < 1 or dt_us < 1:
        raise ValueError(f"a control step of {dt_us} us in {substeps} substeps: both have to be at least 1")
    if dt_us % substeps:
        raise ValueError(
            f"a control step of {dt_us} us is not a whole number of microseconds in each of {substeps} substeps: "
            f"expected a number of substeps that divides {dt_us}"
        )
    return dt_us // substeps * 1e-6


BODY_NUMBERS = 13
"""What is stored of a free body: position (3), rotation (4), velocity (3) and spin (3) of its centre of mass."""

Recipe = tuple[VehicleParameters, int, int, bool, tuple[tuple[tuple[float, float, float], float, float, float], ...]]


def recipe(scenario: Scenario) -> Recipe:
    """All that the bodies of a scenario are made from; scenarios with equal recipes can share them."""
    actors = tuple((actor.extent, actor.mass_kg, actor.friction, actor.restitution) for actor in scenario.actors)
    return scenario.ego.vehicle, scenario.dt_us, scenario.substeps, scenario.road.relief.rising, actors


class World:
    """The bodies of one scenario at a time, in a Bullet client of its own; `reset` before the first `step`."""

    def __init__(self, scenario: Scenario) -> None:
        self._engine = Engine(substep_length(scenario.dt_us, scenario.substeps))
        self._stored: FloatArray | None = None
        self._build(scenario)

    def close(self) -> None:
        """Give the Bullet client back; safe to call twice."""
        self._engine.close()

    def reset(self, scenario: Scenario, motion: Motion) -> Bodies:
        """Everything as `scenario` starts, actors where `motion` has them at time zero.

        Bodies are used again where the scenario has the same ones; either way the steps that follow repeat to the bit.
        Raises ValueError where the control step is no whole number of substeps.
        """
        check_motion(motion, scenario.ids, 0)
        self._clear(scenario)
        self._wipe(scenario)
        self._ego.reset(scenario)
        self._standing.settle(motion.position, motion.yaw, motion.velocity, motion.present, self._actors.struck)
        return self._commit(motion, 0, 0.0)

    def _clear(self, scenario: Scenario) -> None:
        """The bodies of a scenario, all of them waiting far from each other and from the ground."""
        if recipe(scenario) != self._recipe:
            self._engine.clear(substep_length(scenario.dt_us, scenario.substeps))
            self._build(scenario)
        self._scenario = scenario
        self._standing = Standing(scenario)
        self._raised = scenario.road.relief.shape.shape[0] > 0
        self._stored = None
        if self._tiles is not None:
            self._tiles.clear()
        self._actors.clear()
        self._ego.clear(scenario)

    def _wipe(self, scenario: Scenario) -> None:
        """Let the engine forget, and put the ground under a scenario.

        Bullet turns a body's inertia into world axes only while it steps a free body, and keeps contacts of bodies that
        can meet: one substep of free bodies far from each other and from the ground wipes both.
        """
        self._engine.step()
        if self._tiles is None:
            self._engine.place(self._ground, (*scenario.ego.pose[:2], 0.0))
            self._engine.set_friction(self._ground, scenario.environment.friction)
        else:
            self._tiles.reset(scenario.road.relief, scenario.environment.friction)
        self._merger.begin()

    def save(self) -> Memory:
        """Everything that the next step depends on besides the state.

        A pose that Bullet hands back is not the pose that it was given: while nothing has moved since `load`, what was
        loaded is returned, so that saving it again changes nothing.
        """
        bodies = self._stored
        if bodies is None:
            bodies = np.zeros((len(self._actors.bodies), BODY_NUMBERS))
            position, rotation, velocity, spin = self._ego.body_state()
            bodies[EGO] = (*position, *rotation, *velocity, *spin)
            self._actors.wrecks.read(bodies)
        return {"bodies": bodies.copy(), "ego": self._ego.save(), "actors": self._actors.save()}

    def load(self, scenario: Scenario, state: WorldState, memory: Memory) -> None:
        """Go on in `state` of `scenario` from what `save` returned. What follows depends on these three alone, to the bit.

        Contacts that were being solved are found anew. Raises RecordingError for a memory that does not fit.
        """
        bodies = finite(memory, "bodies", (len(scenario.ids), BODY_NUMBERS))
        if np.abs(bodies).max() > FARTHEST_M:
            raise RecordingError(f"snapshot: 'bodies' holds values above {FARTHEST_M:g}")
        ego, actors = read(memory, "ego", dict), read(memory, "actors", dict)
        self._clear(scenario)
        self._ego.turn(bodies[EGO])
        self._actors.turn(actors, bodies)
        self._wipe(scenario)
        self._ego.load(scenario, ego, bodies[EGO])
        self._actors.load(scenario, state, actors, bodies)
        self._stored = bodies

    def step(self, state: WorldState, control: Control, motion: Motion) -> Bodies:
        """Advance by one control step from `state`, the ego with `control` (checked), the others towards `motion`, whose heights
        and vertical speeds the ground decides where it is not level.

        Raises PhysicsDiverged where a body's state, or where a behaviour wants it, is not finite or out of bounds.
        """
        try:
            return self._advance(state, control, motion)
        except PhysicsDiverged as fault:
            raise explained(fault, state, control) from fault

    def _advance(self, state: WorldState, control: Control, motion: Motion) -> Bodies:
        """`step` itself."""
        scenario = self._scenario
        check_motion(motion, scenario.ids, state.step)
        self._stored = None
        self._standing.settle(motion.position, motion.yaw, motion.velocity, motion.present, self._actors.struck)
        self._merger.begin()
        self._ego.begin(control, state.time_us)
        self._actors.begin(motion)
        for substep in range(scenario.substeps):
            self._substep(substep)
        return self._commit(motion, state.step + 1, scenario.dt_us * 1e-6)

    def _substep(self, substep: int) -> None:
        """One substep, in parts where bodies that close fast meet in it: both have to be seen to touch before they are in
        each other deeper than they overlap sideways, or a head-on impact is solved as a graze."""
        ego, actors, engine = self._ego, self._actors, self._engine
        substeps, seconds = self._scenario.substeps, ego.substep_s
        body, readable = self._see(substep / substeps)
        parts = actors.watch.parts_of_substep(seconds) if readable else 1
        if ego.uneven:
            parts = max(parts, ego.parts_of_substep(body, seconds))
        if parts > 1:
            seconds /= parts
            engine.set_substep(seconds)
        try:
            for part in range(parts):
                if part:
                    body, readable = self._see((substep + part / parts) / substeps)
                ego.drive(body, seconds)
                if ego.met:
                    readable = self._run_over(substep, seconds)
                if len(ego.low):
                    readable |= self._strike_low(body, substep, seconds)
                    readable |= self._push_low(body, substep, seconds)
                if self._raised:
                    actors.wrecks.stand(seconds)
                engine.step()
                if readable:
                    self._feel(body, substep, seconds, (substep + (part + 1) / parts) / substeps)
                if ego.uneven:
                    ego.settle(body, seconds)
        finally:
            if parts > 1:
                engine.set_substep(ego.substep_s)

    def _see(self, share: float) -> tuple[BodyState, bool]:
        """How the ego moves, and whether there will be contacts to read: what others do after a `share` of the step."""
        body = self._ego.body_state()
        readable = False
        if self._actors.watching:
            self._actors.see_ego(*self._ego.in_plane(body))
            self._actors.wrecks.see(self._actors.now)
            readable = self._actors.guide(share)
        if self._actors.flat:
            self._ego.low = self._actors.low() if self._actors.watching else NO_BLOCKS
        if self._tiles is not None:
            self._tiles.put(EGO, *body[0][:2])
            self._actors.carry(self._tiles)
        return body, readable

    def _run_over(self, substep: int, seconds: float) -> bool:
        """Let what wheels met feel it too; True, since there are free bodies now."""
        for hit in self._ego.met:
            self._merger.add_wheel(hit, substep, self._actors.box_of(hit.row))
            self._actors.pinch(hit.row, hit.pinch_ns, seconds)
        self._ego.met.clear()
        return True

    def _strike_low(self, body: BodyState, substep: int, seconds: float) -> bool:
        """Let the ego's lower edge strike what is a little higher than it; whether it did."""
        ego, actors = self._ego, self._actors
        struck = False
        for block in ego.low:
            row = int(block[LOW_ROW])
            if actors.ignored[EGO, row]:
                continue
            other, bounce = actors.moving(row)
            hit = strike(block, ego.solid(body), ego.moving(body), other, ego.restitution * bounce, seconds)
            if hit is None:
                continue
            struck = True
            self._merger.add_strike(hit, substep, ego.solid(body), actors.box_of(row))
            force, (nx, ny, nz) = hit.impulse_ns / seconds, hit.normal
            ego.push_at((force * nx, force * ny, force * nz), hit.point)
            actors.hit(row, (-force * nx, -force * ny, -force * nz), hit.point)
        return struck

    def _push_low(self, body: BodyState, substep: int, seconds: float) -> bool:
        """Let the ego's wheels push ahead what is too high for them to roll over; whether they did."""
        ego, actors = self._ego, self._actors
        loose = [block for block in ego.pushed if not actors.ignored[EGO, int(block[LOW_ROW])]]
        if not loose:
            return False
        others = {int(block[LOW_ROW]): actors.moving(int(block[LOW_ROW])) for block in loose}
        pushes = wheel_pushes(loose, ego.wheels(body), ego.moving(body), others, ego.restitution, seconds)
        for push in pushes:
            self._merger.add_wheel(push.hit, substep, actors.box_of(push.hit.row))
            fx, fy, _ = (side / seconds for side in push.hit.push)
            ego.push_at((fx, fy, 0.0), push.hit.point)
            actors.hit(push.hit.row, (-fx, -fy, 0.0), push.at)
        return bool(pushes)

    def _feel(self, body: BodyState, substep: int, seconds: float, share: float) -> None:
        """Read the contacts of what was just simulated, which the ego began with `body`, a `share` of the step being over."""

        def box_of(row: int) -> Box:
            return self._ego.solid(body) if row == EGO else self._actors.box_of(row)

        actors = self._actors

        def gained(row: int) -> Vector3:
            return self._ego.gained(body) if row == EGO else actors.gained(row)

        touching = self._merger.add(self._engine.contacts(), substep, seconds, actors.now, actors.ignored, box_of)
        self._merger.end_part(gained)
        if touching:
            self._ego.met_others = True
            actors.strike(touching)
            self._look_again(share)

    def _build(self, scenario: Scenario) -> None:
        """Create every body, in row order, where it waits."""
        self._recipe = recipe(scenario)
        self._ground = self._engine.add_ground()
        self._ego = Ego(self._engine, scenario, parking(EGO))
        self._actors = Actors(self._engine, scenario)
        rows = {self._ego.body: EGO}
        rows.update({body: row for row, body in enumerate(self._actors.bodies) if row != EGO})
        self._merger = ContactMerger(rows)
        self._tiles: Tiles | None = None
        if scenario.road.relief.rising:
            self._engine.place(self._ground, (0.0, 0.0, -FAR_BELOW_M))
            self._tiles = Tiles(self._engine, [self._ego.body, *self._actors.bodies[1:]])

    def _look_again(self, share: float) -> None:
        """After a contact free bodies move differently, so who may touch whom is asked anew."""
        self._actors.see_ego(*self._ego.in_plane(self._ego.body_state()))
        self._actors.wrecks.see(self._actors.now)
        self._actors.look(share)

    def _commit(self, motion: Motion, step: int, dt_s: float) -> Bodies:
        """Where everybody is now, `dt_s` after the last time: guided rows from `motion`, the others from the engine."""
        n = len(motion.present)
        body = self._ego.body_state()
        plane = self._ego.in_plane(body)
        bodies = Bodies(
            present=motion.present.copy(),
            struck=self._actors.struck.copy(),
            position=np.zeros((n, 3)),
            rotation=np.zeros((n, 4)),
            yaw=np.zeros(n),
            velocity=np.zeros((n, 3)),
            angular_velocity=np.zeros((n, 3)),
            ego=self._ego.finish(plane, dt_s),
            contacts=self._merger.contacts(),
        )
        guided_rows(
            motion.position,
            motion.yaw,
            motion.velocity,
            motion.yaw_rate,
            motion.present,
            bodies.position,
            bodies.rotation,
            bodies.yaw,
            bodies.velocity,
            bodies.angular_velocity,
        )
        self._standing.turn(bodies.rotation, bodies.position, bodies.yaw, bodies.present, bodies.struck)
        self._ego.write(body, bodies)
        if step == 0:
            self._actors.reset(self._scenario, motion, bodies)
        else:
            self._actors.finish(bodies)
        self._actors.see_ego(*plane)
        check_bodies(bodies, self._scenario.ids, step)
        return bodies
