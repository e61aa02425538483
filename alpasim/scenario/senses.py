"""What a scenario says of the ego's senses: how well it perceives others, and the options of its further sensors.

Answers which words and figures may be written, in which unit and within which limits. What they do is the matter of
`sensors/`: the figures behind a level are in `sensors/perception.py`, what weather does to them in `scenario/weather.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, Discriminator, Field, Tag, ValidationError, model_validator

from alpasim.errors import InputError, did_you_mean
from alpasim.scenario.concrete import PerceptionChoice
from alpasim.scenario.faults import told
from alpasim.scenario.values import Model

LevelWord = Literal["truth", "good", "rainy", "night", "rainy_night", "fog"]
MOST_RAYS = 262_144
"""Rays of one lidar: 64 rings of 4,096; more is taken for a mistake."""

Range = Annotated[float, Field(gt=0.0, le=1000.0)]
Rate = Annotated[float, Field(gt=0.0, le=1000.0)]
MountAngle = Annotated[float, Field(ge=-360.0, le=360.0)]
MountPlace = Annotated[float, Field(ge=-50.0, le=50.0)]
Pixels = Annotated[int, Field(ge=1, le=8192)]
MOST_PIXELS = 16_000_000
"""Pixels of one camera; more is taken for a mistake."""
Channel = Literal["rgb", "depth", "semantic", "instance"]
PRESET_CAMERAS = (
    "camera_cross_left_120fov",
    "camera_front_wide_120fov",
    "camera_cross_right_120fov",
    "camera_front_tele_30fov",
    "front",
    "rear",
    "left",
    "right",
    "chase",
)
"""Names of the cameras that are always there; what they are stands in `sensors/camera.py`."""
ASKED_FOR = ("objects", "lidar", "bev", "camera")
"""What a policy may ask for by name, beside single cameras: `camera:NAME`."""
CameraName = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")]


class PerceptionModel(Model):
    """A level, and figures that replace the level's own; a figure that is written holds whatever the weather.

    `min_visible` is the share of its silhouette that must be in view for an actor to be perceived, 0 for no occlusion.
    `position_sigma_m` grows by `position_sigma_per_m` with distance. `miss` is the chance of a step without detection;
    `false_per_minute` is the rate of things seen that are not there. A track keeps its id for gaps up to `memory_s`.
    """

    level: LevelWord = "truth"
    range_m: Range | None = None
    fov_deg: Annotated[float, Field(gt=0.0, le=360.0)] | None = None
    min_visible: Annotated[float, Field(ge=0.0, le=1.0)] | None = None
    position_sigma_m: Annotated[float, Field(ge=0.0, le=50.0)] | None = None
    position_sigma_per_m: Annotated[float, Field(ge=0.0, le=1.0)] | None = None
    speed_sigma_mps: Annotated[float, Field(ge=0.0, le=50.0)] | None = None
    miss: Annotated[float, Field(ge=0.0, le=1.0)] | None = None
    false_per_minute: Annotated[float, Field(ge=0.0, le=600.0)] | None = None
    delay_s: Annotated[float, Field(ge=0.0, le=10.0)] | None = None
    memory_s: Annotated[float, Field(ge=0.0, le=3600.0)] | None = None


def _perception_form(value: Any) -> Literal["<level>", "<figures>"]:
    return "<figures>" if isinstance(value, dict | PerceptionModel) else "<level>"


PerceptionWord = Annotated[
    Annotated[LevelWord, Tag("<level>")] | Annotated[PerceptionModel, Tag("<figures>")],
    Discriminator(_perception_form),
]
"""A level's name, or a level with figures of its own."""


def perception_choice(written: LevelWord | PerceptionModel) -> PerceptionChoice:
    """What the file chose, as the concrete scenario holds it."""
    if isinstance(written, str):
        return PerceptionChoice(written)
    figures = written.model_dump(exclude={"level"}, exclude_none=True)
    return PerceptionChoice(written.level, {name: float(value) for name, value in figures.items()})


