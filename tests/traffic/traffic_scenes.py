"""Small scenes for the traffic tests, and a world without physics that puts everybody where traffic wants them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from alpasim.road.network import RoadNetwork
from alpasim.road.pieces import RoadModel, build_road
from alpasim.scenario.concrete import ActorSpec, EgoSpec, Environment, Event, Goal, Scenario
from alpasim.traffic.engine import Traffic
from alpasim.types import ActorKind, EgoState, FloatArray, Motion, Route, VehicleParameters, WorldState

CAR = (4.5, 1.8, 1.5)

SEDAN = VehicleParameters(
    name="sedan", kind=ActorKind.CAR, length_m=4.5, width_m=1.8, height_m=1.5, mass_kg=1500.0, yaw_inertia_kgm2=2500.0,
    pitch_inertia_kgm2=2300.0, roll_inertia_kgm2=600.0, front_axle_x_m=1.4, rear_axle_x_m=-1.4, track_width_m=1.5,
    centre_of_mass_x_m=0.0, centre_of_mass_height_m=0.5, ground_clearance_m=0.15, front_cornering_stiffness_per_rad=20.0,
    rear_cornering_stiffness_per_rad=20.0, max_steering_angle_rad=0.6, max_steering_rate_radps=0.6,
    max_drive_force_n=6000.0, max_power_w=1e5, max_brake_force_n=15000.0, max_speed_mps=60.0, driven_axle="front",
    drive_lag_s=0.2, brake_lag_s=0.1, steering_lag_s=0.1, drag_area_m2=0.6, rolling_resistance=0.01,
    suspension_frequency_hz=1.5, suspension_damping_ratio=0.3, roll_stiffness_front_share=0.55, restitution=0.1,
    body_friction=0.4,
)  # fmt: skip


def road(**form: Any) -> RoadNetwork:
    """A road from its YAML words."""
    return build_road(RoadModel.model_validate(form))


def motorway(lanes: int = 3, length_m: float = 3000.0, **more: Any) -> RoadNetwork:
    return road(motorway={"lanes": lanes, "length_m": length_m, "speed_limit_kph": 120, **more})


def straight_route(y: float) -> Route:
    """A route along +x, for an ego that only has to be somewhere."""
    centre = np.array([[0.0, y], [3000.0, y]])
    zero, wide = np.zeros(2), np.full(2, 1.75)
    return Route(
        centre, np.array([0.0, 3000.0]), zero, zero, wide, wide, wide, wide, wide, np.full(2, 33.0), 0.0, 2900.0
    )


def actor(name: str, pose: Sequence[float], speed: float = 0.0, behaviour: str = "follow", **more: Any) -> ActorSpec:
    fields: dict[str, Any] = {
        "name": name, "kind": ActorKind.CAR, "extent": CAR, "mass_kg": 1500.0, "friction": 0.4, "restitution": 0.1,
        "pose": (float(pose[0]), float(pose[1]), float(pose[2])), "speed_mps": speed, "behaviour": behaviour,
    }  # fmt: skip
    return ActorSpec(**(fields | more))


def on_lane(network: RoadNetwork, s: float, lane: int | str = 1, d: float = 0.0) -> tuple[float, float, float]:
    x, y, yaw, _ = network.place("main", lane, s, d)
    return x, y, yaw


def scenario(
    network: RoadNetwork,
    actors: Sequence[ActorSpec],
    events: Sequence[Event] = (),
    *,
    ego_pose: tuple[float, float, float] = (0.0, -500.0, 0.0),
    ego_speed: float = 0.0,
    time_limit_s: float = 60.0,
    friction: float = 0.9,
) -> Scenario:
    """A scene whose ego, unless placed, stands far from everything."""
    return Scenario(
        name="scene", title="Scene", source="scene.scn.yaml", seed=0, content_hash="0" * 64, road=network,
        ego=EgoSpec(SEDAN, ego_pose, ego_speed, Goal(), straight_route(ego_pose[1])), actors=tuple(actors),
        events=tuple(events), environment=Environment(friction=friction), time_limit_s=time_limit_s,
    )  # fmt: skip


def ego_state(speed: float) -> EgoState:
    return EgoState(np.array([speed, 0, 0]), np.zeros(3), 0.0, 0.0, 0.0, np.zeros(4), np.zeros(4, dtype=bool))


def state_of(scene: Scenario, motion: Motion, step: int, ego_speed: float | None = None) -> WorldState:
    """The state in which everybody is where the motion says, and the ego goes straight on from its start."""
    speed = scene.ego.speed_mps if ego_speed is None else ego_speed
    time_us = step * scene.dt_us
    position, yaw, velocity = motion.position.copy(), motion.yaw.copy(), motion.velocity.copy()
    x, y, heading = scene.ego.pose
    along = speed * time_us * 1e-6
    position[0] = (x + along * np.cos(heading), y + along * np.sin(heading), 0.75)
    yaw[0], velocity[0] = heading, (speed * np.cos(heading), speed * np.sin(heading), 0.0)
    present = motion.present.copy()
    present[0] = True
    rotation = np.stack([0.0 * yaw, 0.0 * yaw, np.sin(0.5 * yaw), np.cos(0.5 * yaw)], axis=1)
    turning = np.zeros_like(velocity)
    turning[:, 2] = motion.yaw_rate
    extent = np.array([scene.ego.vehicle.extent, *(one.extent for one in scene.actors)])
    arrays: list[FloatArray] = [position, rotation, yaw, velocity, turning, extent]
    for array in arrays:
        array.flags.writeable = False
    return WorldState(
        step=step, time_us=time_us, ids=scene.ids,
        kinds=np.array([ActorKind.CAR, *(one.kind for one in scene.actors)], dtype=np.int64), extent=extent,
        present=present, struck=np.zeros(len(present), dtype=np.bool_), position=position, rotation=rotation, yaw=yaw,
        velocity=velocity, angular_velocity=turning, ego=ego_state(speed), signals=scene.road.signal_colours(time_us),
    )  # fmt: skip


def start(scene: Scenario) -> tuple[Traffic, WorldState]:
    traffic = Traffic(scene)
    state = state_of(scene, traffic.initial(), 0)
    traffic.reset(state)
    return traffic, state


def drive(scene: Scenario, steps: int, *, struck: Sequence[int] = ()) -> list[WorldState]:
    """States 0 to `steps` with events applied; rows in `struck` count as struck from the start."""
    traffic, state = start(scene)
    return [state, *go_on(traffic, scene, state, steps, struck=struck)]


def go_on(
    traffic: Traffic, scene: Scenario, state: WorldState, steps: int, *, struck: Sequence[int] = ()
) -> list[WorldState]:
    states = []
    for _ in range(steps):
        hit = state.struck.copy()
        hit[list(struck)] = True
        state = replace(state, struck=hit)
        events = traffic.apply_events(state)
        state = replace(state_of(scene, traffic.advance(state), state.step + 1), events=events)
        states.append(state)
    return states
