"""All actors but the ego: bodies that follow their behaviours until something touches them.

Does to the engine's bodies what follows from who is guided, has been struck or may touch somebody soon, which `watch.py` keeps.
The rules are told in `world.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from alpasim.errors import RecordingError
from alpasim.memory import Memory, fill, finite
from alpasim.scenario.concrete import ActorSpec, Scenario
from alpasim.types import EGO, Bodies, FloatArray, Motion, WorldState
from alpasim.world.bullet import MEETS_FREE, NOBODY, Engine, Vector3, parking
from alpasim.world.contacts import VX, YAW_RATE, Box
from alpasim.world.low import GRAZED_M, low_blocks
from alpasim.world.nearness import ABSENT, GUIDED
from alpasim.world.standing import Standing, Tiles
from alpasim.world.underbody import Moving, moving_box
from alpasim.world.watch import Watch
from alpasim.world.wrecks import Wrecks


def is_fixed(actor: ActorSpec) -> bool:
    """Whether an actor never moves, whatever hits it: one without a finite mass."""
    return not 0.0 < actor.mass_kg < math.inf


class Actors:
    """The bodies of rows 1 to n - 1; row 0 is the ego's, known here only by how it moves."""

    def __init__(self, engine: Engine, scenario: Scenario) -> None:
        self._engine = engine
        specs = scenario.actors
        self._mass = [0.0, *(0.0 if is_fixed(actor) else actor.mass_kg for actor in specs)]
        self._restitution = [0.0, *(actor.restitution for actor in specs)]
        self._fixed = np.array([False, *(is_fixed(actor) for actor in specs)])
        self._fixed_rows: list[int] = np.flatnonzero(self._fixed).tolist()
        self._extent = np.array([scenario.ego.vehicle.extent, *(actor.extent for actor in specs)], dtype=np.float64)
        self.bodies = [-1]
        for row, actor in enumerate(specs, start=1):
            body = engine.add_box(
                actor.extent, self._mass[row], parking(row), friction=actor.friction, restitution=actor.restitution
            )
            self.bodies.append(body)
        self.wrecks = Wrecks(engine, specs, self.bodies, self._mass, self._extent)
        self.watch = Watch(self._extent, self._fixed)
        self.now, self.struck, self.ignored = self.watch.now, self.watch.struck, self.watch.ignored
        self._role = self.watch.role
        clearance = scenario.ego.vehicle.ground_clearance_m + GRAZED_M
        self.flat = [row for row, actor in enumerate(specs, start=1) if min(actor.extent) <= clearance]
        """Who may come to lie low enough for the ego's wheels to run over."""
        self._low_m, self._reach = clearance, 0.5 * math.hypot(*scenario.ego.vehicle.extent[:2])
        self._wheel_m = scenario.ego.vehicle.wheel_radius_m
        self._with_mass: list[int] = []

    def clear(self) -> None:
        """Give every body its mass and let it wait, unturned and at rest, where it collides with nothing."""
        for row, body in enumerate(self.bodies[1:], start=1):
            if not self._fixed[row]:
                self._engine.set_mass(body, self._mass[row])
            self._engine.filter(body, *NOBODY)
            self._engine.place(body, parking(row))
        self.wrecks.clear()
        self.struck[:] = False

    def reset(self, scenario: Scenario, motion: Motion, bodies: Bodies) -> None:
        """Everybody unharmed and where `motion` (and `bodies`, made from it) has them, after `clear` and a substep of the engine."""
        self._surround(scenario)
        for row, body in enumerate(self.bodies[1:], start=1):
            if not self._fixed[row]:
                self._engine.set_mass(body, 0.0)
            self._engine.place(body, parking(row))
        self._with_mass = []
        self.watch.reset(scenario, motion)
        self.finish(bodies)

    def _surround(self, scenario: Scenario) -> None:
        """Take over what a scenario has around its actors."""
        self._relief = scenario.road.relief
        self._standing = Standing(scenario)
        self.wrecks.surround(scenario)
        self.watch.surround(scenario)

    def save(self) -> Memory:
        """Who has been struck, has mass or goes through whom, and where everybody was last; the bodies are the world's."""
        with_mass = np.zeros(len(self.bodies), dtype=np.bool_)
        with_mass[self._with_mass] = True
        return {
            **self.watch.save(),
            "with_mass": with_mass,
            "grip": np.array(self.wrecks.grip, dtype=np.float64),
        }

    def turn(self, memory: Memory, bodies: FloatArray) -> None:
        """Let those that a memory has struck wait turned as they will be; after `clear`, before a substep and `load`."""
        fill(memory, "struck", self.struck)
        for row in np.flatnonzero(self.struck).tolist():
            self._engine.place(self.bodies[row], parking(row), bodies[row, 3:7].tolist())

    def load(self, scenario: Scenario, state: WorldState, memory: Memory, bodies: FloatArray) -> None:
        """Go on in `state` from what `save` returned; `bodies` (n, 13) has the struck ones. After `turn` and a substep."""
        self._surround(scenario)
        with_mass = np.zeros(len(self.bodies), dtype=np.bool_)
        grip = finite(memory, "grip", (len(self.bodies),))
        fill(memory, "with_mass", with_mass)
        self.watch.load(memory)
        if (self.struck & (self._fixed | with_mass)).any() or (with_mass & self._fixed).any() or with_mass[EGO]:
            raise RecordingError("snapshot: an actor is struck or has mass that cannot be")
        self.wrecks.rows, self._with_mass = np.flatnonzero(self.struck).tolist(), np.flatnonzero(with_mass).tolist()
        self.wrecks.grip = grip.tolist()
        for row in range(1, len(self.bodies)):
            if self.struck[row]:
                self.wrecks.restore(row, bodies[row].tolist())
            else:
                self._settle(row, state)

    def _settle(self, row: int, state: WorldState) -> None:
        """Put the body of one that has not been struck where a state has it."""
        body = self.bodies[row]
        if row in self._with_mass:
            self._engine.free(body, self._mass[row])
        elif not self._fixed[row]:
            self._engine.set_mass(body, 0.0)
        if not state.present[row]:
            self._engine.place(body, parking(row))
            return
        self._engine.place(body, state.position[row].tolist(), state.rotation[row].tolist())
        if self._fixed[row]:
            self._engine.filter(body, *MEETS_FREE)

    def begin(self, motion: Motion) -> None:
        """Start a control step at whose end `motion` holds for those that are guided."""
        self.watch.begin(motion)
        self.wrecks.begin(self.now)
        self.look(0.0)

    def look(self, share: float) -> None:
        """Find the pairs that may touch in what is left of a control step of which a `share` is over."""
        any_pair = self.watch.look(share)
        self.watching = any_pair or bool(self.wrecks.rows) or bool(self._with_mass)
        """Whether anything may touch in this control step, so that motion has to be known."""

    def see_ego(self, x: float, y: float, yaw: float, velocity: Vector3, yaw_rate: float) -> None:
        """Take over how the ego's box moves now, world frame."""
        self.now[EGO] = (x, y, yaw, velocity[0], velocity[1], yaw_rate, 0.0, velocity[2])

    def box_of(self, row: int) -> Box:
        """Where the box of a row was when motion was last looked at."""
        x, y, yaw, _, _, _, z, _ = self.now[row].tolist()
        turned = self.wrecks.turned[row] if self.struck[row] else self._standing.rotation(row, x, y, yaw)
        return (x, y, z), turned, self._extent[row].tolist()

    def gained(self, row: int) -> Vector3:
        """By how much the velocity of a row's body differs from when motion was last looked at."""
        if self._fixed[row]:
            return 0.0, 0.0, 0.0
        velocity, _ = self._engine.motion(self.bodies[row])
        vx, vy, _, _, vz = self.now[row, VX:].tolist()
        return velocity[0] - vx, velocity[1] - vy, velocity[2] - vz

    def moving(self, row: int) -> tuple[Moving, float]:
        """How the body of a row moved when motion was last looked at, and its restitution."""
        _, _, _, vx, vy, rate, _, vz = self.now[row].tolist()
        spin = self.wrecks.spin[row] if self.struck[row] else (0.0, 0.0, rate)
        return moving_box(self.box_of(row), self._mass[row], (vx, vy, vz), spin), self._restitution[row]

    def low(self) -> FloatArray:
        """Blocks (m, 9) of whom the ego's wheels or lower edge may meet, as motion was when last looked at (`low.py`)."""
        bodies = ((row, self.box_of(row), self._holds(row)) for row in self.flat if self._role[row] != ABSENT)
        place = float(self.now[EGO, 0]), float(self.now[EGO, 1])
        return low_blocks(bodies, place, self._reach, self._low_m, self._wheel_m, self._relief)

    def _holds(self, row: int) -> float:
        """Friction of a row on the ground; what is fixed is held by whatever it takes."""
        return math.inf if self._fixed[row] else self.wrecks.friction(row)

    def carry(self, tiles: Tiles) -> None:
        """Bring ground under everybody that physics moves or is about to move."""
        for row in (*self.wrecks.rows, *self._with_mass):
            tiles.put(row, float(self.now[row, 0]), float(self.now[row, 1]))

    def guide(self, share: float) -> bool:
        """Before a substep, a `share` of the control step being over: give mass to those about to touch something, put them
        where their behaviours want them, and take it from those that passed. True if there may be contacts to read."""
        any_close, rows = self.watch.guided_about_to_touch(share)
        for row in self._with_mass:
            if row not in rows:
                self._engine.freeze(self.bodies[row])
        for row in rows:
            self._give_mass(row)
        self._with_mass = rows
        return any_close or bool(self.wrecks.rows)

    def strike(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Leave the guided ones of those that touched to physics."""
        hit = sorted({row for pair in pairs for row in pair if self._role[row] == GUIDED})
        for row in hit:
            self.wrecks.add(row, self.box_of(row)[1], (0.0, 0.0, float(self.now[row, YAW_RATE])))
            self.watch.strike(row)
            self._with_mass.remove(row)

    def pinch(self, row: int, pinch_ns: float, seconds: float) -> None:
        """Let a wheel press the body of a row on the ground in the step of that many seconds that comes next, with that impulse
        [N s]: friction stops it there, or slows it. One that was guided is struck by it, one that is fixed does not feel it."""
        if self._fixed[row]:
            return
        self._let_go(row)
        x, y, _, vx, vy, _, z, _ = self.now[row].tolist()
        speed, held = math.hypot(vx, vy), self.wrecks.friction(row) * pinch_ns
        share = self._mass[row] / seconds * (min(held / (self._mass[row] * speed), 1.0) if speed > 0.0 else 0.0)
        self._engine.push_at(self.bodies[row], (-share * vx, -share * vy, 0.0), (x, y, z))

    def hit(self, row: int, force: Vector3, point: Vector3) -> None:
        """Let the ego's lower edge or a wheel push the body of a row with a force [N] at a point in the step that comes next; one
        that was guided is struck by it, one that is fixed does not feel it."""
        if not self._fixed[row]:
            self._let_go(row)
            self._engine.push_at(self.bodies[row], force, point)

    def _let_go(self, row: int) -> None:
        """Make a row struck by the ego, if it is guided."""
        if self._role[row] == GUIDED:
            if row not in self._with_mass:
                self._give_mass(row)
                self._with_mass = sorted([*self._with_mass, row])
            self.strike([(EGO, row)])

    def _give_mass(self, row: int) -> None:
        """Make a guided row a free body that moves as its behaviour wants it to now."""
        if row not in self._with_mass:
            self._engine.free(self.bodies[row], self._mass[row])
        x, y, yaw, vx, vy, rate, z, vz = self.now[row].tolist()
        turned = self._standing.rotation(row, x, y, yaw)
        self._engine.place(self.bodies[row], (x, y, z), turned, (vx, vy, vz), (0.0, 0.0, rate))

    def finish(self, bodies: Bodies) -> None:
        """End a control step: read the struck into `bodies`, which has the guided rows already, and put those that physics
        may meet where they are. Bodies of other guided ones, which touch nothing, stay where they last had a mass."""
        self.wrecks.write(bodies)
        self.wrecks.see(self.now)
        for row, came in self.watch.note(bodies.present):
            if not came:
                self._leave(row)
            elif self._fixed[row]:
                self._engine.filter(self.bodies[row], *MEETS_FREE)
        for row in (*self._with_mass, *self._fixed_rows):
            if bodies.present[row]:
                self._engine.set_pose(self.bodies[row], bodies.position[row].tolist(), bodies.rotation[row].tolist())

    def _leave(self, row: int) -> None:
        """Take away the body of an actor that is no longer there."""
        if row in self._with_mass:
            self._engine.freeze(self.bodies[row])
            self._with_mass.remove(row)
        self._engine.filter(self.bodies[row], *NOBODY)
        self._engine.place(self.bodies[row], parking(row))
