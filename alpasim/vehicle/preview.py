"""The kernels of the tracker: what lies ahead on a trajectory, and the smoothest motion that stays near it.

`smoothest` solves one small problem for both directions: a place is to stay near given places ahead, with commands that
change little. Along the path the place is the distance driven and the command an acceleration (`driven_distance`),
across it the sideways distance and a wheel angle (`swerved_distances`). The path is unrolled for that: its course,
however far it turns, is integrated to an offset, so that the difference of the two offsets is the distance from the
path.
"""

from __future__ import annotations

import math

import numpy as np

from alpasim.compiled import compiled
from alpasim.geometry import wrap_angle
from alpasim.types import FloatArray, IntArray
from alpasim.vehicle.chassis import Chassis

STEPS = 15
"""Places looked ahead at most."""

Axles = tuple[float, float, float, float, float, float, float]
"""What `swerved_distances` knows of a vehicle: place of the front and the rear axle from the centre of mass [m], side force of
each over its slip angle [N/rad], lag of the steering [s], mass [kg], yaw inertia [kg m^2]."""


def axles(body: Chassis) -> Axles:
    """A vehicle's Axles."""
    front, rear = float(body.wheel_x[0]), float(body.wheel_x[2])
    stiff = 2.0 * float(body.cornering[0]), 2.0 * float(body.cornering[2])
    return front, rear, *stiff, body.steer_lag, body.mass, body.yaw_inertia


@compiled
def smoothest(
    places: FloatArray,
    free: FloatArray,
    answer: FloatArray,
    count: int,
    command: float,
    weight: float,
    least: float,
    most: float,
) -> float:
    """The command to give now, so that p stays near `places` at steps 1 to `count` with commands that change little.

    All arrays (STEPS + 1,): p is `free` where the present `command` stays in force, and `answer` is what a command that
    is 1 larger adds to it, k steps later. One command a step, each between `least` and `most`; least squares of the
    distances from the places and of the commands' changes times `weight`.
    """
    if count < 1:
        return min(most, max(least, command))
    pulse, miss = np.empty(count), np.empty(count)
    for k in range(count):
        pulse[k] = answer[k + 1] - answer[k]
        miss[k] = places[k + 1] - free[k + 1]
    normal, right = np.empty((count, count)), np.empty(count)
    for i in range(count):
        for j in range(i + 1):
            total = 0.0
            for k in range(i, count):
                total += pulse[k - i] * pulse[k - j]
            normal[i, j] = total
            normal[j, i] = total
        right[i] = 0.0
        for k in range(i, count):
            right[i] += pulse[k - i] * miss[k]
    square = weight * weight
    for i in range(count):
        normal[i, i] += square if i == count - 1 else 2.0 * square
        if i > 0:
            normal[i, i - 1] -= square
            normal[i - 1, i] -= square
    return command + bounded_least_squares(normal, right, least - command, most - command)


@compiled
def bounded_least_squares(normal: FloatArray, right: FloatArray, least: float, most: float) -> float:
    """First unknown of the normal equations (n, n), (n,), all unknowns between `least` and `most`.

    Unknowns that come out beyond a bound are set to it and the rest is solved again, until none is beyond: exact where
    no bound is met, and near enough where some are.
    """
    n = len(right)
    matrix, value = np.empty((n, n + 1)), np.zeros(n)
    held = np.zeros(n, dtype=np.bool_)
    for _ in range(n):
        for i in range(n):
            matrix[i, n] = value[i] if held[i] else right[i]
            for j in range(n):
                matrix[i, j] = (1.0 if i == j else 0.0) if held[i] else normal[i, j]
        for i in range(n):
            for row in range(i + 1, n):
                share = matrix[row, i] / matrix[i, i]
                for j in range(i, n + 1):
                    matrix[row, j] -= share * matrix[i, j]
        beyond = False
        for i in range(n - 1, -1, -1):
            rest = matrix[i, n]
            for j in range(i + 1, n):
                rest -= matrix[i, j] * matrix[j, n]
            matrix[i, n] = rest / matrix[i, i]
        for i in range(n):
            if not held[i]:
                value[i] = min(most, max(least, matrix[i, n]))
                held[i] = value[i] != matrix[i, n]
                beyond = beyond or held[i]
        if not beyond:
            break
    return float(value[0])


@compiled
def driven_distance(
    speed: float, acceleration: float, command: float, lag_s: float, step_s: float, places: FloatArray
) -> None:
    """Write the distance driven at 0, 1, ... steps into `places` (STEPS + 1,): the acceleration follows a constant
    command with a first-order lag."""
    for k in range(STEPS + 1):
        time = k * step_s
        late = 0.5 * time * time
        if lag_s > 0.0:
            late = lag_s * time - lag_s * lag_s * (1.0 - math.exp(-time / lag_s))
        places[k] = speed * time + 0.5 * command * time * time + (acceleration - command) * late


