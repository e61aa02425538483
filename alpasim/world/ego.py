"""The ego in the world: its body in the engine, the forces that drive it, and what is reported of it.

The body's origin is the centre of mass; the state's is the centre of the whole box, ground clearance included; a driver's
is the rig. This module is where the first becomes the other two.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.memory import Memory, fill, finite, read
from alpasim.road.relief import feel, rise_at
from alpasim.scenario.concrete import Scenario
from alpasim.types import EGO, Bodies, Control, EgoState, FloatArray, frozen
from alpasim.vehicle.account import Account
from alpasim.vehicle.actuation import actuator_commands
from alpasim.vehicle.blocks import LOW_SLOPE
from alpasim.vehicle.chassis import chassis, packed
from alpasim.vehicle.dynamics import ego_forces
from alpasim.vehicle.energy import drive_power
from alpasim.vehicle.failing import Failing
from alpasim.vehicle.footing import LIFTED, ROLLING, WAS_Y, level_footing
from alpasim.vehicle.resting import resting_pose
from alpasim.vehicle.touching import all_paved, feel_raised, stand_wheels
from alpasim.vehicle.wheels import ACTUATORS, BRAKE, COMMANDS, DRIVE, FRICTION, GEAR, LOAD, ROWS, SLIPPING, STEER
from alpasim.vehicle.wind import wind_load
from alpasim.world.arms import in_rig, moved, to_world, turned
from alpasim.world.bullet import EVERYBODY, NOBODY, Engine, Quaternion, Vector, Vector3, yaw_of
from alpasim.world.contacts import Box, WheelHit
from alpasim.world.hull import Hull
from alpasim.world.underbody import Moving
from alpasim.world.wheel_hits import wheel_hits
from alpasim.world.wheel_pushes import Wheels, wheels_of

BodyState = tuple[Vector3, Quaternion, Vector3, Vector3]
"""Position, rotation (x, y, z, w), velocity and angular velocity of a centre of mass, world frame."""

Plane = tuple[float, float, float, Vector3, float]
"""x, y and heading of the ego's box, its velocity and yaw rate, world frame."""

_NO_WIND = (0.0, 0.0, 0.0, 0.0, 0.0)
_NO_GUST = ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
_NO_TORQUE = (0.0, 0.0, 0.0)

TIPPED = math.sin(math.radians(4.0)) ** 2
"""Square of the sine of half the tilt from which the box of a vehicle on level ground may touch it."""

NEAR_GROUND_M = 0.02
"""Height of the box's lowest corner above the ground from which it may touch it within a substep."""


