"""A vehicle as figures: what the loader reads, dynamics and tracker use, and a policy is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from alpasim.types.kinds import ActorKind


@dataclass(frozen=True, slots=True)
class VehicleParameters:
    """A vehicle's measures and limits, read from `assets/vehicles/*.yaml`, where each figure has its source.

    Lengths in metres, masses in kilograms, forces in newtons. Axle positions count from the box centre, forward
    positive, so the rear axle is usually negative.
    """

    name: str
    kind: ActorKind
    length_m: float
    width_m: float
    height_m: float
    mass_kg: float
    yaw_inertia_kgm2: float
    pitch_inertia_kgm2: float
    roll_inertia_kgm2: float
    front_axle_x_m: float
    rear_axle_x_m: float
    track_width_m: float
    centre_of_mass_x_m: float
    centre_of_mass_height_m: float
    ground_clearance_m: float
    front_cornering_stiffness_per_rad: float
    """Axle's lateral force per slip angle and axle load at small slip [1/rad]."""
    rear_cornering_stiffness_per_rad: float
    max_steering_angle_rad: float
    max_steering_rate_radps: float
    max_drive_force_n: float
    max_power_w: float
    max_brake_force_n: float
    max_speed_mps: float
    driven_axle: Literal["front", "rear", "all"]
    drive_lag_s: float
    brake_lag_s: float
    steering_lag_s: float
    drag_area_m2: float
    """Drag coefficient times frontal area, C_d * A."""
    rolling_resistance: float
    suspension_frequency_hz: float
    suspension_damping_ratio: float
    roll_stiffness_front_share: float
    restitution: float
    body_friction: float
    wheel_radius_m: float = 0.32
    max_reverse_speed_mps: float = 10.0

    @property
    def wheelbase_m(self) -> float:
        """Distance between the axles."""
        return self.front_axle_x_m - self.rear_axle_x_m

    @property
    def extent(self) -> tuple[float, float, float]:
        """Length, width, height of the box [m]."""
        return (self.length_m, self.width_m, self.height_m)
