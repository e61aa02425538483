"""A spinning lidar: rays from its mount against every box and the ground, with what weather and distance take from them.

Answers range, intensity and label of each of rings x azimuths rays. All rays of a look leave at the same moment. Boxes are
met as they really lie (pitch and roll of a fallen actor included), the ground is the plane z = 0, and the ego's own body is
not seen. The mount stands level in the rig frame.

A return comes back where reflectivity x exp(-2 extinction z) / z^2 is at least what a target of 80 % gives at `range_m` in
clear air: data sheets give ranges in this way (HDL-64E: 120 m at 80 %, 50 m for asphalt, which at 17 % is 55 m here). The
angle at which a ray meets a face acts on the intensity, reflectivity x cosine x exp(-2 extinction z), alone. Rain and snow
lose single returns besides (`scenario/weather.py`).

| array | shape | unit |
|---|---|---|
| `range_m` | (rings, azimuths) float32 | m along the ray, 0 where nothing came back |
| `intensity` | (rings, azimuths) float32 | share of the light sent, 0 to 1, without the loss by distance |
| `track` | (rings, azimuths) int64 | track id of the actor that was hit, -1 for the ground, -2 for no return |
| `azimuth_rad` | (azimuths,) float64 | in the rig frame, counter-clockwise from straight ahead of the mount |
| `elevation_rad` | (rings,) float64 | up from the level, lowest ring first |
| `mount` | (4,) float64 | x, y, z, yaw in the rig frame, m and rad |
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from alpasim.compiled import compiled
from alpasim.geometry import wrap_angle
from alpasim.memory import Memory, draw_on, draws
from alpasim.scenario.senses import LidarModel, period_us
from alpasim.scenario.weather import conditions
from alpasim.sensors.sensor import SensorContext
from alpasim.types import EGO, ActorKind, BoolArray, FloatArray, IntArray, Reading, WorldState, frozen
from alpasim.vehicle.frames import rig_from_box

GROUND_HIT, NO_HIT = -1, -2
REFERENCE_REFLECTIVITY = 0.8
ABOVE_ROOF_M = 0.2

ASPHALT = 0.17
REFLECTIVITY = {
    ActorKind.CAR: 0.5,
    ActorKind.VAN: 0.6,
    ActorKind.TRUCK: 0.6,
    ActorKind.BUS: 0.6,
    ActorKind.TRAIN: 0.5,
    ActorKind.MOTORCYCLE: 0.3,
    ActorKind.BICYCLE: 0.3,
    ActorKind.PEDESTRIAN: 0.4,
    ActorKind.ANIMAL: 0.35,
    ActorKind.DEBRIS: 0.4,
    ActorKind.CONE: 0.8,
    ActorKind.BARRIER: 0.6,
    ActorKind.UNKNOWN: 0.4,
}
"""Share of near-infrared light (905 nm) sent back, by what a kind is mostly made of: paint, cloth, fur, cardboard,
reflective sleeve, plastic; assumed, as is the asphalt's."""


@compiled
def _rotation_rows(x: float, y: float, z: float, w: float) -> tuple[float, ...]:
    """The matrix of a unit quaternion, row by row; its columns are the body's axes in the world."""
    return (
        1.0 - 2.0 * (y * y + z * z),
        2.0 * (x * y - w * z),
        2.0 * (x * z + w * y),
        2.0 * (x * y + w * z),
        1.0 - 2.0 * (x * x + z * z),
        2.0 * (y * z - w * x),
        2.0 * (x * z - w * y),
        2.0 * (y * z + w * x),
        1.0 - 2.0 * (x * x + y * y),
    )


@compiled
def _targets(
    origin: FloatArray,
    position: FloatArray,
    rotation: FloatArray,
    extent: FloatArray,
    present: BoolArray,
    row: int,
    reach: float,
) -> FloatArray:
    """Boxes that rays may meet (m, 21): row; direction of the centre and offsets of the right and left edge from it [rad];
    centre from the origin (3); squared bounding radius; rotation (9); the origin in the box's axes (3); spare."""
    found = np.zeros((position.shape[0], 21))
    count = 0
    for i in range(position.shape[0]):
        if i == row or not present[i]:
            continue
        dx, dy, dz = position[i, 0] - origin[0], position[i, 1] - origin[1], position[i, 2] - origin[2]
        radius = 0.5 * math.sqrt(extent[i, 0] ** 2 + extent[i, 1] ** 2 + extent[i, 2] ** 2)
        if dx * dx + dy * dy + dz * dz > (reach + radius) ** 2:
            continue
        turn = _rotation_rows(rotation[i, 0], rotation[i, 1], rotation[i, 2], rotation[i, 3])
        target = found[count]
        target[0], target[1] = i, math.atan2(dy, dx)
        if dx * dx + dy * dy <= radius * radius:
            target[2], target[3] = -math.pi, math.pi
        else:
            for corner in range(8):
                a = 0.5 * extent[i, 0] * (1.0 if corner & 1 else -1.0)
                b = 0.5 * extent[i, 1] * (1.0 if corner & 2 else -1.0)
                c = 0.5 * extent[i, 2] * (1.0 if corner & 4 else -1.0)
                x = dx + turn[0] * a + turn[1] * b + turn[2] * c
                y = dy + turn[3] * a + turn[4] * b + turn[5] * c
                angle = math.atan2(dx * y - dy * x, dx * x + dy * y)
                target[2], target[3] = min(target[2], angle), max(target[3], angle)
        target[4], target[5], target[6], target[7] = dx, dy, dz, radius * radius
        for k in range(9):
            target[8 + k] = turn[k]
        for k in range(3):
            target[17 + k] = -(turn[k] * dx + turn[3 + k] * dy + turn[6 + k] * dz)
        count += 1
    return found[:count]


