"""Cameras as values: the lens, where it sits on the vehicle, what a frame holds, and the cameras known by name.

Answers where a point of the world lies in the picture. It draws nothing: whoever can draw implements `Renderer`
(`alpasim.world.rendering`).

Frames: the rig is x forward, y left, z up. A camera's optical frame is z forward along its axis, x right, y down. The picture
has its origin at the upper left corner of the upper left pixel, u to the right and v down, so that the middle of the pixel in
row r and column c is (c + 0.5, r + 0.5). Lenses are pinholes without distortion: u = fx x/z + cx, v = fy y/z + cy.
Cameras are fixed to the body: they heave, dive and roll with it, and a car on its roof sees the world upside down. Those that
look on from outside, `level` ones, follow its place and heading alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from alpasim.errors import InputError, did_you_mean
from alpasim.scenario.concrete import Scenario
from alpasim.types import ActorKind, FloatArray, WorldState, frozen
from alpasim.vehicle.frames import Rig

CHANNELS = ("rgb", "depth", "semantic", "instance")
MAX_PIXELS = 16_000_000
MAX_SIDE = 8192
MIN_FOV_DEG, MAX_FOV_DEG = 1.0, 170.0
MAX_RATE_HZ = 1000.0
NO_INSTANCE = -1
"""What instance pictures show where nobody is."""


class SemanticClass(IntEnum):
    """Codes of semantic pictures; an actor's code is ACTOR plus its ActorKind."""

    SKY = 0
    ROAD = 1
    LANE_PAINT = 2
    KERB = 3
    SIDEWALK = 4
    TERRAIN = 5
    TRAFFIC_LIGHT = 6
    ACTOR = 10


def actor_class(kind: ActorKind | int) -> int:
    """Semantic code of an actor of this kind."""
    return int(SemanticClass.ACTOR) + int(kind)


def class_names() -> dict[int, str]:
    """Every semantic code with its name in lower case."""
    ground = {int(code): code.name.lower() for code in SemanticClass if code is not SemanticClass.ACTOR}
    return ground | {actor_class(kind): kind.name.lower() for kind in ActorKind}


@dataclass(frozen=True, slots=True)
class Mount:
    """Where a camera sits in the rig frame of the vehicle at rest [m] and where it looks [rad].

    From looking along the rig's x axis it is turned by `yaw` to the left, then by `pitch` downwards, then by `roll` about its
    own axis, clockwise seen from behind.
    """

    x_m: float
    y_m: float
    z_m: float
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0

    @property
    def rotation(self) -> FloatArray:
        """(3, 3) from the optical frame to the rig frame."""
        cy, sy = math.cos(self.yaw), math.sin(self.yaw)
        cp, sp = math.cos(self.pitch), math.sin(self.pitch)
        cr, sr = math.cos(self.roll), math.sin(self.roll)
        turned = np.array([[cy, -sy, 0.0], [sy, cy, 0.0], [0.0, 0.0, 1.0]])
        lowered = np.array([[cp, 0.0, sp], [0.0, 1.0, 0.0], [-sp, 0.0, cp]])
        rolled = np.array([[1.0, 0.0, 0.0], [0.0, cr, -sr], [0.0, sr, cr]])
        optical = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
        product: FloatArray = turned @ lowered @ rolled @ optical
        return product


