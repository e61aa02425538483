"""Measures highway-env and MetaDrive side by side with alpasim, and writes the table of `docs/peers.md`.

    python benchmarks/peers.py --out docs/peers.md

Makes a virtual environment for each of the two under `--envs` and installs them from PyPI (some 250 MB). Then, round by
round, each setting of each simulator drives 20 s in a process of its own, one after the other: a machine that gets slower
meanwhile slows them all, and ratios are taken within a round. What is timed is the same for all (`drive_clock.py`); what
each simulator does is said at the head of its `peer_*.py` and in the table's notes.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alpasim.evaluation.manifest import machine

HERE = Path(__file__).resolve().parent
DEFAULT_ENVS = HERE.parent / ".venv-peers"
HIGHWAY = "highway-env==1.12.1"
METADRIVE = "metadrive-simulator==0.4.3"
METADRIVE_ASSETS = "metadrive-simulator==0.2.6.0"
GRASS = "textures/grass1/GroundGrassGreen002_COL_1K.jpg"
LIMIT_S = 300.0
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Case:
    """One row: a simulator, what its script is told, and how many vehicles it is compared by."""

    simulator: str
    script: str
    words: str
    size: int
    settings: dict[str, Any]
    found: list[dict[str, Any]] = field(default_factory=list)

    def median(self, key: str) -> float:
        """The middle one of the rounds."""
        return statistics.median(one[key] for one in self.found)

    def span(self, key: str) -> tuple[float, float]:
        """The least and the most of the rounds."""
        values = [one[key] for one in self.found]
        return min(values), max(values)


class PeerMissing(Exception):
    """A peer cannot be installed or started here; the message says what was tried."""


def cases() -> list[Case]:
    """Every row, grouped by how many vehicles there are."""
    rows: list[Case] = []
    for size, metadrive_map in ((20, "SXSXS"), (30, "SXSXSX"), (50, "SXSXSXSXSXSX")):
        others = {20: 19, 30: 29, 50: 50}[size]
        following = {"others": others, "scene": "following"}
        rows.append(Case("alpasim", "peer_alpasim.py", "all cars follow", size, following))
        words = "all cars drive (`respawn`)"
        driving = {"map": metadrive_map, "traffic": "respawn", "density": 0.3}
        rows.append(Case("MetaDrive", "peer_metadrive.py", words, size, driving))
        if size == 20:
            waiting = {"map": metadrive_map, "traffic": "trigger", "density": 0.2}
            words = "its default: cars wait for the ego (`trigger`)"
            rows.append(Case("MetaDrive", "peer_metadrive.py", words, size, waiting))
        if size == 30:
            words = "bench scene, half the cars replayed"
            rows.append(Case("alpasim", "peer_alpasim.py", words, size, {"others": 30, "scene": "bench"}))
        full = {"others": others, "simulation_hz": 20, "check_all": True}
        rows.append(Case("highway-env", "peer_highway.py", "10 Hz, two substeps", size, full))
        light = {"others": others, "simulation_hz": 10, "check_all": False}
        words = "10 Hz, one substep, only the ego's collisions"
        rows.append(Case("highway-env", "peer_highway.py", words, size, light))
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Install, measure, write."""
    parser = argparse.ArgumentParser(description="highway-env and MetaDrive side by side with alpasim")
    parser.add_argument("--envs", type=Path, default=DEFAULT_ENVS, help="where the peers' environments are made")
    parser.add_argument("--rounds", type=int, default=5, help="how often each row is measured")
    parser.add_argument("--steps", type=int, default=200, help="steps of 0.1 s that each row drives in a round")
    parser.add_argument("--out", type=Path, help="file for the table; default: standard output")
    asked = parser.parse_args(arguments)
    if asked.rounds < 1 or asked.steps < 10:
        parser.error("expected at least 1 round and 10 steps")
    rows = cases()
    pythons, missing = environments(asked.envs.resolve())
    for turn in range(asked.rounds):
        for row in rows:
            if row.simulator not in missing:
                progress(f"round {turn + 1} of {asked.rounds}: {row.simulator}, {row.size} vehicles, {row.words}")
                measure_row(row, pythons[row.simulator], asked.steps, missing)
    text = page([row for row in rows if row.simulator not in missing], missing, asked)
    if asked.out is None:
        print(text)
    else:
        asked.out.write_text(text, encoding="utf-8")
        progress(f"wrote {asked.out}")
    return 1 if missing else 0