class LidarModel(Model):
    """A spinning lidar; the defaults are those of a 64-ring roof lidar at one ray a degree.

    `rate_hz` is once a control step where it is not given. The mount is in the rig frame; without it the lidar stands
    above the middle of the roof. `noise_sigma_m` is the spread of a range in clear air, `dropout` the share of rays lost.
    """

    rings: Annotated[int, Field(ge=1, le=256)] = 64
    azimuths: Annotated[int, Field(ge=1, le=8192)] = 360
    lowest_deg: Annotated[float, Field(ge=-89.0, le=89.0)] = -24.8
    highest_deg: Annotated[float, Field(ge=-89.0, le=89.0)] = 2.0
    range_m: Range = 120.0
    rate_hz: Rate | None = None
    noise_sigma_m: Annotated[float, Field(ge=0.0, le=10.0)] = 0.02
    dropout: Annotated[float, Field(ge=0.0, le=1.0)] = 0.0
    mount_x_m: MountPlace | None = None
    mount_y_m: MountPlace = 0.0
    mount_z_m: Annotated[float, Field(ge=0.05, le=20.0)] | None = None
    mount_yaw_deg: MountAngle = 0.0

    @model_validator(mode="after")
    def _bearable(self) -> LidarModel:
        if self.rings * self.azimuths > MOST_RAYS:
            raise ValueError(
                f"found {self.rings} rings of {self.azimuths} azimuths, {self.rings * self.azimuths} rays, "
                f"expected at most {MOST_RAYS}"
            )
        if self.lowest_deg > self.highest_deg:
            raise ValueError(
                f"found lowest_deg {self.lowest_deg:g} and highest_deg {self.highest_deg:g}, expected the lower one first"
            )
        return self


class BevModel(Model):
    """A bird's-eye raster in the rig frame, x upwards in the picture, the ego `behind_m` from its lower edge.

    `past_frames` pictures of the actors as they were perceived, `past_step_s` apart, follow the present one; that is a whole
    number of looks. `behind_m` is a quarter of the picture's side where it is not given.
    """

    size_px: Annotated[int, Field(ge=8, le=1024)] = 84
    resolution_m: Annotated[float, Field(ge=0.05, le=10.0)] = 0.5
    behind_m: Annotated[float, Field(ge=0.0, le=1000.0)] | None = None
    past_frames: Annotated[int, Field(ge=0, le=16)] = 3
    past_step_s: Annotated[float, Field(gt=0.0, le=10.0)] = 0.5
    rate_hz: Rate | None = None


Focal = Annotated[float, Field(gt=0.0, le=1e6)]
LEAST_FOV_DEG, MOST_FOV_DEG = 1.0, 170.0


