"""How fast cameras are: four 320 x 180 colour cameras among thirty cars at a crossing in a town, by renderer.

    python benchmarks/cameras.py [--repeats 5] [--steps 30] [--size 320x180]

Prints steps of 0.1 s a second, physics and all, by the clock and by processor time (all threads together, which other
programs on the machine disturb less), with the four cameras that Alpamayo takes, and milliseconds a picture for
colour alone and for all four pictures. Medians over the repeats, after one that is not counted.
"""

from __future__ import annotations

import argparse
import statistics
import time
from importlib.resources import files

from alpasim.errors import InputError
from alpasim.scenario.concrete import Scenario
from alpasim.scenario.loading import load_inputs
from alpasim.sensors.camera import ALPAMAYO, CHANNELS, cameras
from alpasim.simulation import Simulation
from alpasim.types import Control, Decision
from alpasim.world.rendering.choosing import RENDERERS, make_renderer

SOURCE = "town.scn.yaml"
HEAD = """schema: alpasim/scenario@1
title: Thirty cars at a crossing in a town
road: {x_junction: {arm_length_m: 120, lanes: 2, speed_limit_kph: 50, sidewalk_m: 2.5, signals: {green_s: 30}}}
ego: {vehicle: sedan, course: south, lane: 1, s_m: 60, speed_kph: 15, goal: {course: north_out, s_m: 80}}
end: {time_limit_s: 60}
actors:
"""


def town() -> Scenario:
    """Thirty cars within 130 m of the crossing, on all four arms, standing and driving away."""
    lines = []
    for arm in ("south", "east", "north", "west"):
        places = [(arm, lane, s, 0) for lane in (1, 2) for s in (80, 96, 110)]
        places += [(f"{arm}_out", lane, s, 20) for lane, s in ((1, 30), (2, 60))]
        for course, lane, s_m, speed in places:
            if (course, lane, s_m) in (("south", 1, 80), ("south", 2, 80)):
                continue  # where the ego drives up to the queue
            place = f"{{course: {course}, lane: {lane}, s_m: {s_m}, speed_kph: {speed}}}"
            lines.append(f"  car_{len(lines):02d}: {{kind: car, place: {place}, drive: follow}}")
    vehicle = {"asset:vehicles/sedan.yaml": (files("alpasim_assets") / "vehicles" / "sedan.yaml").read_bytes()}
    return load_inputs(SOURCE, {SOURCE: (HEAD + "\n".join(lines) + "\n").encode(), **vehicle}).concrete(0)


def steps_per_s(
    scenario: Scenario, renderer: str, steps: int, repeats: int, size: tuple[int, int]
) -> list[tuple[float, float]]:
    """Steps a second of every repeat, by the clock and of processor time, sensing and physics included."""
    simulation = Simulation(
        scenario,
        sensors=("objects", *(f"camera:{name}" for name in ALPAMAYO)),
        sensor_options={"camera": {"renderer": renderer, "width_px": size[0], "height_px": size[1]}},
    )
    found = []
    for _ in range(repeats + 1):
        simulation.reset()
        started, busy = time.perf_counter(), time.process_time()
        for _ in range(steps):
            simulation.step(Decision(control=Control(0.0, -0.05)))
            simulation.observe()
        found.append((steps / (time.perf_counter() - started), steps / (time.process_time() - busy)))
    simulation.close()
    return found[1:]


def picture_ms(scenario: Scenario, renderer: str, channels: tuple[str, ...], size: tuple[int, int]) -> list[float]:
    """Milliseconds of one picture of each of the four cameras, median of ten."""
    simulation = Simulation(scenario)
    simulation.reset()
    made = make_renderer(renderer)
    found = []
    for spec in cameras(ALPAMAYO, *size):
        times = []
        for _ in range(11):
            started = time.perf_counter()
            made.render(scenario, simulation.state, spec.taking(*channels))
            times.append(1e3 * (time.perf_counter() - started))
        found.append(statistics.median(times[1:]))
    made.close()
    simulation.close()
    return found


def main() -> None:
    """Measure every renderer that works here."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--size", default="320x180")
    chosen = parser.parse_args()
    width, height = (int(side) for side in chosen.size.split("x"))
    scenario = town()
    print(f"{len(scenario.actors)} cars, four cameras of {width} x {height}")
    for name in RENDERERS:
        try:
            version = make_renderer(name).version
        except InputError as cause:
            print(f"{name}: {cause}")
            continue
        found = steps_per_s(scenario, name, chosen.steps, chosen.repeats, (width, height))
        print(version)
        for unit, rates in zip(("steps/s", "steps a second of processor time"), zip(*found, strict=True), strict=True):
            print(f"  {statistics.median(rates):.1f} {unit} ({min(rates):.1f} … {max(rates):.1f})")
        for channels in (("rgb",), CHANNELS):
            times = picture_ms(scenario, name, channels, (width, height))
            print(f"  {' + '.join(channels)}: {', '.join(f'{each:.2f}' for each in times)} ms a picture")


if __name__ == "__main__":
    main()