@compiled
def _swerve(
    vehicle: Axles, speed: float, motion: tuple[float, float, float, float], angle: float, centre_x: float, dt: float
) -> tuple[float, float, float, float]:
    """Sideways velocity, yaw rate, heading and sideways place of the box centre a time `dt` after `motion` had them."""
    front, rear, stiff_front, stiff_rear, _, mass, inertia = vehicle
    sideways, yaw_rate, heading, left = motion
    force_front = stiff_front * (angle - (sideways + front * yaw_rate) / speed)
    force_rear = -stiff_rear * (sideways + rear * yaw_rate) / speed
    sideways += dt * ((force_front + force_rear) / mass - yaw_rate * speed)
    yaw_rate += dt * (front * force_front + rear * force_rear) / inertia
    left += dt * (sideways + centre_x * yaw_rate + speed * heading)
    return sideways, yaw_rate, heading + dt * yaw_rate, left


@compiled
def swerved_distances(
    vehicle: Axles,
    motion: tuple[float, float, float, float],
    command: float,
    centre_x: float,
    step_s: float,
    free: FloatArray,
    answer: FloatArray,
) -> None:
    """Write the sideways distance of the box centre at 0, 1, ... steps into `free` (STEPS + 1,), left of the present heading,
    and what a command that is 1 larger adds to it into `answer`.

    Linear single-track model: `motion` is the constant speed, sideways velocity of the centre of mass, yaw rate and wheel angle
    at the start; the angle follows a constant `command` with its lag. `centre_x` is the box centre seen from the centre of
    mass. Both go side by side, because neither has to wait for the other's divisions.
    """
    fine = 10
    dt, lag_s = step_s / fine, vehicle[4]
    speed, sideways, yaw_rate, angle = motion
    keep = math.exp(-dt / lag_s) if lag_s > 0.0 else 0.0
    going, added, turned = (sideways, yaw_rate, 0.0, 0.0), (0.0, 0.0, 0.0, 0.0), 0.0
    free[0] = answer[0] = 0.0
    for k in range(STEPS):
        for _ in range(fine):
            going = _swerve(vehicle, speed, going, angle, centre_x, dt)
            added = _swerve(vehicle, speed, added, turned, centre_x, dt)
            angle = command + (angle - command) * keep
            turned = 1.0 + (turned - 1.0) * keep
        free[k + 1], answer[k + 1] = going[3], added[3]


@compiled
def thin_out(
    times_us: IntArray,
    points: FloatArray,
    from_us: int,
    until_us: int,
    least_m: float,
    shortest_m: float,
    path: FloatArray,
) -> int:
    """Copy the places of a trajectory into `path` (k, 3) as x, y and arc length, and return how many there are.

    From the last pose before `from_us` to `until_us`; poses less than `least_m` from the one before are left out, and
    there is no path, 0 places, where none is further than `shortest_m` from the first: that is the jitter of a standing
    vehicle.
    """
    count = 0
    widest = 0.0
    n = points.shape[0]
    for k in range(n):
        if k + 1 < n and times_us[k + 1] <= from_us:
            continue
        if times_us[k] > until_us and count > 1:
            break
        x, y = points[k, 0], points[k, 1]
        if count == 0:
            path[0, 0], path[0, 1], path[0, 2] = x, y, 0.0
            count = 1
            continue
        widest = max(widest, math.hypot(x - path[0, 0], y - path[0, 1]))
        length = math.hypot(x - path[count - 1, 0], y - path[count - 1, 1])
        if length >= least_m:
            path[count, 0], path[count, 1], path[count, 2] = x, y, path[count - 1, 2] + length
            count += 1
    return count if count > 1 and widest >= shortest_m else 0


@compiled
def lay_path(
    times_us: IntArray,
    points: FloatArray,
    from_us: int,
    until_us: int,
    least_m: float,
    shortest_m: float,
    place: tuple[float, float],
    path: FloatArray,
) -> tuple[int, float]:
    """`thin_out`, and how much of the path lies ahead of a place [m]; -inf where there is no path."""
    count = thin_out(times_us, points, from_us, until_us, least_m, shortest_m, path)
    if count < 2:
        return count, -np.inf
    return count, path[count - 1, 2] - nearest(path, count, place[0], place[1])[0]


@compiled
def nearest(path: FloatArray, count: int, x: float, y: float) -> tuple[float, float]:
    """Arc length and offset (left positive) of a place against the path's first `count` points; its ends go straight
    on."""
    best, best_s, best_d = np.inf, 0.0, 0.0
    for i in range(count - 1):
        length = path[i + 1, 2] - path[i, 2]
        dx, dy = x - path[i, 0], y - path[i, 1]
        # No place on a piece between the ends is nearer than its beginning less its length.
        if 0 < i < count - 2 and dx * dx + dy * dy > (best + 1.001 * length) ** 2:
            continue
        ux, uy = (path[i + 1, 0] - path[i, 0]) / length, (path[i + 1, 1] - path[i, 1]) / length
        ahead, left = dx * ux + dy * uy, dy * ux - dx * uy
        if i > 0:
            ahead = max(ahead, 0.0)
        if i < count - 2:
            ahead = min(ahead, length)
        distance = math.hypot(dx - ahead * ux, dy - ahead * uy)
        if distance < best - 1e-9:
            best, best_s, best_d = distance, path[i, 2] + ahead, left
    return best_s, best_d


