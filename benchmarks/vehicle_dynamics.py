"""Validates the vehicles against references of their own and writes `docs/vehicle_dynamics.md` with its plots.

    pip install -e '.[bench]' && python benchmarks/vehicle_dynamics.py

Makes a virtual environment for the peer's single-track model under `--envs` and installs it from PyPI. Exit code 1 where a
bound is not held. Closed forms are in `vehicle_checks.py`, the manoeuvres and the linear single-track model in
`handling.py`, ground that is not level in `ground_checks.py` and `ground_page.py`; the plots are drawn with matplotlib.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import handling
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from ground_page import ground_parts
from handling import Trace
from proving_ground import vehicle
from vehicle_checks import (
    BRAKING_SPEEDS,
    FRICTIONS,
    Check,
    braking,
    braking_mps2,
    coasting,
    driven,
    energies,
    halving,
    stopping_distance,
)

from alpasim.scenario.vehicles import vehicle_names
from alpasim.types import FloatArray, VehicleParameters

HERE = Path(__file__).resolve().parent
PEER = "commonroad-vehicle-models==3.0.2"
PEER_STIFFNESS = 20.9
"""Cornering stiffness over load of the package's tyre, the same front and rear [1/rad]."""
TEST_MPS = 80.0 / 3.6
DWELLS = (1.5, 3.0, 5.0, 6.5)


def peer_python(envs: Path) -> Path:
    """The interpreter of an environment that has the package."""
    python = envs / "single-track" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(python.parents[1])], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", PEER], check=True)
    return python


