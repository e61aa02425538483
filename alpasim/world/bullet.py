"""One Bullet client: its settings, and bodies made, placed, pushed and read. The only place that names Bullet's
functions.

Every call carries its own client, so that two engines in one process never meet. It knows bodies by number and nothing
of actors, egos or steps.

Settings, all measured: rigid bodies (maximal coordinates) with split impulse give a head-on impact within 1 % of the
closed form; overlapping pairs in a fixed order and no sleeping make repeats exact; collision filters must both agree,
so that a body that collides with nothing costs nothing. All bodies are solved as one island: the solver stops by the rest of
an island, and which bodies Bullet puts into one depends on how they moved before, not only on where they are, so that a
restored moment would not go on like the first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

from alpasim.world.quiet import quiet

with quiet():
    import pybullet

GRAVITY_MPS2 = 9.81
SOLVER_ITERATIONS, WHOLE_WORLD = 50, 2_000_000_000
GROUND_REACH_M, GROUND_DEPTH_M = 1e5, 1e3
TILE_REACH_M, TILE_DEPTH_M = 500.0, 100.0
BELT_HEIGHT_M, BELT_AHEAD_M, BELT_ASIDE_M = 0.2, 0.06, 0.03
"""A belt's height, and how far it stands out at each end and side: more than a roof's edge moves at 3 degrees of pitch."""

FREE_GROUP, FIXED_GROUP = 1, 2
NOBODY, EVERYBODY, MEETS_FREE = (0, 0), (FREE_GROUP, FREE_GROUP | FIXED_GROUP), (FIXED_GROUP, FREE_GROUP)
"""Collision filters as (own group, groups met): guided and absent bodies, free bodies, the ground and other fixed
things."""

PARKING_HEIGHT_M = 1000.0
PARKING_SPACING_M = 50.0
"""Where absent bodies wait, one beside the other, high above the ground."""

_NO_ROTATION = (0.0, 0.0, 0.0, 1.0)
_WORLD_FRAME: int = pybullet.WORLD_FRAME

Vector = Sequence[float]
Vector3 = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]


def parking(row: int) -> Vector3:
    """Where the body of a row waits while it is absent."""
    return (PARKING_SPACING_M * row, 0.0, PARKING_HEIGHT_M)


def yaw_of(rotation: Quaternion) -> float:
    """Heading of a rotated body's x axis."""
    x, y, z, w = rotation
    return math.atan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))


