"""Where the wheels of a vehicle touch, and which walls are near: a pose and a way become a `footing`; and whether it is paved.

Answers what `footing.py` has to be asked for each wheel. What the ground carries is told in `wheels.py`.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.road.queries import Grid, RoadArrays, all_on_road
from alpasim.road.relief import Relief, rise_at
from alpasim.types import FloatArray
from alpasim.vehicle.blocks import LOW_SLOPE
from alpasim.vehicle.chassis import HALF_WIDTH, RADIUS, SPRING, STATIC_LOAD
from alpasim.vehicle.footing import (
    COUNT,
    LIFTED,
    NO_LIMIT,
    NO_WALL,
    PROFILE,
    RISE,
    SLOPE_X,
    SLOPE_Y,
    WALL_BEHIND,
    WALL_LEFT,
    WAS_X,
    WAS_Y,
    feel_across,
    feel_along,
    nothing_near,
)
from alpasim.vehicle.stance import Quaternion, Vector3, steering_angles, up_axis, wheel_arms


@compiled
def stand_wheels(
    body: FloatArray, position: Vector3, rotation: Quaternion, relief: Relief, points: FloatArray, footing: FloatArray
) -> None:
    """Write where each wheel's disc touches into `points` (4, 2), and height and slopes of the smooth ground there into
    `footing`; nothing is raised yet.

    A disc touches straight along the ground's normal below its hub, which is a radius along the body's up axis above the
    foot.
    """
    arm = np.empty((4, 3))
    wheel_arms(body, rotation, arm)
    up = up_axis(rotation)
    for i in range(4):
        x, y = position[0] + arm[i, 0], position[1] + arm[i, 1]
        _, slope_x, slope_y = rise_at(x, y, relief)
        steep = 1.0 / math.sqrt(1.0 + slope_x * slope_x + slope_y * slope_y)
        points[i, 0] = x + body[RADIUS] * (up[0] + slope_x * steep)
        points[i, 1] = y + body[RADIUS] * (up[1] + slope_y * steep)
        footing[i, RISE], footing[i, SLOPE_X], footing[i, SLOPE_Y] = rise_at(x, y, relief)
        footing[i, COUNT] = 0.0
        for wall in range(WALL_LEFT, WALL_BEHIND + 1):
            footing[i, wall] = NO_WALL


@compiled
def feel_raised(
    body: FloatArray,
    angle: float,
    position: Vector3,
    rotation: Quaternion,
    velocity: Vector3,
    yaw_rate: float,
    relief: Relief,
    rough: FloatArray,
    low: FloatArray,
    dt_s: float,
    points: FloatArray,
    footing: FloatArray,
) -> None:
    """Write into `footing` what is raised under and beside each wheel on its way through the substep, after `stand_wheels`.

    `angle` of the steered wheels, `rough` (4,) roughness under each wheel [m], `low` (m, 9) low bodies that wheels roll over, those
    first that cannot move: they alone are walls.
    """
    fixed = 0
    while fixed < low.shape[0] and low[fixed, LOW_SLOPE] == 0.0:
        fixed += 1
    arm = np.empty((4, 3))
    upright, ahead_x, ahead_y = wheel_arms(body, rotation, arm)
    if not upright:
        for i in range(4):
            footing[i, LIFTED] = NO_LIMIT
        return
    places, heights = np.empty((2, PROFILE)), np.empty((2, PROFILE))
    left_angle, right_angle = steering_angles(body, angle)
    for i in range(4):
        turned = left_angle if i == 0 else right_angle if i == 1 else 0.0
        c, s = math.cos(turned), math.sin(turned)
        cos, sin = ahead_x * c - ahead_y * s, ahead_y * c + ahead_x * s
        vx, vy = velocity[0] - yaw_rate * arm[i, 1], velocity[1] + yaw_rate * arm[i, 0]
        along, aside = vx * cos + vy * sin, vy * cos - vx * sin
        x, y, wheel = points[i, 0], points[i, 1], footing[i]
        far = body[RADIUS] + (abs(along) + abs(aside)) * dt_s + 0.05
        if rough[i] <= 0.0 and low.shape[0] == 0 and nothing_near(x, y, far, relief):
            wheel[LIFTED], wheel[WAS_X], wheel[WAS_Y] = 0.0, x, y
            continue
        hanging = position[2] + arm[i, 2] - wheel[RISE] - body[STATIC_LOAD + i] / body[SPRING + i]
        moved = (along * dt_s, aside * dt_s)
        feel_along(x, y, cos, sin, moved, body[RADIUS], hanging, relief, rough[i], low, places, heights, wheel)
        reach = abs(aside) * dt_s + 0.02
        x, y = position[0] + arm[i, 0], position[1] + arm[i, 1]
        feel_across(x, y, -sin, cos, reach, body[HALF_WIDTH], hanging, relief, rough[i], low[:fixed], wheel)


@compiled
def all_paved(
    pose: tuple[float, float, float],
    half: tuple[float, float],
    moved: tuple[float, float],
    road: RoadArrays,
    grid: Grid,
) -> bool:
    """Whether a box of those half length and width has its corners on the pavement at `pose`, half of `moved` later and
    all of it later: while one step is driven no wheel is elsewhere but by less than matters."""
    cos, sin = math.cos(pose[2]), math.sin(pose[2])
    points, i = np.empty((12, 2)), 0
    for k in range(3):
        for along in (-half[0], half[0]):
            for across in (-half[1], half[1]):
                points[i, 0] = pose[0] + 0.5 * k * moved[0] + along * cos - across * sin
                points[i, 1] = pose[1] + 0.5 * k * moved[1] + along * sin + across * cos
                i += 1
    return all_on_road(points, road, grid)