def progress(line: str) -> None:
    """Tell whoever waits; the table alone goes to standard output."""
    print(line, file=sys.stderr, flush=True)


def environments(folder: Path) -> tuple[dict[str, Path], dict[str, str]]:
    """The Python of every simulator, and why a peer cannot be measured here."""
    pythons, missing = {"alpasim": Path(sys.executable)}, {}
    for name, install in (("highway-env", install_highway), ("MetaDrive", install_metadrive)):
        try:
            pythons[name] = install(folder)
        except PeerMissing as reason:
            progress(f"{name} is left out: {reason}")
            missing[name] = str(reason)
    return pythons, missing


def install_highway(folder: Path) -> Path:
    """highway-env needs nothing beside its wheel."""
    return environment(folder / "highway-env", HIGHWAY)


def install_metadrive(folder: Path) -> Path:
    """MetaDrive 0.4.3 as its wheel is has no assets and would fetch them from GitHub.

    Without rendering it needs few of them: the folder of the last wheel that has one does, once it says the version that
    is expected and holds an (empty) file where the ground's picture is looked for.
    """
    python = environment(folder / "metadrive", METADRIVE)
    place = "import importlib.util as u; print(u.find_spec('metadrive').submodule_search_locations[0])"
    package = Path(run([str(python), "-c", place]).strip())
    version_file = package / "assets" / "version.txt"
    if version_file.is_file():
        return python
    progress("fetching MetaDrive's assets from the wheel of 0.2.6.0")
    downloads = folder / "downloads"
    run([str(python), "-m", "pip", "download", "-q", "--no-deps", "-d", str(downloads), METADRIVE_ASSETS])
    wheels = sorted(downloads.glob("metadrive_simulator-0.2.6.0-*.whl"))
    if not wheels:
        raise PeerMissing(f"PyPI gave no wheel for {METADRIVE_ASSETS}")
    with zipfile.ZipFile(wheels[0]) as wheel:
        assets = [name for name in wheel.namelist() if name.startswith("metadrive/assets/")]
        if not assets:
            raise PeerMissing(f"{wheels[0].name} holds no metadrive/assets")
        wheel.extractall(package.parent, assets)
    grass = package / "assets" / GRASS
    grass.parent.mkdir(parents=True, exist_ok=True)
    grass.touch()
    version_file.write_text(METADRIVE.partition("==")[2], encoding="ascii")
    return python


def environment(folder: Path, requirement: str) -> Path:
    """The Python of a virtual environment that holds `requirement`; made where it is not there yet."""
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    mark = folder / "installed.txt"
    if not (mark.is_file() and mark.read_text(encoding="utf-8") == requirement):
        progress(f"installing {requirement} into {folder}")
        run([sys.executable, "-m", "venv", "--clear", str(folder)])
        run([str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", requirement])
        mark.write_text(requirement, encoding="utf-8")
    return python


def run(command: list[str], limit_s: float = 1800.0) -> str:
    """What a command prints; PeerMissing with its last words where it fails."""
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    surroundings |= ONE_THREAD
    try:
        done = subprocess.run(
            command, cwd=HERE, env=surroundings, capture_output=True, text=True, timeout=limit_s, check=False
        )
    except subprocess.TimeoutExpired as cause:
        raise PeerMissing(f"`{' '.join(command[:4])} …` took longer than {limit_s:.0f} s") from cause
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).strip().splitlines()[-5:])
        raise PeerMissing(f"`{' '.join(command[:4])} …` ended with exit code {done.returncode}:\n{last}")
    return done.stdout


def measure_row(row: Case, python: Path, steps: int, missing: dict[str, str]) -> None:
    """One process drives one setting once; a peer that fails is left out from here on, alpasim may not fail."""
    try:
        printed = run([str(python), row.script, json.dumps({**row.settings, "steps": steps})], LIMIT_S)
    except PeerMissing as reason:
        if row.simulator == "alpasim":
            raise
        progress(f"{row.simulator} is left out: {reason}")
        missing[row.simulator] = str(reason)
        return
    row.found.append(json.loads(printed.strip().splitlines()[-1]))


