"""Measures MetaDrive in an environment of its own; prints one JSON line. `peers.py` calls it.

    python peer_metadrive.py '{"map": "SXSXS", "traffic": "respawn", "density": 0.3, "steps": 200}'

`MetaDriveEnv` without rendering: Bullet (through Panda3D) moves every vehicle on raycast wheels, five substeps of 20 ms a
step; others follow IDM. Observation: 259 numbers, most of them a 240-ray lidar. With `respawn` all vehicles drive all the
time; with `trigger`, MetaDrive's own default, most stand still until the ego comes near. The ego keeps its lane at 8 m/s by
a controller that is not timed; bumping into a car does not end a drive, leaving the road or 200 steps do.
"""

from __future__ import annotations

import json
import logging
import math
import sys
import time
from importlib.metadata import version
from typing import Any

import numpy as np
from drive_clock import MOVING_MPS, measure

DRIVES = 20
DRIVE_STEPS = 200
EGO_MPS = 8.0


def main(settings: dict[str, Any]) -> dict[str, Any]:
    """Drive and measure, as the settings say."""
    started = time.process_time()
    from metadrive.envs import MetaDriveEnv

    import_s = time.process_time() - started
    env = MetaDriveEnv(
        {
            "use_render": False,
            "log_level": logging.ERROR,
            "num_scenarios": DRIVES,
            "horizon": DRIVE_STEPS,
            "map": settings["map"],
            "traffic_mode": settings["traffic"],
            "traffic_density": settings["density"],
            "random_spawn_lane_index": False,
            "crash_vehicle_done": False,
        }
    )

    def step(action: np.ndarray) -> bool:
        _, _, terminated, truncated, _ = env.step(action)
        return bool(terminated or truncated)

    def count() -> tuple[int, int]:
        vehicles = env.engine.traffic_manager.vehicles
        return len(vehicles), sum(vehicle.speed > MOVING_MPS for vehicle in vehicles)

    found = measure(
        lambda drive: env.reset(seed=drive % DRIVES), lambda _: keep_lane(env.agent), step, count, settings["steps"]
    )
    step_s = env.config["physics_world_step_size"] * env.config["decision_repeat"]
    if not math.isclose(step_s, 0.1):
        raise RuntimeError(f"a step of this MetaDrive is {step_s} s, expected 0.1 s")
    return {
        **found,
        "import_s": import_s,
        "versions": {name: version(name) for name in ("metadrive-simulator", "panda3d", "gymnasium", "numpy")},
        "observation": list(env.observation_space.shape),
    }


def keep_lane(ego: Any) -> np.ndarray:
    """Steering and throttle that keep a vehicle in a lane of its route."""
    route = ego.navigation.current_ref_lanes
    lane = ego.lane if ego.lane in route else route[0]
    along, aside = lane.local_coordinates(ego.position)
    turn = math.remainder(lane.heading_theta_at(along + 3.0) - ego.heading_theta, math.tau)
    return np.clip(np.array([1.5 * turn - 0.05 * aside, 0.3 * (EGO_MPS - ego.speed)]), -1.0, 1.0)


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
