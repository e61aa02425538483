"""What the cameras see at one moment, as one picture: a row for each renderer, a column for each camera. Run it with

python examples/camera_views.py scenarios/vulnerable/child_between_parked_cars.scn.yaml --step 78

The second row, drawn by OpenGL, needs `pip install 'alpasim[gl]'`; without it there is one.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from alpasim.errors import InputError
from alpasim.policy.loading import load_policy
from alpasim.scenario.loading import load_scenario
from alpasim.sensors.camera import ALPAMAYO, Renderer, camera
from alpasim.simulation import Simulation
from alpasim.view.picture import save_png
from alpasim.world.rendering.choosing import RENDERERS, make_renderer

GAP = 4
"""Pixels of white between two views."""


def main() -> None:
    """Drive to the moment, draw it with every renderer that was asked for, and save the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--step", type=int, default=0)
    parser.add_argument("--policy", default="idm")
    parser.add_argument(
        "--renderer",
        action="append",
        choices=RENDERERS,
        help="may be given more than once; all that work here if never",
    )
    parser.add_argument("--camera", action="append", help="may be given more than once; Alpamayo's four if never")
    parser.add_argument("--size", default="480x270", help="of one view, WIDTHxHEIGHT")
    parser.add_argument("--columns", type=int, default=4)
    parser.add_argument("--out", type=Path, default=Path("runs/camera_views.png"))
    chosen = parser.parse_args()
    try:
        views = draw(chosen)
    except InputError as fault:
        raise SystemExit(str(fault)) from None
    print(save_png(sheet(views, chosen.columns), chosen.out))


def draw(chosen: argparse.Namespace) -> list[np.ndarray]:
    """Every camera's view of the moment, one renderer after the other, drawn twice as large and averaged down."""
    scenario = load_scenario(chosen.scenario).concrete(chosen.seed)
    width, height = (int(side) for side in chosen.size.split("x"))
    simulation = Simulation(scenario)
    policy = load_policy(chosen.policy)()
    observation = simulation.reset()
    policy.reset(simulation.brief)
    while simulation.steps_done < chosen.step and simulation.end_reason is None:
        simulation.step(policy.decide(observation))
        observation = simulation.observe()
    views = []
    for renderer in opened(chosen.renderer):
        for camera_name in chosen.camera or ALPAMAYO:
            spec = camera(camera_name).resized(2 * width, 2 * height)
            rgb = renderer.render(scenario, simulation.state, spec).rgb
            assert rgb is not None
            views.append(rgb.reshape(height, 2, width, 2, 3).mean(axis=(1, 3)).astype(np.uint8))
        renderer.close()
    simulation.close()
    return views


def opened(names: list[str] | None) -> Iterator[Renderer]:
    """The renderers that were asked for, or else each that this machine can open; says which, and why one is left out."""
    for name in names or RENDERERS:
        try:
            renderer = make_renderer(name)
        except InputError as fault:
            if names:
                raise
            print(f"left out: {fault}")
            continue
        print(renderer.version)
        yield renderer


def sheet(views: list[np.ndarray], columns: int) -> np.ndarray:
    """The views side by side, `columns` of them in a row."""
    height, width, _ = views[0].shape
    rows = -(-len(views) // columns)
    paper = np.full(
        (rows * (height + GAP) - GAP, min(columns, len(views)) * (width + GAP) - GAP, 3), 255, dtype=np.uint8
    )
    for number, view in enumerate(views):
        top, left = number // columns * (height + GAP), number % columns * (width + GAP)
        paper[top : top + height, left : left + width] = view
    return paper


if __name__ == "__main__":
    main()
