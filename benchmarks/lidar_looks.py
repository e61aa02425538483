"""What a look of the lidar costs, and steps with one, on roads that are level, have raised sidewalks, or rise.

    python benchmarks/lidar_looks.py [--looks 40] [scenario ...]

Prints for each scenario the processor time of one look of 64 x 360 rays, of one question of perception who is in view, and
how many steps of 0.1 s a second the simulation makes without senses and with a lidar of 10 Hz. Medians over looks
and steps along the start of the rollout, the ego keeping its speed; the first of each, which compiles, is not counted.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from alpasim.scenario.library import find_scenarios
from alpasim.scenario.loading import load_scenario
from alpasim.sensors.lidar import Lidar
from alpasim.sensors.perception import GOOD, NO_TRACKS, Perception
from alpasim.sensors.sensor import SensorContext
from alpasim.simulation import Simulation
from alpasim.types import Control, Decision, WorldState

SCENARIOS = (
    "motorway_bend",
    "child_between_parked_cars",
    "red_light_runner",
    "cyclist_round_a_pothole",
    "behind_the_crest",
)
COAST = Decision(control=Control(0.0, 0.0))


def cost(question: Callable[[], object]) -> float:
    """Processor time of a call [ms]."""
    begin = time.process_time()
    question()
    return 1e3 * (time.process_time() - begin)


def looks(name: str, count: int) -> str:
    """The line of one scenario."""
    made = load_scenario(find_scenarios([name])[0]).concrete(0)
    bare = Simulation(made, sensors=())
    seen = Simulation(made, sensors=("lidar",), sensor_options={"lidar": {"rate_hz": 10}})
    ids = np.arange(len(made.ids), dtype=np.int64)
    lidar = Lidar(SensorContext("lidar", made, None, np.random.SeedSequence(1), lambda: ids, lambda: NO_TRACKS))
    perception = Perception(made, np.random.SeedSequence(1), GOOD)

    def drive(simulation: Simulation) -> WorldState:
        simulation.step(COAST)
        simulation.observe()
        return simulation.state

    bare.reset()
    seen.reset()
    spent: list[tuple[float, ...]] = []
    for _ in range(count + 1):
        state = bare.state
        look, view = cost(partial(lidar.observe, state)), cost(partial(perception.in_view, state))
        spent.append((look, view, cost(partial(drive, bare)), cost(partial(drive, seen))))
    bare.close()
    seen.close()
    look, view, without, with_it = (statistics.median(column) for column in zip(*spent[1:], strict=True))
    return f"{name:<42}{look:>10.2f}{view:>10.3f}{1e3 / without:>10.0f}{1e3 / with_it:>10.0f}"


def main() -> None:
    """Ask for each scenario and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--looks", type=int, default=40)
    parser.add_argument("scenarios", nargs="*", default=SCENARIOS)
    chosen = parser.parse_args()
    print(f"{'scenario':<42}{'look, ms':>10}{'view, ms':>10}{'steps/s':>10}{'with it':>10}")
    for name in chosen.scenarios:
        print(looks(name, chosen.looks))


if __name__ == "__main__":
    main()
