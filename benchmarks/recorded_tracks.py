"""Recorded NGSIM cars from CommonRoad files: box-centre tracks at 0.1 s, read with the standard library alone.

Only what `tracker_ngsim.py` needs; the importer of the package reads everything else.
"""

from __future__ import annotations

import os
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from alpasim.types import FloatArray

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class RecordedCar:
    """One car of one file: `times_s` (k,), `poses` (k, 3) box centre x, y, yaw, `speed` (k,), its length and width."""

    file: str
    car_id: str
    times_s: FloatArray
    poses: FloatArray
    speed: FloatArray
    length_m: float
    width_m: float


def data_folder() -> Path:
    """Where the recorded files lie: `$ALPASIM_DATA`, or `../shared/data` beside the repository."""
    return Path(os.environ.get("ALPASIM_DATA", ROOT.parent / "shared" / "data"))


def recorded_files() -> list[Path]:
    """The NGSIM files of the data folder, sorted; empty where there are none."""
    return sorted((data_folder() / "commonroad").glob("USA_*.xml"))


def _number(element: ElementTree.Element, path: str) -> float:
    """The exact value at a path, or the middle of its interval."""
    exact = element.findtext(f"{path}/exact")
    if exact is not None:
        return float(exact)
    start, end = element.findtext(f"{path}/intervalStart"), element.findtext(f"{path}/intervalEnd")
    if start is None or end is None:
        raise ValueError(f"no value at {path}")
    return 0.5 * (float(start) + float(end))


def read_cars(file: Path) -> list[RecordedCar]:
    """Every moving obstacle of a file with at least two states."""
    root = ElementTree.parse(file).getroot()
    dt = float(root.get("timeStepSize", "0.1"))
    cars = []
    for obstacle in [*root.iter("dynamicObstacle"), *root.iter("obstacle")]:
        states = [
            state
            for state in (obstacle.find("initialState"), *obstacle.iterfind("trajectory/state"))
            if state is not None
        ]
        if len(states) < 2:
            continue
        rows = sorted(
            (
                round(_number(state, "time")),
                _number(state, "position/point/x")
                if state.find("position/point/x/exact") is not None
                else float(state.findtext("position/point/x", "nan")),
                float(state.findtext("position/point/y", "nan")),
                _number(state, "orientation"),
                _number(state, "velocity"),
            )
            for state in states
        )
        table = np.array(rows)
        cars.append(
            RecordedCar(
                file=file.stem,
                car_id=obstacle.get("id", ""),
                times_s=table[:, 0] * dt,
                poses=np.ascontiguousarray(table[:, 1:4]),
                speed=table[:, 4].copy(),
                length_m=float(obstacle.findtext("shape/rectangle/length", "4.5")),
                width_m=float(obstacle.findtext("shape/rectangle/width", "1.8")),
            )
        )
    return cars