@compiled
def _meet(target: FloatArray, half: FloatArray, ux: float, uy: float, uz: float) -> tuple[float, float]:
    """Distance along a unit ray to a box and cosine of the angle to the face met; (inf, 0) where it passes by. A ray that
    starts inside meets nothing."""
    ahead = target[4] * ux + target[5] * uy + target[6] * uz
    away = target[4] ** 2 + target[5] ** 2 + target[6] ** 2 - ahead * ahead
    if away > target[7]:
        return np.inf, 0.0
    enter, leave, cosine = 0.0, np.inf, 0.0
    for k in range(3):
        speed = target[8 + k] * ux + target[11 + k] * uy + target[14 + k] * uz
        place = target[17 + k]
        if speed == 0.0:
            if abs(place) > half[k]:
                return np.inf, 0.0
            continue
        first, last = (-half[k] - place) / speed, (half[k] - place) / speed
        if first > last:
            first, last = last, first
        if first > enter:
            enter, cosine = first, abs(speed)
        leave = min(leave, last)
        if enter > leave:
            return np.inf, 0.0
    if enter == 0.0:
        return np.inf, 0.0
    return enter, cosine


@compiled
def cast_rays(
    origin: FloatArray,
    azimuth: FloatArray,
    elevation: FloatArray,
    position: FloatArray,
    rotation: FloatArray,
    extent: FloatArray,
    present: BoolArray,
    row: int,
    reach: float,
) -> tuple[FloatArray, IntArray, FloatArray]:
    """First hit of each ray from `origin` (3,) at world `azimuth` (a,) and `elevation` (e,) within `reach`.

    Gives distance (e, a) [m], inf for none; the row hit (e, a), GROUND_HIT or NO_HIT; and the cosine of the angle to the
    surface (e, a). The box of `row` is not there.
    """
    rings, columns = elevation.shape[0], azimuth.shape[0]
    distance = np.full((rings, columns), np.inf)
    hits = np.full((rings, columns), NO_HIT, dtype=np.int64)
    cosine = np.zeros((rings, columns))
    targets = _targets(origin, position, rotation, extent, present, row, reach)
    rise, level = np.sin(elevation), np.cos(elevation)
    near = np.empty(targets.shape[0], dtype=np.int64)
    half = 0.5 * extent
    for j in range(columns):
        cos, sin, count = math.cos(azimuth[j]), math.sin(azimuth[j]), 0
        for k in range(targets.shape[0]):
            apart = wrap_angle(azimuth[j] - targets[k, 1])
            if targets[k, 2] <= apart <= targets[k, 3]:
                near[count] = k
                count += 1
        for i in range(rings):
            ux, uy, uz = level[i] * cos, level[i] * sin, rise[i]
            best, hit, lean = reach, NO_HIT, 0.0
            if uz < 0.0 and origin[2] > 0.0 and -origin[2] / uz <= reach:
                best, hit, lean = -origin[2] / uz, GROUND_HIT, -uz
            for k in range(count):
                target = targets[near[k]]
                found, slope = _meet(target, half[int(target[0])], ux, uy, uz)
                if found < best:
                    best, hit, lean = found, int(target[0]), slope
            if hit != NO_HIT:
                distance[i, j], hits[i, j], cosine[i, j] = best, hit, lean
    return distance, hits, cosine


