"""Those of the actors that have been struck: free bodies that slide, trip over what is raised and lie, until the rollout ends.

Keeps who they are, how they are turned, and what grip lies under them; `actors.py` says who becomes one, `kerbs.py` what raised ground
does to them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from alpasim.road.network import RoadNetwork
from alpasim.road.relief import feel
from alpasim.scenario.concrete import ActorSpec, Scenario
from alpasim.scenario.kinds import WHEEL_RADIUS_M
from alpasim.types import Bodies, FloatArray
from alpasim.world.bullet import Engine, Quaternion, Vector3, yaw_of
from alpasim.world.kerbs import bear, gives_way


class Wrecks:
    """Rows are those of the state; `bodies` are the engine's by row, `mass` [kg] is 0 for what never moves."""

    def __init__(
        self,
        engine: Engine,
        specs: Sequence[ActorSpec],
        bodies: Sequence[int],
        mass: Sequence[float],
        extent: FloatArray,
    ) -> None:
        self._engine, self._bodies, self._mass, self._extent = engine, bodies, mass, extent
        self._friction = [0.0, *(actor.friction for actor in specs)]
        self._wheel_m = [0.0, *(WHEEL_RADIUS_M.get(actor.kind, 0.0) for actor in specs)]
        self._yields_m = [0.0, *(gives_way(actor.kind) for actor in specs)]
        self.rows: list[int] = []
        """Who has been struck, in order."""
        self.turned: dict[int, Quaternion] = {}
        self.spin: dict[int, Vector3] = {}
        """How each of them was turned, and turned on, when motion was last looked at."""
        self.grip = [1.0] * len(bodies)
        """Grip of the ground under each row over that of the scene; 1 for whom it is not asked."""
        self._underfoot = np.zeros((3, 1))

    def clear(self) -> None:
        """Nobody is one."""
        self.rows, self.grip = [], [1.0] * len(self._bodies)
        for row, body in enumerate(self._bodies[1:], start=1):
            self._engine.set_friction(body, self._friction[row])

    def surround(self, scenario: Scenario) -> None:
        """Take over what a scenario has around its actors."""
        self._road: RoadNetwork = scenario.road
        self._base_friction = scenario.environment.friction

    def add(self, row: int, turned: Quaternion, spin: Vector3) -> None:
        """A row is one from now on, and moves so."""
        self.turned[row], self.spin[row] = turned, spin
        self.rows = sorted([*self.rows, row])

    def restore(self, row: int, values: Sequence[float]) -> None:
        """Put one down again: position, rotation, velocity and spin (13,), on ground of the grip that is kept."""
        body = self._bodies[row]
        self._engine.free(body, self._mass[row])
        if self.grip[row] != 1.0:
            self._engine.set_friction(body, self._friction[row] * self.grip[row])
        self._engine.place(body, values[:3], values[3:7], values[7:10], values[10:])

    def begin(self, now: FloatArray) -> None:
        """Start a control step: give each the grip of what lies under its centre, surface or terrain; the ground itself has the
        scene's. `now` (n, 8) is how all move."""
        if self._base_friction <= 0.0:
            return
        road, here = self._road, self._underfoot
        for row in self.rows:
            under = now[row : row + 1, :2].copy()
            feel(under, self._base_friction, road.arrays, road.grid, road.ground, here[0], here[1], here[2])
            grip = float(here[0, 0]) / self._base_friction
            if grip != self.grip[row]:
                self.grip[row] = grip
                self._engine.set_friction(self._bodies[row], self._friction[row] * grip)

    def see(self, now: FloatArray) -> None:
        """Read how they move now into their rows of `now` (n, 8)."""
        for row in self.rows:
            (x, y, z), rotation = self._engine.pose(self._bodies[row])
            (vx, vy, vz), spin = self._engine.motion(self._bodies[row])
            self.turned[row], self.spin[row] = rotation, spin
            now[row] = (x, y, yaw_of(rotation), vx, vy, spin[2], z, vz)

    def friction(self, row: int) -> float:
        """Of a row's body on the ground under it."""
        return self._base_friction * self._friction[row] * self.grip[row]

    def stand(self, seconds: float) -> None:
        """Let them feel what is raised on the ground, in the substep of that many seconds that comes next."""
        for row in self.rows:
            friction, wheel_m, yields_m = self.friction(row), self._wheel_m[row], self._yields_m[row]
            body, extent, mass = self._bodies[row], self._extent[row], self._mass[row]
            bear(self._engine, body, extent, mass, friction, wheel_m, yields_m, self._road.relief, seconds)

    def read(self, into: FloatArray) -> None:
        """Write position, rotation, velocity and spin into their rows of `into` (n, 13)."""
        for row in self.rows:
            position, rotation = self._engine.pose(self._bodies[row])
            velocity, spin = self._engine.motion(self._bodies[row])
            into[row] = (*position, *rotation, *velocity, *spin)

    def write(self, bodies: Bodies) -> None:
        """Write how they move now into a state's bodies."""
        for row in self.rows:
            position, rotation = self._engine.pose(self._bodies[row])
            velocity, spin = self._engine.motion(self._bodies[row])
            bodies.present[row] = bodies.struck[row] = True
            bodies.position[row], bodies.rotation[row] = position, rotation
            bodies.velocity[row], bodies.angular_velocity[row] = velocity, spin
            bodies.yaw[row] = yaw_of(rotation)