@dataclass(frozen=True, slots=True)
class CameraSpec:
    """One pinhole camera: size and intrinsics in pixels, mount, rate, which pictures it takes, and whether it stays `level`
    instead of leaning with the body.

    Raises InputError for sizes, angles and rates that no camera has.
    """

    name: str
    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    mount: Mount
    rate_hz: float = 10.0
    channels: tuple[str, ...] = ("rgb",)
    level: bool = False

    def __post_init__(self) -> None:
        self._check_size()
        for name, value in (("fx", self.fx), ("fy", self.fy)):
            if not (math.isfinite(value) and value > 0.0):
                raise self._wrong(f"{name} is {value:g} pixels, expected more than 0")
        for name, value, side in (("cx", self.cx, self.width), ("cy", self.cy, self.height)):
            if not 0.0 <= value <= side:
                raise self._wrong(f"{name} is {value:g} pixels, expected 0 to {side}")
        for name, value in (("fov", self.fov_deg), ("vertical fov", self.vertical_fov_deg)):
            if not MIN_FOV_DEG - 1e-9 <= value <= MAX_FOV_DEG + 1e-9:
                raise self._wrong(f"{name} is {value:g} degrees, expected {MIN_FOV_DEG:g} to {MAX_FOV_DEG:g}")
        if not (math.isfinite(self.rate_hz) and 0.0 < self.rate_hz <= MAX_RATE_HZ):
            raise self._wrong(f"rate is {self.rate_hz:g} Hz, expected more than 0 and at most {MAX_RATE_HZ:g}")
        mount = self.mount
        if not all(map(math.isfinite, (mount.x_m, mount.y_m, mount.z_m, mount.yaw, mount.pitch, mount.roll))):
            raise self._wrong(f"mount is {mount}, expected finite numbers")
        self._check_channels()

    def _check_size(self) -> None:
        for name, value in (("width", self.width), ("height", self.height)):
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
                raise self._wrong(f"{name} is {value!r}, expected a whole number of pixels")
            if not 1 <= value <= MAX_SIDE:
                raise self._wrong(f"{name} is {value} pixels, expected 1 to {MAX_SIDE}")
        if self.width * self.height > MAX_PIXELS:
            raise self._wrong(f"{self.width} x {self.height} are more than {MAX_PIXELS:,} pixels")

    def _check_channels(self) -> None:
        if not self.channels:
            raise self._wrong(f"it takes no picture; expected some of {', '.join(CHANNELS)}")
        for channel in self.channels:
            if channel not in CHANNELS:
                near = did_you_mean(channel, CHANNELS)
                raise self._wrong(f"unknown channel {channel!r}{near}; there are: {', '.join(CHANNELS)}")

    def _wrong(self, what: str) -> InputError:
        return InputError(f"camera {self.name!r}: {what}")

    @classmethod
    def with_fov(
        cls,
        name: str,
        width: int,
        height: int,
        fov_deg: float,
        mount: Mount,
        rate_hz: float = 10.0,
        channels: tuple[str, ...] = ("rgb",),
    ) -> CameraSpec:
        """A camera with square pixels that sees `fov_deg` from its left to its right edge, its axis in the middle."""
        if not MIN_FOV_DEG <= fov_deg <= MAX_FOV_DEG:
            allowed = f"{MIN_FOV_DEG:g} to {MAX_FOV_DEG:g}"
            raise InputError(f"camera {name!r}: fov is {fov_deg:g} degrees, expected {allowed}")
        focal = 0.5 * width / math.tan(0.5 * math.radians(fov_deg))
        if focal <= 0.0:  # no width: let the size be what is complained about
            focal = 1.0
        return cls(name, width, height, focal, focal, 0.5 * width, 0.5 * height, mount, rate_hz, channels)

    @property
    def fov_deg(self) -> float:
        """Angle between the left and the right edge of the picture."""
        return math.degrees(math.atan(self.cx / self.fx) + math.atan((self.width - self.cx) / self.fx))

    @property
    def vertical_fov_deg(self) -> float:
        """Angle between the upper and the lower edge of the picture."""
        return math.degrees(math.atan(self.cy / self.fy) + math.atan((self.height - self.cy) / self.fy))

    @property
    def period_us(self) -> int:
        """Microseconds from one frame to the next."""
        return round(1e6 / self.rate_hz)

    def resized(self, width: int, height: int) -> CameraSpec:
        """The same view with another number of pixels: both fields of view stay as they are."""
        across, down = width / self.width, height / self.height
        if width < 1 or height < 1:
            raise self._wrong(f"resized to {width} x {height} pixels, expected at least 1 x 1")
        fx, fy, cx, cy = self.fx * across, self.fy * down, self.cx * across, self.cy * down
        return replace(self, width=width, height=height, fx=fx, fy=fy, cx=cx, cy=cy)

    def taking(self, *channels: str) -> CameraSpec:
        """The same camera with other pictures: some of `rgb`, `depth`, `semantic`, `instance`."""
        return replace(self, channels=tuple(channels))

    def pose(self, rig: Rig) -> tuple[FloatArray, FloatArray]:
        """Place (3,) [m] and rotation (3, 3) from the optical to the world frame, on a rig that a body carries
        (`CameraFrame.rig`), or on a level one (`alpasim.vehicle.frames.level_rig`)."""
        place = rig.place + rig.rotation @ np.array((self.mount.x_m, self.mount.y_m, self.mount.z_m))
        return place, rig.rotation @ self.mount.rotation

    def project(self, points: FloatArray, rig: Rig) -> FloatArray:
        """(k, 3) u, v [pixels] and depth [m] of points (k, 3) in the world; u and v mean nothing where depth <= 0."""
        place, rotation = self.pose(rig)
        optical = (np.asarray(points, dtype=np.float64) - place) @ rotation
        depth = optical[:, 2]
        safe = np.where(depth > 0.0, depth, 1.0)
        return np.column_stack(
            [self.fx * optical[:, 0] / safe + self.cx, self.fy * optical[:, 1] / safe + self.cy, depth]
        )

    def rays(self) -> FloatArray:
        """(height, width, 3) directions through the middles of the pixels, optical frame, with z = 1."""
        u = (np.arange(self.width) + 0.5 - self.cx) / self.fx
        v = (np.arange(self.height) + 0.5 - self.cy) / self.fy
        across, down = np.meshgrid(u, v)
        return np.stack([across, down, np.ones_like(across)], axis=-1)