def peer_places(python: Path, model: VehicleParameters, traces: Iterable[Trace], height_m: float) -> list[FloatArray]:
    """Where the package's model goes with the steering and speed of each trace, (k, 2) each; `height_m` of the centre of
    mass moves load, and with it stiffness, between its axles."""
    centre = model.centre_of_mass_x_m
    drives = [
        {
            "dt_s": handling.FINE_US * 1e-6,
            "mass_kg": model.mass_kg,
            "yaw_inertia_kgm2": model.yaw_inertia_kgm2,
            "front_m": model.front_axle_x_m - centre,
            "rear_m": centre - model.rear_axle_x_m,
            "height_m": height_m,
            "stiffness": PEER_STIFFNESS,
            "steering_rad": trace.steering.tolist(),
            "speed_mps": trace.speed.tolist(),
        }
        for trace in traces
    ]
    words = [str(python), str(HERE / "peer_single_track.py")]
    done = subprocess.run(words, input=json.dumps(drives), capture_output=True, text=True, check=True)
    return [np.array(places) for places in json.loads(done.stdout)]


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; numbers get four digits."""
    shown = [[f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in row] for row in rows]
    lines = [heads, ["---"] * len(heads), *shown]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def check_rows(checks: Iterable[Check]) -> str:
    """Checks as a table."""
    heads = ("", "measured", "expected", "deviation", "bound", "")
    rows = []
    for one in checks:
        shown, bound = (
            (f"{one.deviation:.2%}", f"{one.bound:.0%}") if one.expected else (f"{one.deviation:.3g}", one.bound)
        )
        rows.append((one.name, one.measured, one.expected, shown, bound, "held" if one.held else "**not held**"))
    return table(heads, rows)


class Page:
    """Gathers text, pictures and checks."""

    def __init__(self, pictures: Path) -> None:
        self.parts: list[str] = []
        self.checks: list[Check] = []
        self._pictures = pictures

    def add(self, text: str) -> None:
        """A paragraph, heading or table."""
        self.parts.append(text)

    def hold(self, checks: Sequence[Check]) -> None:
        """A table of checks, which count."""
        self.checks += checks
        self.add(check_rows(checks))

    def picture(self, name: str, title: str, draw: Any, **axes: str) -> None:
        """A plot by `draw(axis)`."""
        figure, axis = plt.subplots(figsize=(6.4, 3.4), dpi=90)
        draw(axis)
        axis.set(title=title, **axes)
        axis.grid(alpha=0.3)
        axis.legend(fontsize=7)
        figure.tight_layout()
        self._pictures.mkdir(parents=True, exist_ok=True)
        figure.savefig(self._pictures / f"vehicle_{name}.png", metadata={"Software": None})
        plt.close(figure)
        self.add(f"![{title}](pictures/vehicle_{name}.png)")


def braking_part(page: Page, model: VehicleParameters) -> None:
    """Full stops and rolling out."""
    page.add(
        "## Braking\n\nFull stops of the sedan on level ground against ln(1 + c v²/a)/(2c) with a = μg and the air's"
        " c = ρC_dA/(2m), plus what the brakes' lag costs; where brakes, not grip, are the limit, a is brake force over"
        " mass plus rolling resistance. Rolling out has no other force than air and rolling."
    )
    weak = replace(model, max_brake_force_n=0.3 * model.mass_kg * handling.GRAVITY_MPS2)
    found = [braking(model, speed, friction) for friction in FRICTIONS for speed in BRAKING_SPEEDS]
    limited = braking(weak, 20.0, 0.8)
    named = Check("brakes of 0.3 g, " + limited.name, limited.measured, limited.expected, limited.bound)
    page.hold([*found, named, coasting(model, 15.0)])

    def draw(axis: Any) -> None:
        fine = np.linspace(min(FRICTIONS), max(FRICTIONS), 100)
        for index, speed in enumerate(BRAKING_SPEEDS):
            colour = f"C{index}"
            closed = [stopping_distance(model, speed, float(mu)) for mu in fine]
            axis.plot(fine, closed, colour, label=f"closed form, {speed:.0f} m/s")
            axis.plot(FRICTIONS, [one.measured for one in found[index :: len(BRAKING_SPEEDS)]], "o", color=colour)
        axis.set_yscale("log")

    page.picture("braking", "Stopping distance (dots: measured)", draw, xlabel="friction", ylabel="m")


def circle_part(page: Page, model: VehicleParameters) -> None:
    """ISO 4138."""
    page.add(
        "## Steady circle (ISO 4138)\n\n80 km/h held, the wheel turned slowly further until the tyres give no more. The"
        " understeer gradient between 0.5 and 3 m/s² against the single-track closed form (1/C_f − 1/C_r)/g, the"
        " largest lateral acceleration against μg, which it must not exceed."
    )
    traces = {mu: handling.circle(model, TEST_MPS, mu) for mu in (0.9, 0.5)}
    slope = handling.measured_understeer(model, traces[0.9])
    page.hold([Check("understeer gradient, friction 0.9 [rad per m/s²]", slope, handling.understeer(model), 0.10)])
    limits = [(mu, float(trace.side_mps2.max()), mu * handling.GRAVITY_MPS2) for mu, trace in traces.items()]
    page.add(table(("friction", "largest lateral acceleration [m/s²]", "μg"), limits))
    page.checks += [Check(f"limit at friction {mu}", max(0.0, most - grip), 0.0, 1e-9) for mu, most, grip in limits]

    def draw(axis: Any) -> None:
        for mu, trace in traces.items():
            axis.plot(trace.side_mps2, np.degrees(trace.steering), label=f"measured, friction {mu}")
        line = np.array([0.0, 9.0])
        closed = [handling.angle_for(model, TEST_MPS, side) for side in line]
        axis.plot(line, np.degrees(closed), "k--", label="single-track closed form")

    page.picture("circle", "Wheel angle in the steady circle", draw, xlabel="lateral acceleration [m/s²]", ylabel="deg")


def step_part(page: Page, model: VehicleParameters) -> None:
    """ISO 7401."""
    page.add(
        "## Step steer (ISO 7401)\n\n80 km/h, the wheel turned at its full rate to the angle of a steady 4 m/s². Against the"
        " linear single-track model with the same wheel angle, integrated on its own."
    )
    trace = handling.step_steer(model, TEST_MPS)
    linear = handling.linear_yaw_rate(model, trace)
    (steady, rise, over), (steady_, rise_, over_) = (
        handling.response(trace, trace.yaw_rate),
        handling.response(trace, linear),
    )
    page.hold(
        [
            Check("steady yaw rate [rad/s]", steady, steady_, 0.05),
            Check("from half the angle to 90 % of the yaw rate [s], difference", rise - rise_, 0.0, 0.05),
            Check("overshoot of the yaw rate, difference of shares", over - over_, 0.0, 0.05),
        ]
    )

    def draw(axis: Any) -> None:
        axis.plot(trace.time_s, trace.yaw_rate, label="measured")
        axis.plot(trace.time_s, linear, "k--", label="linear single-track model")

    page.picture("step_steer", "Yaw rate after a step of the wheel", draw, xlabel="s", ylabel="rad/s")


def dwell_part(page: Page, model: VehicleParameters) -> None:
    """Sine with dwell."""
    page.add(
        "## Sine with dwell\n\nThe steering of FMVSS 126 and UN R140 at 80 km/h: 0.7 Hz, held 0.5 s at the second peak, with 1.5"
        " to 6.5 times the angle of a steady 0.3 g, foot off the pedals. The vehicles have no stability control, so the"
        " rule's limits (35 % of the peak yaw rate left after 1 s, 20 % after 1.75 s, 1.83 m to the side after 1.07 s from 5"
        " times the angle on) say what a vehicle does, not what it must. The smallest sine must follow the linear model."
    )
    traces = {times: handling.sine_with_dwell(model, TEST_MPS, times) for times in DWELLS}
    end = 1.0 + 1.0 / 0.7 + 0.5
    rows = []
    for times, trace in traces.items():
        # Yaw rate left is counted against the second peak, as the rule does.
        peak = float(trace.yaw_rate[trace.time_s > 1.0 + 0.5 / 0.7].min())
        left = [float(np.interp(end + after, trace.time_s, trace.yaw_rate)) / peak for after in (1.0, 1.75)]
        aside = float(np.interp(2.07, trace.time_s, trace.place[:, 1]))
        rows.append((times, peak, *(f"{share:.0%}" for share in left), aside))
    page.add(table(("times the angle", "second peak [rad/s]", "left after 1 s", "after 1.75 s", "aside [m]"), rows))
    small = traces[DWELLS[0]]
    linear = handling.linear_yaw_rate(model, small)
    page.hold([Check("peak yaw rate, 1.5 times [rad/s]", float(-small.yaw_rate.min()), float(-linear.min()), 0.05)])

    def draw(axis: Any) -> None:
        for times, trace in traces.items():
            axis.plot(trace.time_s, trace.yaw_rate, label=f"{times:g} times the angle")
        axis.plot(small.time_s, linear, "k--", lw=0.8, label="linear single-track model, 1.5 times")

    page.picture("sine_with_dwell", "Yaw rate in the sine with dwell", draw, xlabel="s", ylabel="rad/s")


def peer_part(page: Page, python: Path, model: VehicleParameters) -> None:
    """Against commonroad-vehicle-models."""
    page.add(
        f"## Against the single-track model of {PEER.replace('==', ' ')}\n\nFive manoeuvres below 4 m/s². The package's model"
        " (`vehicle_dynamics_st`) gets the sedan's mass, inertia and axles, the recorded wheel angle and the recorded speed;"
        " it has one cornering stiffness for both axles, so the sedan takes the package's 20.9 here. Deviation is the"
        " largest distance between the two centres of mass, bound to 2 % of the distance driven."
    )
    same = replace(
        model, front_cornering_stiffness_per_rad=PEER_STIFFNESS, rear_cornering_stiffness_per_rad=PEER_STIFFNESS
    )
    counted = handling.gentle(same)
    traces = {**counted, **handling.braked_bends(same)}
    places = peer_places(python, same, traces.values(), same.centre_of_mass_height_m)
    unmoved = peer_places(python, same, traces.values(), 0.0)
    rows = []
    for (name, trace), place, flat in zip(traces.items(), places, unmoved, strict=True):
        way = float(np.hypot(*np.diff(trace.place, axis=0).T).sum())
        apart, flat_apart = (float(np.hypot(*(other - trace.place).T).max()) for other in (place, flat))
        held = "not counted"
        if name in counted:
            check = Check(name, apart / way, 0.0, 0.02)
            page.checks.append(check)
            held = "held" if check.held else "**not held**"
        shares = (f"{apart / way:.2%}", held, f"{flat_apart / way:.2%}")
        rows.append((name, float(np.abs(trace.side_mps2).max()), way, apart, *shares))
    heads = ("manoeuvre", "most lateral [m/s²]", "driven [m]", "apart [m]", "share", "2 %", "share, no load moved")
    page.add(table(heads, rows))
    page.add(
        "The last two rows show where the models part, and no bound counts on them: the package lets a tyre's stiffness grow"
        " in proportion to its load, so that slowing down makes the front sharper and the rear softer, which weighs much on"
        " a car that steers neutrally. Here an axle keeps its stiffness, and braking takes its share of the grip. The last"
        " column has the package's centre of mass on the ground, where it moves no load."
    )

    def draw(axis: Any) -> None:
        for index, ((name, trace), place) in enumerate(zip(traces.items(), places, strict=True)):
            axis.plot(*trace.place.T, color=f"C{index}", label=name)
            axis.plot(*place.T, "k--", lw=0.8)
        axis.set_aspect("equal", adjustable="datalim")

    page.picture("single_track", "Places driven (dashed: the package)", draw, xlabel="x [m]", ylabel="y [m]")


def numbers_part(page: Page, model: VehicleParameters) -> None:
    """Convergence and energy."""
    page.add(
        "## Halved substeps and energy\n\nThe same 10 s drive (accelerate, change lanes and back, brake) in substeps of 10 and of"
        " 5 ms; and 10 s of swerving without drive, where the energy of motion and springs may only fall."
    )
    page.hold([halving(model, speed) for speed in (0.0, 12.0, 20.0)])
    apart = {speed: np.hypot(*(driven(model, 10, speed) - driven(model, 20, speed))[:, :2].T) for speed in (0.0, 20.0)}
    cases = [(pedal, friction) for pedal in (0.0, -0.3) for friction in (0.3, 0.9)]
    found = {case: energies(model, 20.0, *case) for case in cases}
    page.hold(
        [
            Check(
                f"energy gained, pedal {pedal}, friction {mu} [share]",
                max(0.0, float(np.diff(e).max() / e[0])),
                0.0,
                1e-6,
            )
            for (pedal, mu), e in found.items()
        ]
    )

    def draw(axis: Any) -> None:
        for (pedal, mu), values in found.items():
            axis.plot(0.1 * np.arange(len(values)), values / values[0], label=f"pedal {pedal}, friction {mu}")

    def draw_apart(axis: Any) -> None:
        for speed, values in apart.items():
            axis.plot(0.1 * np.arange(1, len(values) + 1), 1000.0 * values, label=f"from {speed:.0f} m/s")

    page.picture("substeps", "Apart after halving the substep", draw_apart, xlabel="s", ylabel="mm")
    page.picture("energy", "Energy without drive, share of the first", draw, xlabel="s", ylabel="share")


def vehicles_part(page: Page) -> None:
    """Every packaged vehicle by the same tests."""
    page.add(
        "## Every packaged vehicle\n\nThe same tests at a speed that suits each: the worst deviation of the five full stops, the"
        " understeer gradient, the lateral limit at friction 0.9 over μg, and energy gained without drive. A vehicle"
        " whose limit is near 1 slides; the truck's high centre of mass tips it first, at about half the track over the height of"
        " the centre of mass; the bicycle's rider is too weak to hold the speed in a tight circle. Two-wheelers are upright"
        " bodies without roll (`assets/vehicles/motorcycle.yaml` says how)."
    )
    rows = []
    for name in vehicle_names():
        model = vehicle(name)
        speed = min(TEST_MPS, 0.7 * model.max_speed_mps)
        stops = [braking(model, speed, friction) for friction in FRICTIONS]
        worst = max(stops, key=lambda one: abs(one.deviation))
        trace = handling.circle(model, speed, 0.9)
        gradient = Check(
            f"{name}: understeer", handling.measured_understeer(model, trace), handling.understeer(model), 0.15
        )
        limit = float(trace.side_mps2.max()) / (0.9 * handling.GRAVITY_MPS2)
        gained = energies(model, min(speed, 12.0), 0.0, 0.9)
        energy = Check(f"{name}: energy gained", max(0.0, float(np.diff(gained).max() / gained[0])), 0.0, 1e-6)
        places = driven(model, 10, 0.5 * speed)
        way = float(np.hypot(*np.diff(places, axis=0)[:, :2].T).sum())
        half = Check(f"{name}: halved substep [share]", halving(model, 0.5 * speed).measured / way, 0.0, 1e-3)
        page.checks += [worst, gradient, energy, half, Check(f"{name}: limit", max(0.0, limit - 1.0), 0.0, 1e-9)]
        rows.append(
            (
                name,
                speed,
                braking_mps2(model, 1.0),
                f"{worst.deviation:+.2%}",
                f"{np.degrees(gradient.measured) * 9.81:.2f} / {np.degrees(gradient.expected) * 9.81:.2f}",
                f"{limit:.2f}",
                f"{energy.measured:.1g}",
                f"{half.measured:.3%}",
            )
        )
    heads = (
        "vehicle",
        "speed [m/s]",
        "brakes at friction 1 [m/s²]",
        "worst stop",
        "understeer, measured / closed [deg/g]",
    )
    page.add(table((*heads, "lateral limit / μg", "energy gained", "halved substep, share of the way"), rows))


def main() -> int:
    """Write the page; exit code 1 where a bound is not held."""
    parser = argparse.ArgumentParser(description="The validation page of the vehicles.")
    parser.add_argument("--out", type=Path, default=HERE.parent / "docs" / "vehicle_dynamics.md")
    parser.add_argument("--envs", type=Path, default=HERE.parent / ".venv-peers")
    options = parser.parse_args()
    if options.out.is_dir() or not options.out.parent.is_dir():
        parser.error(f"--out {options.out}: expected the page's file, in a folder that is there")
    python = peer_python(options.envs)
    model = vehicle("sedan")
    page = Page(options.out.parent / "pictures")
    for part in (braking_part, circle_part, step_part, dwell_part):
        part(page, model)
    peer_part(page, python, model)
    ground_parts(page, model, table)
    numbers_part(page, model)
    vehicles_part(page)
    missed = [check.name for check in page.checks if not check.held]
    head = (
        "# Vehicle dynamics, validated\n\nWritten by `python benchmarks/vehicle_dynamics.py`; run it again after a change of"
        " `alpasim/vehicle` or `assets/vehicles`. Each model is held against a closed form or an independent package."
        f" {len(page.checks) - len(missed)} of {len(page.checks)} bounds hold."
    )
    options.out.write_text("\n\n".join((head, *page.parts)) + "\n", encoding="utf-8")
    print(f"{options.out}: {len(page.checks) - len(missed)} of {len(page.checks)} held")
    for name in missed:
        print(f"not held: {name}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