class Ego:
    """Drives one body with a vehicle's forces, substep by substep."""

    def __init__(self, engine: Engine, scenario: Scenario, waits: Vector3) -> None:
        self._engine = engine
        self._vehicle = vehicle = scenario.ego.vehicle
        self._waits = waits
        self.substep_s = scenario.dt_us // scenario.substeps * 1e-6
        self._chassis = chassis(vehicle)
        self._packed = packed(self._chassis)
        self._state = np.zeros((ROWS, 4))
        self._commands, self._actuators = self._state[COMMANDS], self._state[ACTUATORS]
        self._friction, self._load = self._state[FRICTION], self._state[LOAD]
        self._slipping = self._state[SLIPPING]
        self._wheels, self._footing = np.zeros((4, 2)), level_footing()
        self._rolling, self._rough = np.zeros(4), np.zeros(4)
        self._account = Account(vehicle, self._packed)
        self.uneven, self.met_others = False, False
        self._felt: tuple[BodyState, float] | None = None
        self.low: FloatArray = np.zeros((0, 9))
        """Bodies that wheels or lower edge may meet, as they are now (columns: `alpasim.vehicle.blocks`)."""
        self.met: list[WheelHit] = []
        """Low bodies that wheels met in the substep whose forces were applied last; whoever reads them empties it."""
        self.restitution = vehicle.restitution
        self._along = -vehicle.centre_of_mass_x_m
        self._above = 0.5 * vehicle.height_m - vehicle.centre_of_mass_height_m
        clearance = vehicle.ground_clearance_m
        self._hull = Hull(vehicle, self._along, self._above + 0.5 * clearance)
        self._solid = (vehicle.length_m, vehicle.width_m, vehicle.height_m - clearance)
        self.body = engine.add_box(
            self._solid,
            vehicle.mass_kg,
            waits,
            friction=vehicle.body_friction,
            restitution=vehicle.restitution,
            centre=(self._along, 0.0, self._above + 0.5 * clearance),
            inertia=(vehicle.roll_inertia_kgm2, vehicle.pitch_inertia_kgm2, vehicle.yaw_inertia_kgm2),
            belted=True,
        )

    def clear(self, scenario: Scenario) -> None:
        """Let the body wait where it collides with nothing, turned as it will start."""
        x, y, yaw = scenario.ego.pose
        relief = scenario.road.relief
        if relief.level:
            height = self._vehicle.centre_of_mass_height_m
            position: Vector3 = (x - self._along * math.cos(yaw), y - self._along * math.sin(yaw), height)
            rotation: Quaternion = (0.0, 0.0, math.sin(0.5 * yaw), math.cos(0.5 * yaw))
        else:
            position, rotation = resting_pose(self._chassis, (x, y, yaw), (self._along, 0.0, self._above), relief)
        self._start = position, rotation
        self._engine.filter(self.body, *NOBODY)
        self._engine.place(self.body, self._waits, rotation)

    def reset(self, scenario: Scenario) -> None:
        """Stand at the scenario's start, rolling at its speed, actuators at rest; after `clear` and a substep."""
        yaw = scenario.ego.pose[2]
        cos, sin, speed = math.cos(yaw), math.sin(yaw), scenario.ego.speed_mps
        position, rotation = self._start
        _, slope_x, slope_y = rise_at(*position[:2], scenario.road.relief)
        velocity = (speed * cos, speed * sin, speed * (slope_x * cos + slope_y * sin))
        self._begin(scenario, position, rotation, velocity, (0.0, 0.0, 0.0))
        self._friction[:] = self._base_friction
        self._actuators[:] = 0.0
        self._actuators[GEAR] = 1.0
        self._load[:] = self._chassis.static_load
        self._slipping[:] = 0.0
        self._velocity_before = velocity

    def _begin(self, scenario: Scenario, position: Vector, rotation: Vector, velocity: Vector, spin: Vector) -> None:
        """Be a body that moves so in a scenario's surroundings."""
        self._engine.place(self.body, position, rotation, velocity, spin)
        self._engine.filter(self.body, *EVERYBODY)
        self._road, self._base_friction = scenario.road, scenario.environment.friction
        self._wind = scenario.environment.wind_mps
        self._footing[:] = level_footing()
        self._left_level = self.uneven = self.met_others = False
        self._account.forget()
        self._gust = _NO_GUST
        self._rough[:] = 0.0
        self.low = self.low[:0]
        self._dt_s = scenario.dt_us * 1e-6
        self._failing = Failing(scenario.faults, self._chassis, scenario.dt_us)

    def save(self) -> Memory:
        """Actuators, tyres and the last velocity; the body itself is the world's to save."""
        return {
            "actuators": self._actuators.copy(),
            "friction": self._friction.copy(),
            "load": self._load.copy(),
            "slipping": self._slipping > 0.0,
            "velocity": np.array(self._velocity_before),
            "uneven": self.uneven,
            "account": self._account.save(),
            "lifted": self._footing[:, LIFTED : WAS_Y + 1].copy(),
            "failing": self._failing.save(),
        }

    def turn(self, body: FloatArray) -> None:
        """Wait, turned as the body (13,) of a memory is; after `clear`, before a substep and `load`."""
        self._engine.place(self.body, self._waits, body[3:7].tolist())

    def load(self, scenario: Scenario, memory: Memory, body: FloatArray) -> None:
        """Go on from what `save` returned, with `body` (13,): position, rotation, velocity and spin of the centre of mass."""
        self._begin(scenario, body[:3].tolist(), body[3:7].tolist(), body[7:10].tolist(), body[10:].tolist())
        fill(memory, "actuators", self._actuators)
        fill(memory, "friction", self._friction)
        fill(memory, "load", self._load)
        slipping = np.zeros(4, dtype=np.bool_)
        fill(memory, "slipping", slipping)
        self._slipping[:] = slipping
        self._failing.load(read(memory, "failing", dict))
        self.uneven = read(memory, "uneven", bool)
        self._account.load(finite(memory, "account", (2,)))
        self._footing[:, LIFTED : WAS_Y + 1] = finite(memory, "lifted", (4, 3))
        vx, vy, vz = finite(memory, "velocity", (3,)).tolist()
        self._velocity_before = (vx, vy, vz)

    def begin(self, control: Control, time_us: int) -> None:
        """Take over what the actuators shall do in the control step that starts at `time_us`."""
        actuator_commands(control, self._vehicle, self._commands)
        self._commands[GEAR] = -1.0 if control.reverse else 1.0
        self._failing.begin(time_us, self._commands[:3])
        self._on_soil = not self._road.ground.even or self._may_leave()
        self._felt = None

    def _may_leave(self) -> bool:
        """Whether a wheel may be off the pavement within a control step."""
        (x, y, _), rotation = self._engine.pose(self.body)
        vx, vy, _ = self._velocity_before
        half = 0.5 * self._vehicle.length_m + abs(self._along), 0.5 * self._vehicle.width_m
        moved = (vx * self._dt_s, vy * self._dt_s)
        return not all_paved((x, y, yaw_of(rotation)), half, moved, self._road.arrays, self._road.grid)

    def drive(self, body: BodyState, substep_s: float) -> None:
        """Apply the forces of a substep, or of a part of one, that lasts `substep_s` and begins with that state of the body."""
        position, rotation, velocity, spin = body
        failing = self._failing
        if self._felt != (body, substep_s):
            self.uneven = self._feel(body, substep_s)
        uneven = self.uneven
        self._friction *= failing.grip
        wind = _NO_WIND
        if self._wind != (0.0, 0.0):
            force, torque = wind_load(self._vehicle, velocity, yaw_of(rotation), self._wind)
            self._engine.push(self.body, force, torque, position)
            wind = (*force[:2], *torque)
            self._gust = force, torque
        force, torque = ego_forces(
            failing.packed,
            self._state,
            self._footing,
            uneven,
            wind,
            position,
            rotation,
            velocity,
            spin,
            substep_s,
        )
        if self._may_lie(uneven, body):
            self._turn(torque, body, substep_s)
            torque = _NO_TORQUE
        self._engine.push(self.body, force, torque, position)
        if len(self.low):
            self.met += wheel_hits(self._chassis, self._footing, self._wheels, body, substep_s)

    def settle(self, before: BodyState, substep_s: float) -> None:
        """After a substep on ground that is not level, which began with `before`: let nobody have gained energy from it."""
        body = self._lifted_out(self.body_state())
        given = 0.0
        if len(self.low) or self.met_others:
            self._account.forget()
            self.met_others = False
        else:
            given = self._given(before, body) * substep_s
        lifted = self._footing[:, LIFTED].copy()
        if not self._feel(body, substep_s):
            return
        angle = float(self._actuators[STEER])
        slower = self._account.settle(body, self._footing, lifted, angle, given, substep_s)
        self._felt = body, substep_s
        if slower is not None:
            self._engine.set_motion(self.body, *slower)

    def _given(self, before: BodyState, after: BodyState) -> float:
        """Power of drive and wind in a substep between two states [W]."""
        position, rotation, (ax, ay, az), (ap, aq, ar) = before
        _, _, (bx, by, bz), (bp, bq, br) = after
        velocity = vx, vy, vz = 0.5 * (ax + bx), 0.5 * (ay + by), 0.5 * (az + bz)
        spin = wx, wy, wz = 0.5 * (ap + bp), 0.5 * (aq + bq), 0.5 * (ar + br)
        (fx, fy, fz), (tx, ty, tz) = self._gust
        power = fx * vx + fy * vy + fz * vz + tx * wx + ty * wy + tz * wz
        return power + drive_power(self._packed, self._state, self._footing, position, rotation, velocity, spin)

    def _may_lie(self, uneven: bool, body: BodyState) -> bool:
        """Whether the box may touch the ground below it: it is tipped, or in a hole."""
        _, (x, y, _, _), _, _ = body
        if not uneven and x * x + y * y < TIPPED:
            return False
        return self._hull.clear_of_ground(*body[:2], self._road.relief) < NEAR_GROUND_M

    def parts_of_substep(self, body: BodyState, substep_s: float) -> int:
        """In how many parts to go through a substep on ground that is not level (`Hull.parts_of_substep`)."""
        return self._hull.parts_of_substep(body, self._road.relief, substep_s)

    def _lifted_out(self, body: BodyState) -> BodyState:
        """`body`, where its box has sunk into the ground lifted out of it."""
        if self.met_others or len(self.low):
            return body
        position = self._hull.lifted(body, self._road.relief)
        if position is None:
            return body
        _, rotation, velocity, spin = body
        self._engine.place(self.body, position, rotation, velocity, spin)
        return self.body_state()

    def _turn(self, torque: Vector3, body: BodyState, substep_s: float) -> None:
        """Give the body the spin that a torque brings within a substep at once. Bullet's friction does not see a torque that is
        yet to act: it would hold the wrong speed where the box stands on the ground, and let it creep."""
        _, rotation, velocity, spin = body
        vehicle = self._vehicle
        gained = turned(
            rotation, torque, vehicle.roll_inertia_kgm2, vehicle.pitch_inertia_kgm2, vehicle.yaw_inertia_kgm2
        )
        (wx, wy, wz), (ax, ay, az) = spin, gained
        spin = (wx + substep_s * ax, wy + substep_s * ay, wz + substep_s * az)
        self._engine.set_motion(self.body, velocity, spin)

    def _feel(self, body: BodyState, substep_s: float) -> bool:
        """Feel the ground under the wheels; False where it is level."""
        relief, road = self._road.relief, self._road
        low = self.low if len(self.low) == 0 else self.low[self.low[:, LOW_SLOPE] >= 0.0]
        bumpy = relief.shape.shape[0] > 0 or len(low) > 0
        self._friction[:] = self._base_friction
        if relief.level and not self._on_soil and not bumpy:
            if self._left_level:
                self._footing[:] = level_footing()
                self._account.forget()
                self._left_level = False
            return False
        self._left_level = True
        position, rotation, velocity, spin = body
        stand_wheels(self._packed, position, rotation, relief, self._wheels, self._footing)
        rough = self._rough
        if self._on_soil:
            base, under = self._base_friction, (self._friction, self._rolling, rough)
            feel(self._wheels, base, road.arrays, road.grid, road.ground, *under)
            self._footing[:, ROLLING] = self._rolling
            bumpy = bumpy or bool(rough.any())
        else:
            self._footing[:, ROLLING] = rough[:] = 0.0
        if bumpy:
            angle = float(self._actuators[STEER])
            place = (angle, position, rotation, velocity, spin[2])
            feel_raised(self._packed, *place, relief, rough, low, substep_s, self._wheels, self._footing)
        return bumpy or not relief.level

    def body_state(self) -> BodyState:
        """Position, rotation, velocity and spin of the body's centre of mass, as they are now."""
        position, rotation = self._engine.pose(self.body)
        velocity, spin = self._engine.motion(self.body)
        return position, rotation, velocity, spin

    def in_plane(self, body: BodyState) -> Plane:
        """x, y and heading of the box, its velocity and yaw rate, from the body's state."""
        position, rotation, velocity, spin = body
        arm = to_world(rotation, self._along, self._above)
        return position[0] + arm[0], position[1] + arm[1], yaw_of(rotation), moved(velocity, spin, arm), spin[2]

    def solid(self, body: BodyState) -> Box:
        """What others can touch, from the body's state: the box above the ground clearance."""
        position, rotation, _, _ = body
        x, y, z = to_world(rotation, self._along, self._above + 0.5 * self._vehicle.ground_clearance_m)
        return (position[0] + x, position[1] + y, position[2] + z), rotation, self._solid

    def gained(self, body: BodyState) -> Vector3:
        """By how much the velocity of the centre of mass differs from what it was in a state of the body."""
        (x, y, z), _ = self._engine.motion(self.body)
        vx, vy, vz = body[2]
        return x - vx, y - vy, z - vz

    def moving(self, body: BodyState) -> Moving:
        """Everything that an impulse at a point needs to know, from the body's state."""
        position, rotation, velocity, spin = body
        v = self._vehicle
        inertia = v.roll_inertia_kgm2, v.pitch_inertia_kgm2, v.yaw_inertia_kgm2
        return position, velocity, spin, rotation, v.mass_kg, inertia

    @property
    def pushed(self) -> FloatArray:
        """Those of `low` that wheels push ahead."""
        return self.low[self.low[:, LOW_SLOPE] < 0.0]

    def wheels(self, body: BodyState) -> Wheels:
        """Where the wheels are and how they are turned, from the body's state."""
        return wheels_of(self._chassis, self._packed, float(self._actuators[STEER]), body[0], body[1])

    def push_at(self, force: Vector3, point: Vector3) -> None:
        """Push with a force [N] at a point for the next substep."""
        self.met_others = True
        self._engine.push_at(self.body, force, point)

    def finish(self, plane: Plane, dt_s: float) -> EgoState:
        """What only the ego has, as it moves now in the plane, `dt_s` after the last time (0 at a start)."""
        _, _, yaw, velocity, yaw_rate = plane
        cos, sin = math.cos(yaw), math.sin(yaw)
        behind = self._vehicle.rear_axle_x_m
        # The rig stands level: only turning about z moves it against the box centre.
        rig = (velocity[0] - yaw_rate * behind * sin, velocity[1] + yaw_rate * behind * cos, velocity[2])
        gained = (0.0, 0.0, 0.0)
        if dt_s > 0.0:
            vx, vy, vz = self._velocity_before
            gained = ((velocity[0] - vx) / dt_s, (velocity[1] - vy) / dt_s, (velocity[2] - vz) / dt_s)
        self._velocity_before = velocity
        return EgoState(
            velocity_in_rig=frozen(np.array(in_rig(rig, cos, sin))),
            acceleration_in_rig=frozen(np.array(in_rig(gained, cos, sin))),
            yaw_rate_radps=yaw_rate,
            steering_angle_rad=float(self._actuators[STEER]),
            pedal=float(abs(self._actuators[DRIVE]) - self._actuators[BRAKE]),
            wheel_load=frozen(self._load.copy()),
            wheel_slipping=frozen(self._slipping > 0.0),
            reverse=bool(self._actuators[GEAR] < 0.0),
        )

    def write(self, body: BodyState, bodies: Bodies) -> None:
        """Fill in the ego's row: its box, from the body's state."""
        position, rotation, velocity, spin = body
        arm = to_world(rotation, self._along, self._above)
        bodies.present[EGO] = True
        bodies.position[EGO] = (position[0] + arm[0], position[1] + arm[1], position[2] + arm[2])
        bodies.rotation[EGO], bodies.yaw[EGO] = rotation, yaw_of(rotation)
        bodies.velocity[EGO], bodies.angular_velocity[EGO] = moved(velocity, spin, arm), spin
