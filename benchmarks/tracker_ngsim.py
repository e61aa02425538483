"""Drives the tracks of recorded NGSIM cars with the ego and the tracker, and prints how far it strays from them.

Each car: the ego starts where and as fast as the recorded car, on an empty flat world, and is handed what is left of
the recorded track as a Trajectory at every step. Errors are those of the box centre against the recorded box centre at
the same time stamp, in the recorded direction of motion. A car counts as drivable when the mean acceleration over every
whole second of its track lies within the vehicle's limits; of those, every one must stay within 0.3 m across and 1.0 m
along, and of all cars 90 %.

    python benchmarks/tracker_ngsim.py            # data: $ALPASIM_DATA or ../shared/data
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

import numpy as np
from proving_ground import Drive, scenario, vehicle
from recorded_tracks import RecordedCar, read_cars, recorded_files

from alpasim.types import FloatArray, Trajectory, VehicleParameters
from alpasim.vehicle.actuation import acceleration_limits
from alpasim.vehicle.frames import rig_from_box, rig_poses_from_boxes
from alpasim.vehicle.tracker import Tracker

ACROSS_M, ALONG_M, SHARE = 0.3, 1.0, 0.9
FRICTION = 0.9


@dataclass(frozen=True, slots=True)
class Result:
    """One car: largest errors across and along [m], and why it cannot be driven ('' where it can)."""

    car: RecordedCar
    across_m: float
    along_m: float
    reason: str

    @property
    def good(self) -> bool:
        """Whether the ego stayed with the recorded car."""
        return self.across_m <= ACROSS_M and self.along_m <= ALONG_M


def directions(car: RecordedCar) -> FloatArray:
    """Heading (k,) of the recorded motion over half a second around each time; the first heading while it stands."""
    points = car.poses[:, :2]
    k = np.arange(len(points))
    before, after = np.maximum(k - 3, 0), np.minimum(k + 3, len(points) - 1)
    step = points[after] - points[before]
    heading = np.arctan2(step[:, 1], step[:, 0])
    last = float(car.poses[0, 2])
    for i in k:
        if np.hypot(*step[i]) > 0.3:
            last = float(heading[i])
        heading[i] = last
    return heading


def undrivable(car: RecordedCar, model: VehicleParameters) -> str:
    """Why the vehicle cannot follow: the first second whose mean acceleration is beyond its limits; '' if there is
    none.

    The first second begins with the recorded start state, whose speed and heading need not fit the places that follow.
    A track shorter than two seconds is judged by the spans it has.
    """
    points, heading, n = car.poses[:, :2], directions(car), len(car.poses)
    span = min(10, n - 1)
    duration = car.times_s[span] - car.times_s[0]
    start = car.speed[0] * np.array([np.cos(car.poses[0, 2]), np.sin(car.poses[0, 2])])
    found = beyond(
        2.0 * (points[span] - points[0] - start * duration) / duration**2, float(car.poses[0, 2]), car.speed[0], model
    )
    if found:
        return f"{found} from the start state to {duration:.1f} s"
    span = min(10, (n - 1) // 2)
    for k in range(span, n - span):
        duration = car.times_s[k + span] - car.times_s[k]
        after, before = (points[k + span] - points[k]) / duration, (points[k] - points[k - span]) / duration
        found = beyond((after - before) / duration, float(heading[k]), float(np.hypot(*before)), model)
        if found:
            return f"{found} at {car.times_s[k]:.1f} s"
    return ""


def beyond(mean: FloatArray, heading: float, speed: float, model: VehicleParameters) -> str:
    """What of a mean acceleration (2,) [m/s^2] is beyond the vehicle's limits at a heading and speed; '' if nothing."""
    along = mean[0] * np.cos(heading) + mean[1] * np.sin(heading)
    across = mean[1] * np.cos(heading) - mean[0] * np.sin(heading)
    least, most = acceleration_limits(speed, model, FRICTION)
    if not least <= along <= most:
        return f"{along:+.1f} m/s^2 along (limits {least:.1f} to {most:.1f})"
    if abs(across) > FRICTION * 9.81:
        return f"{across:+.1f} m/s^2 across (limit {FRICTION * 9.81:.1f})"
    return ""


def drive(car: RecordedCar, model: VehicleParameters, trace: list[tuple[float, ...]] | None = None) -> Result:
    """Drive one car's track; `trace` collects time, errors across and along, speed."""
    x, y, yaw = (float(value) for value in car.poses[0])
    scene = scenario(vehicle_=model, speed=float(car.speed[0]), pose=(x, y, yaw), friction=FRICTION)
    rig, heading = rig_poses_from_boxes(car.poses, model), directions(car)
    times = np.round((car.times_s - car.times_s[0]) * 1e6).astype(np.int64)
    tracker, across, along = Tracker(model, 0.1), 0.0, 0.0
    with Drive(scene) as driven:
        for k in range(len(times) - 1):
            state = driven.state
            first = min(k, len(times) - 2)
            trajectory = Trajectory(times[first:], rig[first:])
            pose = rig_from_box(state.position[0], float(state.yaw[0]), model)
            state = driven.step(tracker.control(trajectory, pose, state.ego, state.time_us))
            error = state.position[0, :2] - car.poses[k + 1, :2]
            cos, sin = np.cos(heading[k + 1]), np.sin(heading[k + 1])
            ahead, left = cos * error[0] + sin * error[1], cos * error[1] - sin * error[0]
            across, along = max(across, abs(left)), max(along, abs(ahead))
            if trace is not None:
                trace.append((state.time_s, left, ahead, state.ego.speed_mps, state.ego.steering_angle_rad))
    return Result(car, across, along, undrivable(car, model))


def all_results(model: VehicleParameters) -> list[Result]:
    """Every recorded car of every file."""
    return [drive(car, model) for file in recorded_files() for car in read_cars(file)]


def main() -> int:
    """Print the table; exit code 1 where the criterion is not met, 0 where it is or there is no data."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--vehicle", default="sedan")
    model = vehicle(parser.parse_args().vehicle)
    results = all_results(model)
    if not results:
        print("no recorded files found: set ALPASIM_DATA to the folder that holds commonroad/")
        return 0
    print(f"{'file':24}{'cars':>6}{'drivable':>10}{'good':>6}{'worst across':>14}{'worst along':>13}   (drivable, m)")
    for file in sorted({result.car.file for result in results}):
        rows = [result for result in results if result.car.file == file]
        fit = [result for result in rows if not result.reason]
        worst = [max((getattr(r, name) for r in fit), default=0.0) for name in ("across_m", "along_m")]
        good = sum(result.good for result in rows)
        print(f"{file:24}{len(rows):6}{len(fit):10}{good:6}{worst[0]:14.2f}{worst[1]:13.2f}")
    good = sum(result.good for result in results)
    print(
        f"\n{good} of {len(results)} cars within {ACROSS_M} m across and {ALONG_M} m along ({good / len(results):.1%})"
    )
    for result in results:
        if not result.good:
            reason = result.reason or "WITHIN THE LIMITS"
            print(f"  {result.car.file} {result.car.car_id:>6}: {result.across_m:5.2f} {result.along_m:5.2f}  {reason}")
    met = good >= SHARE * len(results) and all(result.good for result in results if not result.reason)
    print("criterion met" if met else "criterion NOT met")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