class Engine:
    """A Bullet client of its own, in this process. `close` gives it back; a closed engine does nothing more."""

    def __init__(self, substep_s: float) -> None:
        self.client: int = pybullet.connect(pybullet.DIRECT)
        if self.client < 0:
            raise RuntimeError("Bullet gave no client: too many worlds are open in this process, close some")
        # Arguments by place: half of what these calls take went into finding out which keyword is which.
        client = self.client
        self.pose: Any = lambda body: pybullet.getBasePositionAndOrientation(body, client)
        self.motion: Any = lambda body: pybullet.getBaseVelocity(body, client)
        self.set_pose: Any = lambda body, position, rotation: pybullet.resetBasePositionAndOrientation(
            body, position, rotation, client
        )
        self.step: Any = lambda: pybullet.stepSimulation(client)
        bind = partial(partial, physicsClientId=client)
        self.set_motion: Any = bind(pybullet.resetBaseVelocity)
        self.contacts: Any = bind(pybullet.getContactPoints)
        self._change: Any = bind(pybullet.changeDynamics)
        self._filter: Any = bind(pybullet.setCollisionFilterGroupMask)
        self.clear(substep_s)

    def clear(self, substep_s: float) -> None:
        """Throw every body away and set the substep [s]."""
        pybullet.resetSimulation(physicsClientId=self.client)
        pybullet.setGravity(0.0, 0.0, -GRAVITY_MPS2, physicsClientId=self.client)
        pybullet.setPhysicsEngineParameter(
            fixedTimeStep=substep_s,
            numSolverIterations=SOLVER_ITERATIONS,
            minimumSolverIslandSize=WHOLE_WORLD,
            numSubSteps=0,
            useSplitImpulse=1,
            splitImpulsePenetrationThreshold=0.0,
            deterministicOverlappingPairs=1,
            collisionFilterMode=0,
            physicsClientId=self.client,
        )

    def set_substep(self, substep_s: float) -> None:
        """Change how long the steps to come last [s]."""
        pybullet.setPhysicsEngineParameter(fixedTimeStep=substep_s, physicsClientId=self.client)

    def close(self) -> None:
        """Disconnect; safe to call twice."""
        if self.client >= 0:
            pybullet.disconnect(physicsClientId=self.client)
            self.client = -1

    def add_ground(self) -> int:
        """Level ground, its surface at the height where it is placed; returns its body number.

        A very large box and not Bullet's plane: boxes meet it at all four corners at once, while the plane finds one
        point a substep and lets sliding bodies sink by centimetres and rock.
        """
        body = self._add_slab(GROUND_REACH_M, GROUND_DEPTH_M)
        self.filter(body, *MEETS_FREE)
        return body

    def add_tile(self, carries: int) -> int:
        """Ground that one body alone can touch, whatever its filter says; like `add_ground`, but to be moved and tilted."""
        tile = self._add_slab(TILE_REACH_M, TILE_DEPTH_M)
        self.filter(tile, *NOBODY)
        pybullet.setCollisionFilterPair(tile, carries, -1, -1, 1, physicsClientId=self.client)
        return tile

    def _add_slab(self, reach: float, depth: float) -> int:
        """A fixed box whose origin is the middle of its upper face."""
        shape = pybullet.createCollisionShape(
            pybullet.GEOM_BOX,
            halfExtents=[reach, reach, depth],
            collisionFramePosition=[0.0, 0.0, -depth],
            physicsClientId=self.client,
        )
        body: int = pybullet.createMultiBody(0.0, shape, useMaximalCoordinates=1, physicsClientId=self.client)
        return body

    def add_box(
        self,
        extent: Vector,
        mass: float,
        position: Vector,
        *,
        friction: float,
        restitution: float,
        centre: Vector = (0.0, 0.0, 0.0),
        inertia: Vector | None = None,
        belted: bool = False,
    ) -> int:
        """A box with its centre of mass at `position`; returns its body number.

        `extent` length, width, height [m]; `centre` (3,) is the box's middle seen from the centre of mass; `inertia`
        (3,) about the body's axes [kg m^2], that of the box where None. `belted` is for a body that pitches and rolls:
        only a belt at the height of its centre of mass has the full length and width, so that a nose that dips under
        braking still meets others there, and not with the edge of its roof. It collides with nothing until `filter`
        says so.
        """
        boxes = [([0.5 * side for side in extent], list(centre))]
        if belted:
            length, width, height = boxes[0][0]
            inner = [length - min(BELT_AHEAD_M, 0.1 * length), width - min(BELT_ASIDE_M, 0.1 * width), height]
            boxes = [([length, width, 0.5 * BELT_HEIGHT_M], [centre[0], centre[1], 0.0]), (inner, list(centre))]
        shape = pybullet.createCollisionShapeArray(
            shapeTypes=[pybullet.GEOM_BOX] * len(boxes),
            halfExtents=[half for half, _ in boxes],
            collisionFramePositions=[middle for _, middle in boxes],
            physicsClientId=self.client,
        )
        body: int = pybullet.createMultiBody(
            mass, shape, basePosition=list(position), useMaximalCoordinates=1, physicsClientId=self.client
        )
        self._change(
            body,
            -1,
            lateralFriction=friction,
            spinningFriction=0.0,
            rollingFriction=0.0,
            restitution=restitution,
            linearDamping=0.0,
            angularDamping=0.0,
            activationState=pybullet.ACTIVATION_STATE_DISABLE_SLEEPING,
        )
        if inertia is not None:
            self._change(body, -1, mass=mass, localInertiaDiagonal=list(inertia))
        self.filter(body, *NOBODY)
        return body

    def filter(self, body: int, group: int, meets: int) -> None:
        """Put a body into a collision group; it touches bodies of the groups in `meets` that also meet its own."""
        self._filter(body, -1, group, meets)

    def free(self, body: int, mass: float) -> None:
        """Give a body its mass back and let it collide."""
        self._change(body, -1, mass=mass)
        self._filter(body, -1, *EVERYBODY)

    def freeze(self, body: int) -> None:
        """Take a body's mass away: it stays where it is put and collides with nothing."""
        self._change(body, -1, mass=0.0)
        self._filter(body, -1, *NOBODY)

    def set_mass(self, body: int, mass: float) -> None:
        """Change a box's mass, and its inertia with it; 0 makes it stand still. Not for bodies with an inertia of their
        own."""
        self._change(body, -1, mass=mass)

    def set_friction(self, body: int, friction: float) -> None:
        """Change a body's friction coefficient; Bullet multiplies those of two bodies that touch."""
        self._change(body, -1, lateralFriction=friction)

    def push(self, body: int, force: Vector, torque: Vector, at: Vector) -> None:
        """Apply a force [N] at the centre of mass `at` and a torque [N m], world frame, for the next substep."""
        pybullet.applyExternalForce(body, -1, force, at, _WORLD_FRAME, self.client)
        pybullet.applyExternalTorque(body, -1, torque, _WORLD_FRAME, self.client)

    def push_at(self, body: int, force: Vector, point: Vector) -> None:
        """Apply a force [N] at a point, world frame, for the next substep."""
        pybullet.applyExternalForce(body, -1, force, point, _WORLD_FRAME, self.client)

    def place(
        self,
        body: int,
        position: Vector,
        rotation: Vector = _NO_ROTATION,
        velocity: Vector = (0.0, 0.0, 0.0),
        spin: Vector = (0.0, 0.0, 0.0),
    ) -> None:
        """Set a body's pose and velocities, world frame."""
        self.set_pose(body, position, rotation)
        self.set_motion(body, velocity, spin)