class OwnCameraModel(Model):
    """A camera beside the presets: a pinhole, its mount in the rig frame. Its own rate comes before that of all cameras.

    The lens is what sees `fov_deg` across, or has a focal length of `fx_px`, as a calibration gives it: `fy_px` is that of the
    height where it differs, `cx_px, cy_px` where the axis meets the picture, its middle where not given. From looking ahead the
    camera is turned by `yaw_deg` to the left, then by `pitch_deg` downwards, then rolled by `roll_deg` clockwise.
    """

    fov_deg: Annotated[float, Field(ge=LEAST_FOV_DEG, le=MOST_FOV_DEG)] | None = None
    fx_px: Focal | None = None
    fy_px: Focal | None = None
    cx_px: float | None = None
    cy_px: float | None = None
    width_px: Pixels = 320
    height_px: Pixels = 180
    x_m: MountPlace
    y_m: MountPlace = 0.0
    z_m: MountPlace
    yaw_deg: MountAngle = 0.0
    pitch_deg: MountAngle = 0.0
    roll_deg: MountAngle = 0.0
    rate_hz: Rate | None = None

    @property
    def intrinsics(self) -> tuple[float, float, float, float]:
        """fx, fy, cx, cy in pixels of its own size."""
        fx = self.fx_px
        if fx is None:
            assert self.fov_deg is not None  # one of the two is there
            fx = 0.5 * self.width_px / math.tan(0.5 * math.radians(self.fov_deg))
        middle = 0.5 * self.width_px, 0.5 * self.height_px
        cx, cy = middle[0] if self.cx_px is None else self.cx_px, middle[1] if self.cy_px is None else self.cy_px
        return fx, fx if self.fy_px is None else self.fy_px, cx, cy

    @model_validator(mode="after")
    def _one_lens(self) -> OwnCameraModel:
        if self.fov_deg is not None and self.fx_px is not None:
            raise ValueError("found both fov_deg and fx_px, expected one of them")
        if self.fov_deg is None and self.fx_px is None:
            raise ValueError("found neither fov_deg nor fx_px, expected one of them")
        for name in ("fy_px", "cx_px", "cy_px"):
            if self.fx_px is None and getattr(self, name) is not None:
                raise ValueError(f"found {name} beside fov_deg, expected it beside fx_px")
        fx, fy, cx, cy = self.intrinsics
        for axis, focal, at, side in (("x", fx, cx, self.width_px), ("y", fy, cy, self.height_px)):
            if not 0.0 <= at <= side:
                raise ValueError(f"found c{axis}_px {at:g}, expected 0 to {side}")
            seen = math.degrees(math.atan(at / focal) + math.atan((side - at) / focal))
            if not LEAST_FOV_DEG - 1e-9 <= seen <= MOST_FOV_DEG + 1e-9:
                raise ValueError(
                    f"found a lens that sees along its {axis} axis"
                    f" {seen:.1f} degrees, expected {LEAST_FOV_DEG:g} to {MOST_FOV_DEG:g}"
                )
        return self


class CameraModel(Model):
    """Options of every camera that is asked for (`camera:front`); size and rate are the camera's own where not given.

    `own` describes further cameras by name, beside the presets of `sensors/camera.py`.
    """

    renderer: Literal["tiny", "gl"] = "tiny"
    width_px: Pixels | None = None
    height_px: Pixels | None = None
    channels: Annotated[tuple[Channel, ...], Field(strict=False, min_length=1)] = ("rgb",)
    rate_hz: Rate | None = None
    own: dict[CameraName, OwnCameraModel] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _bearable(self) -> CameraModel:
        if (self.width_px is None) != (self.height_px is None):
            raise ValueError("found one of width_px and height_px, expected both or neither")
        sizes = [(camera.width_px, camera.height_px) for camera in self.own.values()]
        for width, height in (*sizes, (self.width_px or 1, self.height_px or 1)):
            if width * height > MOST_PIXELS:
                raise ValueError(f"found {width} x {height} pixels, expected at most {MOST_PIXELS:,}")
        return self


class SensorsModel(Model):
    """Options of the sensors that a policy or an env may ask for; one that is not named has its defaults."""

    lidar: LidarModel | None = None
    bev: BevModel | None = None
    camera: CameraModel | None = None

    def by_name(self) -> dict[str, BaseModel]:
        """The options that are written, by the sensor's name."""
        found = {name: getattr(self, name) for name in SensorsModel.model_fields}
        return {name: options for name, options in found.items() if options is not None}


def sensor_complaint(sensor: str, own_cameras: Collection[str] | None, families: Sequence[str] = ASKED_FOR) -> str:
    """What is wrong with a sensor's name, the empty string where nothing is; any camera's name is right where `own_cameras`, those
    of the scenario, is None."""
    known = (*families, *(f"camera:{name}" for name in (*(own_cameras or ()), *PRESET_CAMERAS)))
    if sensor in known or (own_cameras is None and sensor.startswith("camera:")):
        return ""
    return f"unknown sensor {sensor!r}{did_you_mean(sensor, known)}; known: {', '.join(known)}"