def page(rows: list[Case], missing: dict[str, str], asked: argparse.Namespace) -> str:
    """The whole document."""
    calibration = [one["calibration_ms"] for row in rows for one in row.found]
    wall = [one["steps_per_wall_s"] / one["steps_per_cpu_s"] for row in rows for one in row.found]
    here = machine()
    lines = [
        "# Side by side with other simulators",
        "",
        "Steps of 0.1 s of driving per second on one core, without rendering, with each simulator's vector observation.",
        "Written by `benchmarks/peers.py`; do not edit by hand.",
        "",
        *table(rows),
        "",
        *(f"**{name} was left out**: {reason.splitlines()[0]}\n" for name, reason in missing.items()),
        f"Median of {asked.rounds} rounds, in brackets the slowest and the fastest; in each round each row drives "
        f"{asked.steps * 0.1:g} s",
        "in a process of its own after a warm-up of 5 s. Steps are counted per second of CPU time of the whole process, without",
        "resets. *alpasim is* says how many times as many steps alpasim's row of the same size with all cars following makes,",
        "taken within each round. Memory is the most the process held at once.",
        "",
        *NOTES,
        "",
        f"Machine: {here['processor']}, {here['cores']} cores, {here['system']}. The fixed calibration loop took {statistics.median(calibration):.2f} ms "
        f"({min(calibration):.2f} … {max(calibration):.2f});",
        f"a second of wall time held {statistics.median(wall):.2f} s of a process's CPU time (least {min(wall):.2f}).",
        "",
        f"Versions: {versions(rows)}.",
        "",
        "```",
        f"python benchmarks/peers.py --rounds {asked.rounds} --steps {asked.steps} --out docs/peers.md",
        "```",
    ]
    return "\n".join(lines) + "\n"


NOTES = (
    "What a step holds, because they do not do the same:",
    "",
    "* **alpasim**: ten substeps of 10 ms; the ego on four tyres with combined slip, steering and engine with limits and lag;",
    "  contacts by Bullet; other cars move on their lanes by a car-following model (in the bench scene half of them repeat a",
    "  recording), and as free bodies once struck. Every metric is computed in every step and the reward is taken from them;",
    "  the recorder is off, as in training. Road: a three-lane motorway bend.",
    "* **MetaDrive**: five substeps of 20 ms; every vehicle is a Bullet body on raycast wheels, which is more than alpasim does",
    "  for the cars around the ego; they drive by IDM with lane changes. The observation holds a lidar of 240 rays. Reward and",
    "  costs, no metrics. Road: blocks with crossings. By its default most cars stand still until the ego comes near.",
    "* **highway-env**: one or two substeps; vehicles are kinematic bicycles, driving by IDM and MOBIL lane changes; a collision",
    "  is an overlap of rectangles. The observation holds the five nearest vehicles. Reward, no metrics. Road: straight, four",
    "  lanes. Its default of one decision a second and 15 substeps makes one step of 1 s, and is not comparable.",
)


def table(rows: list[Case]) -> list[str]:
    """The rows as Markdown."""
    lines = [
        "| simulator | setting | vehicles (moving) | steps/s | real-time factor | alpasim is | reset, ms | memory, MB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    ours = {row.size: row for row in reversed(rows) if row.simulator == "alpasim" and "replay" not in row.words}
    for row in rows:
        speed, (low, high) = row.median("steps_per_cpu_s"), row.span("steps_per_cpu_s")
        lines.append(
            f"| {row.simulator} | {row.words} | {row.median('vehicles'):.0f} ({row.median('moving'):.0f}) "
            f"| **{speed:.0f}** ({low:.0f} … {high:.0f}) | {speed * 0.1:.1f} | {ratio(ours[row.size], row)} "
            f"| {row.median('reset_ms'):.1f} | {row.median('peak_memory_mb'):.0f} |"
        )
    return lines


def ratio(ours: Case, row: Case) -> str:
    """How many times as fast ours is, round by round."""
    if row.simulator == "alpasim":
        return ""
    pairs = zip(ours.found, row.found, strict=True)
    found = [mine["steps_per_cpu_s"] / theirs["steps_per_cpu_s"] for mine, theirs in pairs]
    return f"{statistics.median(found):.1f} × ({min(found):.1f} … {max(found):.1f})"


def versions(rows: list[Case]) -> str:
    """Each simulator with what it stands on."""
    words = []
    for name in dict.fromkeys(row.simulator for row in rows):
        found = next(row.found[0]["versions"] for row in rows if row.simulator == name)
        words.append(", ".join(f"{package} {version}" for package, version in found.items()))
    return f"Python {sys.version.split()[0]}; " + "; ".join(words)


if __name__ == "__main__":
    sys.exit(main())
