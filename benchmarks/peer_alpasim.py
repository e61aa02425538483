"""Measures alpasim the way the other simulators are measured; prints one JSON line. `peers.py` calls it.

    python peer_alpasim.py '{"others": 19, "scene": "following", "steps": 200}'

A three-lane motorway bend with cars at 36 km/h around the ego: scene `following`, in which every car follows, or scene
`bench`, that of `alpasim bench`: thirty cars, half of them replayed. Bullet finds contacts in ten substeps of 10 ms; the ego
has four tyres with combined slip; all metrics are on, and the reward is taken from them. Observation: the vector. The ego
repeats the pedal and the wheel of the reference driver, recorded before the measurement.
"""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version
from importlib.resources import files
from typing import Any

import numpy as np
from drive_clock import MOVING_MPS, measure

DRIVE_STEPS = 200
LANES = (1, 2, 3)
EGO_S_M = 220.0
GAP_M = 18.0
SPEED_MPS = 10.0
SEDAN = "vehicles/sedan.yaml"


def main(settings: dict[str, Any]) -> dict[str, Any]:
    """Drive and measure, as the settings say."""
    started = time.process_time()
    from alpasim.env import DriveEnv
    from alpasim.evaluation.bench import bench_scenario, recorded_actions
    from alpasim.scenario.loading import load_inputs

    import_s = time.process_time() - started
    if settings["scene"] == "bench":
        scenario = bench_scenario().concrete(0)
    else:
        sedan = (files("alpasim_assets") / SEDAN).read_bytes()
        source = following_scene(settings["others"]).encode()
        inputs = {"following.scn.yaml": source, f"asset:{SEDAN}": sedan}
        scenario = load_inputs("following.scn.yaml", inputs).concrete(0)
    actions = recorded_actions(scenario)[:DRIVE_STEPS]
    env = DriveEnv(scenario)
    latest: list[dict[str, Any]] = [{}]
    steps_driven = 0

    def reset(_: int) -> None:
        nonlocal steps_driven
        steps_driven = 0
        env.reset(seed=0)

    def step(action: Any) -> bool:
        nonlocal steps_driven
        _, _, terminated, truncated, latest[0] = env.step(action)
        steps_driven += 1
        return terminated or truncated or steps_driven == DRIVE_STEPS

    def count() -> tuple[int, int]:
        state = env._simulation.state  # the env shows its numbers only through the observation
        speeds = np.hypot(state.velocity[:, 0], state.velocity[:, 1])
        return int(state.present.sum()), int((speeds > MOVING_MPS).sum())

    found = measure(reset, actions.__getitem__, step, count, settings["steps"])
    if latest[0]["end_reason"]:
        raise RuntimeError(f"the drive ended before its time: {latest[0]['end_reason']}")
    env.close()
    return {
        **found,
        "import_s": import_s,
        "versions": {name: version(name) for name in ("alpasim", "pybullet", "gymnasium", "numpy", "numba")},
        "observation": list(env.observation_space.shape),
    }


def following_scene(others: int) -> str:
    """A scenario in which so many cars follow one another in three lanes around the ego, nearest places first."""
    slots = sorted(
        (abs(slot), lane, slot) for lane in LANES for slot in range(-12, 13) if not (lane == 2 and slot == 0)
    )
    lines = [
        "schema: alpasim/scenario@1",
        "title: Cars that follow one another",
        "road: {motorway: {lanes: 3, length_m: 1000, speed_limit_kph: 36, curve_radius_m: 700}}",
        f"ego: {{vehicle: sedan, lane: 2, s_m: {EGO_S_M}, speed_mps: {SPEED_MPS}, goal: {{s_m: 980}}}}",
        "end: {time_limit_s: 60}",
        "actors:",
    ]
    for number, (_, lane, slot) in enumerate(slots[:others]):
        s_m = EGO_S_M + slot * GAP_M + (0.0 if lane == 2 else 6.0)
        place = f"{{lane: {lane}, s_m: {s_m}, speed_mps: {SPEED_MPS}}}"
        lines.append(f"  car_{number:02d}: {{kind: car, place: {place}, drive: follow}}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