@dataclass(frozen=True, slots=True)
class CameraFrame:
    """What one camera took at one moment; pictures that were not asked for are None.

    `rgb` (height, width, 3) uint8; `depth` (height, width) float32 [m] along the optical axis, inf in the sky; `semantic`
    (height, width) uint8 codes of SemanticClass; `instance` (height, width) int32 rows of the state, NO_INSTANCE where
    nobody is. `rig` is where the body carried what is mounted on it, or the level rig beside it of a `level` camera; `renderer` is name and version of what drew it.
    """

    camera: str
    time_us: int
    rig: Rig
    renderer: str
    rgb: NDArray[np.uint8] | None = None
    depth: NDArray[np.float32] | None = None
    semantic: NDArray[np.uint8] | None = None
    instance: NDArray[np.int32] | None = None


def blind_frame(spec: CameraSpec, time_us: int, rig: Rig, renderer: str) -> CameraFrame:
    """What a camera takes that is pressed into the ground: black, soil, at no distance."""
    size = (spec.height, spec.width)
    pictures: dict[str, np.ndarray] = {
        "rgb": np.zeros((*size, 3), dtype=np.uint8),
        "depth": np.zeros(size, dtype=np.float32),
        "semantic": np.full(size, int(SemanticClass.TERRAIN), dtype=np.uint8),
        "instance": np.full(size, NO_INSTANCE, dtype=np.int32),
    }
    taken: dict[str, Any] = {channel: frozen(pictures[channel]) for channel in spec.channels}
    return CameraFrame(spec.name, time_us, rig, renderer, **taken)


class Renderer(Protocol):
    """Whoever can draw what a camera sees. `name` and `version` stand in logs; `close` gives its resources back."""

    @property
    def name(self) -> str:
        """Short name, as in the settings."""
        ...

    @property
    def version(self) -> str:
        """What drew: library, version, device."""
        ...

    def render(self, scenario: Scenario, state: WorldState, spec: CameraSpec) -> CameraFrame:
        """What the ego's camera sees in `state`. The ego itself is drawn only for cameras outside its own box."""
        ...

    def close(self) -> None:
        """Safe to call twice."""
        ...


def _degrees(x: float, y: float, z: float, yaw: float = 0.0, pitch: float = 0.0) -> Mount:
    return Mount(x, y, z, math.radians(yaw), math.radians(pitch))


ALPAMAYO = (
    "camera_cross_left_120fov",
    "camera_front_wide_120fov",
    "camera_cross_right_120fov",
    "camera_front_tele_30fov",
)
"""The four cameras that Alpamayo models take, in the order that they take them."""

CAMERAS: dict[str, CameraSpec] = {
    spec.name: spec
    for spec in (
        CameraSpec.with_fov("camera_cross_left_120fov", 1900, 1080, 120.0, _degrees(2.2, 0.95, 0.95, 60.0)),
        CameraSpec.with_fov("camera_front_wide_120fov", 1900, 1080, 120.0, _degrees(1.75, 0.0, 1.4)),
        CameraSpec.with_fov("camera_cross_right_120fov", 1900, 1080, 120.0, _degrees(2.2, -0.95, 0.95, -60.0)),
        CameraSpec.with_fov("camera_front_tele_30fov", 1900, 1080, 30.0, _degrees(1.75, 0.0, 1.4)),
        CameraSpec.with_fov("front", 320, 180, 90.0, _degrees(1.7, 0.0, 1.4)),
        CameraSpec.with_fov("rear", 320, 180, 90.0, _degrees(-0.9, 0.0, 1.1, 180.0)),
        CameraSpec.with_fov("left", 320, 180, 90.0, _degrees(1.4, 0.95, 1.1, 90.0)),
        CameraSpec.with_fov("right", 320, 180, 90.0, _degrees(1.4, -0.95, 1.1, -90.0)),
        replace(CameraSpec.with_fov("chase", 640, 360, 60.0, _degrees(-7.5, 0.0, 3.4, 0.0, 10.0)), level=True),
    )
}
"""Cameras by name. Names, size, rate and field of view of the first four are Alpamayo's; their mounts, and all of the others,
are round values for a sedan."""


def camera(name: str) -> CameraSpec:
    """The camera of that name; InputError with a suggestion where there is none."""
    if name not in CAMERAS:
        known = ", ".join(CAMERAS)
        raise InputError(f"unknown camera {name!r}{did_you_mean(name, CAMERAS)}; there are: {known}")
    return CAMERAS[name]


def cameras(names: Sequence[str], width: int | None = None, height: int | None = None) -> tuple[CameraSpec, ...]:
    """Several cameras by name, all of one size where both sides are given."""
    found = tuple(camera(name) for name in names)
    if width is None or height is None:
        return found
    return tuple(spec.resized(width, height) for spec in found)