@compiled
def place_at(path: FloatArray, count: int, s: float) -> tuple[float, float]:
    """x and y at an arc length of the path's first `count` points; its ends go straight on."""
    i = 0
    while i < count - 2 and path[i + 1, 2] < s:
        i += 1
    share = (s - path[i, 2]) / (path[i + 1, 2] - path[i, 2])
    return (
        path[i, 0] + share * (path[i + 1, 0] - path[i, 0]),
        path[i, 1] + share * (path[i + 1, 1] - path[i, 1]),
    )


@compiled
def offsets_ahead(
    path: FloatArray, count: int, origin: tuple[float, float, float], step: float, places: FloatArray
) -> int:
    """Write the unrolled path's offsets at 0, `step`, 2 `step`, ... ahead into `places` (STEPS + 1,); returns how many
    steps.

    `origin` x, y, course of the vehicle, from where offsets count, left positive. Stops where the path does.
    """
    x, y, course = origin
    s, offset = nearest(path, count, x, y)
    places[0] = -offset
    before_x, before_y = place_at(path, count, s)
    turned = 0.0
    steps = 0
    for k in range(STEPS):
        if k > 0 and s + (k + 1) * step > path[count - 1, 2] + 0.5 * step:
            break
        x, y = place_at(path, count, s + (k + 1) * step)
        heading = math.atan2(y - before_y, x - before_x) - course
        turned += wrap_angle(heading - turned)
        places[k + 1] = places[k] + step * turned
        before_x, before_y = x, y
        steps += 1
    return steps


@compiled
def distances_ahead(
    times_us: IntArray,
    points: FloatArray,
    path: FloatArray,
    count: int,
    now_us: int,
    origin: tuple[float, float, float],
    step_us: int,
    places: FloatArray,
) -> int:
    """Write how far ahead along the path the trajectory is at 0, 1, 2, ... steps from now into `places` (STEPS + 1,);
    returns how many steps it still lasts. With no path (`count` below 2) distances count along the vehicle's course."""
    n = points.shape[0]
    x, y, course = origin
    here = 0.0
    if count > 1:
        here, _ = nearest(path, count, x, y)
    k = 0
    steps = 0
    for i in range(STEPS + 1):
        time = now_us + i * step_us
        while k < n - 2 and times_us[k + 1] < time:
            k += 1
        share = (time - times_us[k]) / (times_us[k + 1] - times_us[k])
        if share > 1.0 and i > 0:
            break
        share = min(1.0, max(0.0, share))
        px = points[k, 0] + share * (points[k + 1, 0] - points[k, 0])
        py = points[k, 1] + share * (points[k + 1, 1] - points[k, 1])
        if count > 1:
            places[i] = nearest(path, count, px, py)[0] - here
        else:
            places[i] = (px - x) * math.cos(course) + (py - y) * math.sin(course)
        steps = i
    return steps


@compiled
def draw_near(places: FloatArray, most: float) -> None:
    """Shift `places` so that the first is at most so far to either side: a path far to the side is approached at a slant that
    the small angles of the models bear."""
    shift = places[0] - min(most, max(-most, places[0]))
    for k in range(places.shape[0]):
        places[k] -= shift


@compiled
def steering(
    path: FloatArray,
    count: int,
    origin: tuple[float, float, float],
    vehicle: Axles,
    motion: tuple[float, float, float, float],
    command: float,
    centre_x: float,
    step_s: float,
    farthest: float,
    weight: float,
    largest: float,
) -> float:
    """The wheel angle to ask for now: `smoothest` for a path ahead, `motion` being speed, sideways velocity, yaw rate and wheel
    angle now, `command` the angle last asked for, and `farthest` how far aside the path may be taken to lie [m]."""
    places, free, answer = np.empty(STEPS + 1), np.empty(STEPS + 1), np.empty(STEPS + 1)
    swerved_distances(vehicle, motion, command, centre_x, step_s, free, answer)
    steps = offsets_ahead(path, count, origin, motion[0] * step_s, places)
    draw_near(places[: steps + 1], farthest)
    return smoothest(places, free, answer, steps, command, weight, -largest, largest)


@compiled
def accelerating(
    places: FloatArray,
    steps: int,
    speed: float,
    now: float,
    command: float,
    lag_s: float,
    step_s: float,
    weight: float,
    limits: tuple[float, float],
) -> float:
    """The acceleration to ask for now: `smoothest` for the `places` (STEPS + 1,) to be at, accelerating at `now` and having last
    asked for `command` [m/s^2]."""
    free, answer = np.empty(STEPS + 1), np.empty(STEPS + 1)
    driven_distance(speed, now, command, lag_s, step_s, free)
    driven_distance(0.0, 0.0, 1.0, lag_s, step_s, answer)
    return smoothest(places, free, answer, steps, command, weight, limits[0], limits[1])
