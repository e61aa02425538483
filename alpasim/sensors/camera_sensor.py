"""A camera as one of the ego's sensors: asked for as `camera:NAME`, drawn by a renderer that is handed in.

Answers which camera a name and its options mean, and what a policy gets of a frame. The lens is `camera.py`'s matter.

| array | shape | |
|---|---|---|
| `rgb` | (height, width, 3) uint8 | red, green, blue |
| `depth` | (height, width) float32 | metres along the optical axis, inf in the sky |
| `semantic` | (height, width) uint8 | codes of `camera.class_names()` |
| `instance` | (height, width) int32 | track numbers as in `Observation.tracks`, -1 where nobody is |
| `intrinsics` | (4,) float64 | fx, fy, cx, cy of the pinhole [pixels] |
| `rig_from_camera` | (4, 4) float64 | from the optical frame to the rig frame of the vehicle at rest [m] |
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from alpasim.errors import InputError, did_you_mean
from alpasim.memory import Memory
from alpasim.scenario.senses import CameraModel, OwnCameraModel, period_us
from alpasim.sensors.camera import CAMERAS, CHANNELS, NO_INSTANCE, CameraSpec, Mount, Renderer
from alpasim.sensors.suite import SensorContext, SensorKind
from alpasim.types import IntArray, Reading, VehicleParameters, WorldState, frozen

FAMILY = "camera"
"""What stands before the colon in a camera's sensor name; alone it means DEFAULT."""
DEFAULT = "front"

CHASED_HEIGHT_M, CHASED_REAR_M = 1.6, -0.9
"""What `chase` is made for: vehicles up to this height, whose rear end lies so far behind their rear axle [m]."""

RendererOf = Callable[[str], Renderer]
"""Gives the renderer of a name, made when it is first asked for."""


def camera_kind(renderer_of: RendererOf) -> SensorKind:
    """How cameras are made, with renderers from `renderer_of`; none is opened before a camera looks for the first time."""
    return SensorKind(lambda context: Camera(context, renderer_of))


class Camera:
    """One camera. Raises InputError for a name that neither the presets nor the options have, and for a rate that does not
    fit the control step."""

    def __init__(self, context: SensorContext, renderer_of: RendererOf) -> None:
        options = context.options if context.options is not None else CameraModel()
        self.name = context.name
        spec = camera_spec(context.name.partition(":")[2] or DEFAULT, options)
        self.spec = stood_back(spec, context.scenario.ego.vehicle)
        self.period_us = period_us(context.name, self.spec.rate_hz, context.scenario.dt_us)
        self._scenario = context.scenario
        self._track_ids = context.track_ids
        self._renderer_of, self._renderer = renderer_of, options.renderer
        self._lens = lens_arrays(self.spec)

    def reset(self, state: WorldState) -> None:
        """Nothing is kept from frame to frame."""

    def save(self) -> Memory:
        """Nothing is kept from frame to frame."""
        return {}

    def load(self, memory: Memory) -> None:
        """Nothing is kept from frame to frame."""

    def observe(self, state: WorldState) -> Reading:
        """The frame of `state`."""
        frame = self._renderer_of(self._renderer).render(self._scenario, state, self.spec)
        pictures = {channel: getattr(frame, channel) for channel in CHANNELS if channel in self.spec.channels}
        if frame.instance is not None:
            pictures["instance"] = as_tracks(frame.instance, self._track_ids())
        return Reading(state.time_us, pictures | self._lens)


def stood_back(spec: CameraSpec, vehicle: VehicleParameters) -> CameraSpec:
    """An onlooker's camera as much farther behind and above as a vehicle is taller than cars are, so that it looks past a bus, too;
    cameras that are fixed to the body stay where they are."""
    taller = vehicle.height_m / CHASED_HEIGHT_M
    if not spec.level or taller <= 1.0:
        return spec
    rear_end = -0.5 * vehicle.length_m - vehicle.rear_axle_x_m
    mount = replace(spec.mount, x_m=rear_end + taller * (spec.mount.x_m - CHASED_REAR_M), z_m=taller * spec.mount.z_m)
    return replace(spec, mount=mount)


def lens_arrays(spec: CameraSpec) -> dict[str, np.ndarray]:
    """Where a place lies in the picture, as arrays of a reading: `intrinsics` and `rig_from_camera`, read-only."""
    mounted = np.eye(4)
    mounted[:3, :3], mounted[:3, 3] = spec.mount.rotation, (spec.mount.x_m, spec.mount.y_m, spec.mount.z_m)
    return {
        "intrinsics": frozen(np.array((spec.fx, spec.fy, spec.cx, spec.cy))),
        "rig_from_camera": frozen(mounted),
    }


def camera_spec(name: str, options: CameraModel) -> CameraSpec:
    """The camera that a name means with these options: one of the options' own, or a preset."""
    known = (*options.own, *CAMERAS)
    if name not in known:
        near = did_you_mean(name, known)
        raise InputError(f"sensor 'camera:{name}': unknown camera {name!r}{near}; there are: {', '.join(known)}")
    spec = _own(name, options.own[name]) if name in options.own else CAMERAS[name]
    if options.width_px is not None and options.height_px is not None:
        spec = spec.resized(options.width_px, options.height_px)
    own_rate_hz = options.own[name].rate_hz if name in options.own else None
    rate_hz = own_rate_hz or options.rate_hz or spec.rate_hz
    return replace(spec, rate_hz=rate_hz, channels=tuple(options.channels))


def _own(name: str, model: OwnCameraModel) -> CameraSpec:
    angles = (math.radians(angle) for angle in (model.yaw_deg, model.pitch_deg, model.roll_deg))
    mount = Mount(model.x_m, model.y_m, model.z_m, *angles)
    return CameraSpec(name, model.width_px, model.height_px, *model.intrinsics, mount)


def as_tracks(rows: np.ndarray, track_ids: IntArray) -> np.ndarray:
    """An instance picture of rows as one of track numbers: a policy never learns the order of the script."""
    # One more than there are rows, so that -1, nobody, reads the last entry.
    numbers = np.append(track_ids, NO_INSTANCE).astype(np.int32)
    return frozen(numbers[rows])
