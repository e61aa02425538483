"""Measures highway-env in an environment of its own; prints one JSON line. `peers.py` calls it.

    python peer_highway.py '{"others": 19, "simulation_hz": 20, "check_all": true, "steps": 200}'

`highway-v0`, a straight road of four lanes without an end: each vehicle follows IDM and changes lanes by MOBIL, and moves as
a kinematic bicycle; collisions are overlaps of rectangles, between all vehicles or (`check_all` false, as in
`highway-fast-v0`) with the ego only. Observation: the five nearest vehicles, 5 x 5 numbers. The ego keeps its lane at
20 m/s (action SLOWER), so that the traffic flows around it and a drive lasts its 20 s.
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib.metadata import version
from typing import Any

from drive_clock import MOVING_MPS, measure

SLOWER = 4
POLICY_HZ = 10
DRIVE_S = 20.0


def main(settings: dict[str, Any]) -> dict[str, Any]:
    """Drive and measure, as the settings say."""
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    started = time.process_time()
    import gymnasium
    import highway_env

    gymnasium.register_envs(highway_env)
    import_s = time.process_time() - started
    config = {
        "vehicles_count": settings["others"],
        "policy_frequency": POLICY_HZ,
        "simulation_frequency": settings["simulation_hz"],
        "duration": DRIVE_S,
    }
    env = gymnasium.make("highway-v0", config=config)
    inner = env.unwrapped

    def reset(drive: int) -> None:
        env.reset(seed=drive)
        for vehicle in inner.road.vehicles:
            vehicle.check_collisions = settings["check_all"] or vehicle is inner.vehicle

    def step(action: int) -> bool:
        _, _, terminated, truncated, _ = env.step(action)
        return bool(terminated or truncated)

    def count() -> tuple[int, int]:
        vehicles = inner.road.vehicles
        return len(vehicles), sum(vehicle.speed > MOVING_MPS for vehicle in vehicles)

    found = measure(reset, lambda _: SLOWER, step, count, settings["steps"])
    return {
        **found,
        "import_s": import_s,
        "versions": {name: version(name) for name in ("highway-env", "gymnasium", "numpy")},
        "observation": list(env.observation_space.shape),
    }


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