@compiled
def _returns(
    distance: FloatArray,
    hits: IntArray,
    cosine: FloatArray,
    reflectivity: FloatArray,
    ids: IntArray,
    extinction: float,
    least: float,
    loss: float,
    sigma: float,
    reach: float,
    spread: FloatArray,
    luck: FloatArray,
) -> tuple[NDArray[np.float32], NDArray[np.float32], IntArray]:
    """Ranges, intensities and labels of the rays that come back; `reflectivity` (n + 1,) by row, the ground's last."""
    ranges = np.zeros(distance.shape, dtype=np.float32)
    intensity = np.zeros(distance.shape, dtype=np.float32)
    tracks = np.full(distance.shape, NO_HIT, dtype=np.int64)
    for i in range(distance.shape[0]):
        for j in range(distance.shape[1]):
            hit, z = hits[i, j], distance[i, j]
            if hit == NO_HIT or luck[i, j] < loss:
                continue
            sent_back = reflectivity[hit] * math.exp(-2.0 * extinction * z)
            if sent_back < least * z * z:
                continue
            ranges[i, j] = min(max(z + sigma * spread[i, j], 1e-3), reach)
            intensity[i, j] = sent_back * cosine[i, j]
            tracks[i, j] = ids[hit] if hit >= 0 else GROUND_HIT
    return ranges, intensity, tracks


class Lidar:
    """One lidar of one scenario; see the module for what its Reading holds."""

    def __init__(self, context: SensorContext) -> None:
        options = context.options or LidarModel()
        scenario = context.scenario
        vehicle, felt = scenario.ego.vehicle, conditions(scenario.environment)
        self.name = context.name
        self.period_us = period_us(context.name, options.rate_hz, scenario.dt_us)
        self._options, self._vehicle, self._seed, self._track_ids = options, vehicle, context.seed, context.track_ids
        x = -vehicle.rear_axle_x_m if options.mount_x_m is None else options.mount_x_m
        z = vehicle.height_m + ABOVE_ROOF_M if options.mount_z_m is None else options.mount_z_m
        self._mount: FloatArray = frozen(np.array([x, options.mount_y_m, z, math.radians(options.mount_yaw_deg)]))
        self._azimuth, self._elevation = ray_angles(options)
        self._extinction = felt.extinction_per_m
        self._loss = 1.0 - (1.0 - options.dropout) * (1.0 - felt.wet_dropout)
        self._least = REFERENCE_REFLECTIVITY / options.range_m**2
        kinds = [REFLECTIVITY[ActorKind(kind)] for kind in (vehicle.kind, *(a.kind for a in scenario.actors))]
        self._reflectivity: FloatArray = frozen(np.array([*kinds, ASPHALT]))
        self._rng = np.random.default_rng(self._seed)

    def reset(self, state: WorldState) -> None:  # noqa: ARG002
        """The same draws again."""
        self._rng = np.random.default_rng(self._seed)

    def save(self) -> Memory:
        """The draws to come."""
        return {"draws": draws(self._rng)}

    def load(self, memory: Memory) -> None:
        """Draw on from there."""
        draw_on(self._rng, memory, "draws")

    def cast(self, state: WorldState) -> tuple[FloatArray, IntArray, FloatArray]:
        """True distances, rows hit and cosines of a look at `state`; for checks, never for a policy."""
        origin, yaw = self.pose(state)
        return cast_rays(
            origin,
            self._azimuth + yaw,
            self._elevation,
            state.position,
            state.rotation,
            state.extent,
            state.present,
            EGO,
            self._options.range_m,
        )

    def pose(self, state: WorldState) -> tuple[FloatArray, float]:
        """Where the lidar stands in the world (3,) [m], and the direction of its first azimuth [rad]."""
        rig = rig_from_box(state.position[EGO], float(state.yaw[EGO]), self._vehicle)
        cos, sin = math.cos(rig[3]), math.sin(rig[3])
        x, y, z, yaw = self._mount
        return np.array([rig[0] + x * cos - y * sin, rig[1] + x * sin + y * cos, rig[2] + z]), float(rig[3] + yaw)

    def observe(self, state: WorldState) -> Reading:
        """One turn of the lidar at this moment."""
        distance, hits, cosine = self.cast(state)
        noisy, lossy = self._options.noise_sigma_m > 0.0, self._loss > 0.0
        spread = self._rng.standard_normal(distance.shape) if noisy else np.zeros(distance.shape)
        luck = self._rng.random(distance.shape) if lossy else np.ones(distance.shape)
        ranges, intensity, tracks = _returns(
            distance,
            hits,
            cosine,
            self._reflectivity,
            self._track_ids(),
            self._extinction,
            self._least,
            self._loss,
            self._options.noise_sigma_m,
            self._options.range_m,
            spread,
            luck,
        )
        arrays = {
            "range_m": frozen(ranges),
            "intensity": frozen(intensity),
            "track": frozen(tracks),
            "azimuth_rad": self._azimuth,
            "elevation_rad": self._elevation,
            "mount": self._mount,
        }
        return Reading(state.time_us, arrays)


def ray_angles(options: LidarModel) -> tuple[FloatArray, FloatArray]:
    """Azimuths (a,) and elevations (e,) of a lidar's rays from its own axes [rad]."""
    azimuth = 2.0 * math.pi / options.azimuths * np.arange(options.azimuths)
    elevation = np.radians(np.linspace(options.lowest_deg, options.highest_deg, options.rings))
    return frozen(azimuth), frozen(elevation)
