"""A spinning lidar: rays from its mount against every box and the ground, with what weather and distance take from them.

Answers range, intensity and label of each of rings x azimuths rays. All rays of a look leave at the same moment. Boxes are
met as they really lie (pitch and roll of a fallen actor included), the ground where it really is: the plane z = 0 on a level
road, else with its grades, kerbs, bumps and holes (`ground_rays.py`). The lidar is fixed to the ego's body: it heaves, dives and
rolls with it, and what is pressed under the ground sees nothing. The ego's own body is not seen.

A return comes back where reflectivity x exp(-2 extinction z) / z^2 is at least what a target of 80 % gives at `range_m` in
clear air: data sheets give ranges in this way (HDL-64E: 120 m at 80 %, 50 m for asphalt, which at 17 % is 55 m here). What
bodies send back is by kind, what the ground does by its material: asphalt, the concrete of sidewalks and kerbs, soil. The
angle at which a ray meets a face acts on the intensity, reflectivity x cosine x exp(-2 extinction z), alone. Rain and snow
lose single returns besides (`scenario/weather.py`).

| array | shape | unit |
|---|---|---|
| `range_m` | (rings, azimuths) float32 | m along the ray, 0 where nothing came back |
| `intensity` | (rings, azimuths) float32 | share of the light sent, 0 to 1, without the loss by distance |
| `track` | (rings, azimuths) int64 | track id of the actor that was hit, -1 for the ground, -2 for no return |
| `azimuth_rad` | (azimuths,) float64 | in the mount's frame, counter-clockwise from straight ahead of it |
| `elevation_rad` | (rings,) float64 | up from the floor of the ego's body, lowest ring first |
| `mount` | (4,) float64 | x, y, z, yaw in the rig frame of the vehicle at rest, m and rad |
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from alpasim.compiled import compiled
from alpasim.memory import Memory, draw_on, draws
from alpasim.scenario.senses import LidarModel, period_us
from alpasim.scenario.weather import conditions
from alpasim.sensors.ground_tables import tables_of
from alpasim.sensors.materials import GroundMaterials
from alpasim.sensors.rays import GROUND_HIT, NO_HIT, cast_rays
from alpasim.sensors.sensor import SensorContext
from alpasim.types import EGO, ActorKind, FloatArray, IntArray, Reading, WorldState, frozen
from alpasim.vehicle.frames import mounted_rig

REFERENCE_REFLECTIVITY = 0.8
ABOVE_ROOF_M = 0.2

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
reflective sleeve, plastic; assumed. Those of the ground stand in `materials.py`."""


@compiled
def _returns(
    distance: FloatArray,
    hits: IntArray,
    cosine: FloatArray,
    reflectivity: FloatArray,
    ground: FloatArray,
    ids: IntArray,
    extinction: float,
    least: float,
    loss: float,
    sigma: float,
    reach: float,
    spread: FloatArray,
    luck: FloatArray,
) -> tuple[NDArray[np.float32], NDArray[np.float32], IntArray]:
    """Ranges, intensities and labels of the rays that come back; `reflectivity` (n,) by row, `ground` (m,) that
    of the ground where rays meet it, ring by ring."""
    ranges = np.zeros(distance.shape, dtype=np.float32)
    intensity = np.zeros(distance.shape, dtype=np.float32)
    tracks = np.full(distance.shape, NO_HIT, dtype=np.int64)
    met = 0
    for i in range(distance.shape[0]):
        for j in range(distance.shape[1]):
            hit, z = hits[i, j], distance[i, j]
            share = reflectivity[hit] if hit >= 0 else 0.0
            if hit == GROUND_HIT:
                share = ground[met]
                met += 1
            if hit == NO_HIT or luck[i, j] < loss:
                continue
            sent_back = share * math.exp(-2.0 * extinction * z)
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
        self._reflectivity: FloatArray = frozen(np.array(kinds))
        self._relief = scenario.road.relief
        self._tables = tables_of(self._relief)
        self._materials = GroundMaterials(scenario.road)
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
        origin, turn = self.pose(state)
        boxes = (state.position, state.rotation, state.extent, state.present, EGO, self._options.range_m)
        relief = self._relief
        return cast_rays(origin, turn, self._azimuth, self._elevation, *boxes, relief.level, relief, self._tables)

    def pose(self, state: WorldState) -> tuple[FloatArray, FloatArray]:
        """Where the body carries the lidar in the world (3,) [m], and how its axes lie there (3, 3)."""
        rig = mounted_rig(state.position[EGO], state.rotation[EGO], self._vehicle)
        forward, left, up = rig.rotation.T
        x, y, z, yaw = (float(number) for number in self._mount)
        ahead, aside = math.cos(yaw) * forward + math.sin(yaw) * left, math.cos(yaw) * left - math.sin(yaw) * forward
        return rig.place + x * forward + y * left + z * up, np.ascontiguousarray(np.stack((ahead, aside, up), axis=1))

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
            self._materials.reflectivity(distance, hits, *self.pose(state), self._azimuth, self._elevation),
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