def whole_steps(place: str, seconds: float, dt_us: int) -> int:
    """A duration as control steps; InputError with its `place` where it is not a whole number of them."""
    steps = round(seconds * 1e6 / dt_us)
    if abs(seconds * 1e6 - steps * dt_us) > 1.0:
        raise InputError(
            f"{place}: found {seconds:g} s, expected a whole multiple of the control step of {dt_us * 1e-6:g} s"
        )
    return steps


def period_us(name: str, rate_hz: float | None, dt_us: int) -> int:
    """Time between two looks of a sensor, once a control step for None; InputError unless it is a whole multiple of it."""
    if rate_hz is None:
        return dt_us
    steps = round(1e6 / rate_hz / dt_us)
    if steps < 1 or abs(1e6 / rate_hz - steps * dt_us) > 1.0:
        rates = ", ".join(f"{1e6 / (dt_us * many):.4g}" for many in (1, 2, 4, 5))
        raise InputError(
            f"sensors.{name}.rate_hz: found {rate_hz:g} Hz, expected a whole multiple of the control step of"
            f" {dt_us * 1e-6:g} s between two looks: {rates} Hz and so on"
        )
    return steps * dt_us


def past_step_us(options: BevModel, dt_us: int) -> int:
    """Time between two past pictures of a raster; InputError where it is not a whole number of looks, as one that was never taken
    could not be shown."""
    past = dt_us * whole_steps("sensors.bev.past_step_s", options.past_step_s, dt_us)
    if options.rate_hz is not None and options.past_frames > 0:
        look = round(1e6 / options.rate_hz)
        if look % dt_us == 0 and past % look:  # a rate that does not fit is complained about by itself
            raise InputError(
                f"sensors.bev.past_step_s: found {options.past_step_s:g} s, expected a whole multiple of the {look * 1e-6:g} s"
                f" between two looks at {options.rate_hz:g} Hz"
            )
    return past


def timing_faults(perception: PerceptionChoice, sensors: Mapping[str, Any], dt_us: int) -> Iterator[str]:
    """Every time in the senses' options that does not fit the control step, as `place: what is wrong`."""
    checks: list[Callable[[], int]] = [
        partial(period_us, name, found.rate_hz, dt_us) for name, found in sensors.items()
    ]
    if "camera" in sensors:
        own = sensors["camera"].own.items()
        checks += [partial(period_us, f"camera.own.{name}", camera.rate_hz, dt_us) for name, camera in own]
    if "delay_s" in perception.written:
        checks.append(partial(whole_steps, "perception.delay_s", perception.written["delay_s"], dt_us))
    if "bev" in sensors:
        checks.append(partial(past_step_us, sensors["bev"], dt_us))
    for check in checks:
        try:
            check()
        except InputError as fault:
            yield str(fault)


def sensor_options(written: Mapping[str, Any]) -> dict[str, BaseModel]:
    """Options given from code as plain mappings or models, by the sensor's name; InputError names what is wrong."""
    if not isinstance(written, Mapping):
        raise InputError(
            f"sensors is {written!r}, expected options by a sensor's name, as {{'lidar': {{'rings': 16}}}}"
        )
    plain = {
        name: options.model_dump(exclude_none=True) if isinstance(options, BaseModel) else options
        for name, options in written.items()
    }
    plain = _without_numpy(plain)
    try:
        return SensorsModel.model_validate(plain).by_name()
    except ValidationError as error:
        raise InputError(told(error, SensorsModel, "sensors", plain)) from error


def _without_numpy(value: Any) -> Any:
    """The same with numpy's numbers as Python's: they are what a computed option often is."""
    if isinstance(value, Mapping):
        return {key: _without_numpy(item) for key, item in value.items()}
    return value.item() if isinstance(value, np.generic) else value
