"""A flat, empty, endless road to try vehicles on: scenarios built by hand, and a loop that drives them.

What `vehicle_checks.py`, `tracker_ngsim.py` and the tests of the world share. There is no policy here, no metric and no
log.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from alpasim.road.network import Lane, LaneKind, LineMark, RoadNetwork, SurfacePatch
from alpasim.road.unlevel import Part
from alpasim.scenario.concrete import ActorSpec, EgoSpec, Environment, Goal, Scenario
from alpasim.scenario.vehicles import load_vehicle
from alpasim.types import (
    ActorKind,
    Bodies,
    Contact,
    Control,
    Motion,
    Route,
    VehicleParameters,
    WorldState,
)
from alpasim.world.world import World


def vehicle(name: str = "sedan", **changes: Any) -> VehicleParameters:
    """A packaged vehicle, with some of its parameters changed."""
    return replace(load_vehicle(name), **changes)


def plain(
    length_m: float = 20_000.0,
    width_m: float = 400.0,
    surfaces: Sequence[SurfacePatch] = (),
    parts: Sequence[Part] = (),
) -> RoadNetwork:
    """One very wide lane along x around the origin, paved all around; `parts` make it unlevel."""
    x = np.array([-0.5 * length_m, 0.5 * length_m])
    lines = [np.stack((x, np.full(2, y)), axis=1) for y in (0.0, 0.5 * width_m, -0.5 * width_m)]
    lane = Lane(
        id="plain",
        kind=LaneKind.DRIVING,
        centre=lines[0],
        left=lines[1],
        right=lines[2],
        left_mark=LineMark.NONE,
        right_mark=LineMark.NONE,
        speed_limit_mps=float("inf"),
        left_neighbour=None,
        right_neighbour=None,
        successors=(),
        predecessors=(),
    )
    return RoadNetwork([lane], surfaces=surfaces, parts=parts, terrain="paved")


def route() -> Route:
    """A route that nobody here follows."""
    line = np.array([[0.0, 0.0], [1000.0, 0.0]])
    zero, wide = np.zeros(2), np.full(2, 200.0)
    s = np.array([0.0, 1000.0])
    return Route(line, s, zero, zero, wide, wide, wide, wide, wide, np.full(2, np.inf), 0.0, 1000.0)


def car(name: str, x: float, y: float = 0.0, yaw: float = 0.0, speed: float = 0.0, **changes: Any) -> ActorSpec:
    """A car-sized actor at a box-centre pose."""
    spec = ActorSpec(
        name=name,
        kind=ActorKind.CAR,
        extent=(4.5, 1.8, 1.5),
        mass_kg=1500.0,
        friction=0.7,
        restitution=0.32,
        pose=(x, y, yaw),
        speed_mps=speed,
        behaviour="parked",
    )
    return replace(spec, **changes)


def scenario(
    *,
    vehicle_: VehicleParameters | None = None,
    speed: float = 0.0,
    pose: tuple[float, float, float] = (0.0, 0.0, 0.0),
    friction: float = 0.9,
    actors: Sequence[ActorSpec] = (),
    surfaces: Sequence[SurfacePatch] = (),
    parts: Sequence[Part] = (),
    dt_us: int = 100_000,
    substeps: int = 10,
) -> Scenario:
    """A concrete scenario on the plain road."""
    ego = EgoSpec(vehicle_ or vehicle(), pose, speed, Goal(), route())
    return Scenario(
        name="proving_ground",
        title="Proving ground",
        source="",
        seed=0,
        content_hash="",
        road=plain(surfaces=surfaces, parts=parts),
        ego=ego,
        actors=tuple(actors),
        environment=Environment(friction=friction),
        dt_us=dt_us,
        substeps=substeps,
    )


def straight_on(scene: Scenario, time_s: float) -> Motion:
    """Every actor on a straight line from its start at its start speed."""
    n = 1 + len(scene.actors)
    motion = Motion(np.zeros((n, 3)), np.zeros(n), np.zeros((n, 3)), np.zeros(n), np.ones(n, dtype=np.bool_))
    for row, actor in enumerate(scene.actors, start=1):
        x, y, yaw = actor.pose
        velocity = np.array([np.cos(yaw), np.sin(yaw), 0.0]) * actor.speed_mps
        motion.position[row] = np.array([x, y, 0.5 * actor.extent[2]]) + velocity * time_s
        motion.yaw[row] = yaw
        motion.velocity[row] = velocity
    return motion


MotionAt = Callable[[Scenario, float], Motion]


class Drive:
    """One world being driven, with the state that a Simulation would keep."""

    def __init__(self, scene: Scenario, motion_at: MotionAt = straight_on) -> None:
        self.world = World(scene)
        self.reset(scene, motion_at)

    def reset(self, scene: Scenario, motion_at: MotionAt = straight_on) -> None:
        """Back to time zero, of this or another scenario."""
        self.scene, self.motion_at = scene, motion_at
        self.dt_s = scene.dt_us * 1e-6
        self.contacts: list[tuple[int, Contact]] = []
        self.state = self._state(0, self.world.reset(scene, motion_at(scene, 0.0)))

    def step(self, control: Control) -> WorldState:
        """One control step."""
        motion = self.motion_at(self.scene, (self.state.step + 1) * self.dt_s)
        bodies = self.world.step(self.state, control, motion)
        self.state = self._state(self.state.step + 1, bodies)
        self.contacts += [(self.state.step, contact) for contact in bodies.contacts]
        return self.state

    def run(self, seconds: float, control: Control = Control(0.0, 0.0)) -> WorldState:  # noqa: B008 (frozen)
        """Several control steps with one control."""
        for _ in range(round(seconds / self.dt_s)):
            self.step(control)
        return self.state

    def let_go(self, row: int, velocity: tuple[float, float, float]) -> None:
        """Make an actor a free body that moves so from where it is now, as if something had just struck it."""
        memory, state = self.world.save(), self.state
        bodies = memory["bodies"].copy()
        bodies[row] = (*state.position[row], *state.rotation[row], *velocity, 0.0, 0.0, 0.0)
        actors = {name: array.copy() for name, array in memory["actors"].items()}
        actors["struck"][row], actors["with_mass"][row] = True, False
        struck, moving = state.struck.copy(), state.velocity.copy()
        struck[row], moving[row] = True, velocity
        self.state = replace(state, struck=struck, velocity=moving)
        self.world.load(self.scene, self.state, {**memory, "bodies": bodies, "actors": actors})

    def close(self) -> None:
        """Give the physics client back."""
        self.world.close()

    def __enter__(self) -> Drive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _state(self, step: int, bodies: Bodies) -> WorldState:
        scene = self.scene
        return WorldState(
            step=step,
            time_us=step * scene.dt_us,
            ids=scene.ids,
            kinds=np.array([scene.ego.vehicle.kind, *(actor.kind for actor in scene.actors)]),
            extent=np.array([scene.ego.vehicle.extent, *(actor.extent for actor in scene.actors)]),
            present=bodies.present,
            struck=bodies.struck,
            position=bodies.position,
            rotation=bodies.rotation,
            yaw=bodies.yaw,
            velocity=bodies.velocity,
            angular_velocity=bodies.angular_velocity,
            ego=bodies.ego,
            signals=np.zeros(0, dtype=np.int64),
            contacts=bodies.contacts,
        )
