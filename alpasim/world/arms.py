"""Vectors of a body that turns: in the world, in its rig, and how fast its points move. Numbers in, numbers out; no body is known."""

from __future__ import annotations

from alpasim.world.bullet import Quaternion, Vector3


def in_rig(vector: Vector3, cos: float, sin: float) -> Vector3:
    """A world vector in a frame turned by the yaw of that cosine and sine."""
    return cos * vector[0] + sin * vector[1], cos * vector[1] - sin * vector[0], vector[2]


def to_world(rotation: Quaternion, along: float, above: float) -> Vector3:
    """The body's vector (along, 0, above) in world axes."""
    x, y, z, w = rotation
    return (
        (1.0 - 2.0 * (y * y + z * z)) * along + 2.0 * (x * z + w * y) * above,
        2.0 * (x * y + w * z) * along + 2.0 * (y * z - w * x) * above,
        2.0 * (x * z - w * y) * along + (1.0 - 2.0 * (x * x + y * y)) * above,
    )


def turned(rotation: Quaternion, torque: Vector3, roll: float, pitch: float, yaw: float) -> Vector3:
    """Angular acceleration [rad/s^2] that a torque [N m] gives a body with those inertias about its own axes [kg m^2]."""
    x, y, z, w = rotation
    tx, ty, tz = torque
    ahead = (1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y + w * z), 2.0 * (x * z - w * y))
    left = (2.0 * (x * y - w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z + w * x))
    up = (2.0 * (x * z + w * y), 2.0 * (y * z - w * x), 1.0 - 2.0 * (x * x + y * y))
    about_ahead = (tx * ahead[0] + ty * ahead[1] + tz * ahead[2]) / roll
    about_left = (tx * left[0] + ty * left[1] + tz * left[2]) / pitch
    about_up = (tx * up[0] + ty * up[1] + tz * up[2]) / yaw
    return (
        about_ahead * ahead[0] + about_left * left[0] + about_up * up[0],
        about_ahead * ahead[1] + about_left * left[1] + about_up * up[1],
        about_ahead * ahead[2] + about_left * left[2] + about_up * up[2],
    )


def moved(velocity: Vector3, spin: Vector3, arm: Vector3) -> Vector3:
    """Velocity of a body's point that lies `arm` from where it has `velocity`."""
    return (
        velocity[0] + spin[1] * arm[2] - spin[2] * arm[1],
        velocity[1] + spin[2] * arm[0] - spin[0] * arm[2],
        velocity[2] + spin[0] * arm[1] - spin[1] * arm[0],
    )
