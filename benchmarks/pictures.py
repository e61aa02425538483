"""The pictures of rare things in docs/what_happens.md: drives them, draws them, and saves each as a small PNG.

    python benchmarks/pictures.py [van] [ice] [kerb] [pile_up] [light] [--out docs/pictures]

All of them where none is named. Drawn by OpenGL, by TinyRenderer where that is not there, twice as large and averaged down.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from cameras import town

from alpasim.errors import InputError
from alpasim.geometry import box_corners
from alpasim.policy.loading import load_policy
from alpasim.scenario.concrete import Environment, PerceptionChoice, Scenario
from alpasim.scenario.library import builtin_folder
from alpasim.scenario.loading import load_inputs, load_scenario
from alpasim.sensors.camera import CameraSpec, Mount, Renderer, camera
from alpasim.simulation import Simulation
from alpasim.types import EGO, ActorKind, Control, Decision, Observation, Step
from alpasim.world.rendering.choosing import GL, TINY, make_renderer

Decide = Callable[[Observation], Decision]
WIDTH, HEIGHT = 480, 270


class Drive:
    """A scenario driven step by step, which draws what a camera on the ego sees."""

    def __init__(self, scenario: Scenario, decide: Decide | None = None, policy: str = "idm") -> None:
        self.scenario = scenario
        self.simulation = Simulation(scenario)
        self.observation = self.simulation.reset()
        self.steps: list[Step] = []
        if decide is None:
            driver = load_policy(policy)()
            driver.reset(self.simulation.brief)
            decide = driver.decide
        self._decide = decide

    def to(self, step: int) -> None:
        """Go on until so many steps are done, or the drive has ended."""
        while self.simulation.steps_done < step and self.simulation.end_reason is None:
            self.steps.append(self.simulation.step(self._decide(self.observation)))
            self.observation = self.simulation.observe()

    def view(self, renderer: Renderer, spec: CameraSpec, size: tuple[int, int] = (WIDTH, HEIGHT)) -> np.ndarray:
        """What the camera sees now, (height, width, 3)."""
        width, height = size
        rgb = renderer.render(self.scenario, self.simulation.state, spec.resized(2 * width, 2 * height)).rgb
        assert rgb is not None
        return np.asarray(rgb.reshape(height, 2, width, 2, 3).mean(axis=(1, 3)).astype(np.uint8))


def own_camera(name: str, x: float, y: float, z: float, yaw: float, pitch: float, fov: float = 60.0) -> CameraSpec:
    """A camera that follows the rig and stays level as an onlooker does, at metres and degrees."""
    mount = Mount(x, y, z, np.radians(yaw), np.radians(pitch))
    return replace(CameraSpec.with_fov(name, 640, 360, fov, mount), level=True)


def sheet(views: Sequence[tuple[np.ndarray, str]], columns: int, title: str) -> plt.Figure:
    """Views with a line under each."""
    rows = -(-len(views) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(4.3 * columns, 2.75 * rows + 0.3), squeeze=False)
    for panel in axes.ravel():
        panel.axis("off")
    for panel, (view, words) in zip(axes.ravel(), views, strict=False):
        panel.imshow(view)
        panel.set_title(words, fontsize=8.5, loc="left")
    figure.suptitle(title, fontsize=10.5)
    figure.tight_layout()
    return figure


def builtin(path: str, seed: int = 0) -> Scenario:
    """A built-in scenario."""
    return load_scenario(builtin_folder() / path).concrete(seed)


def inline(name: str, text: str) -> Scenario:
    """A scenario that stands in this file."""
    vehicle = {"asset:vehicles/sedan.yaml": (files("alpasim_assets") / "vehicles" / "sedan.yaml").read_bytes()}
    return load_inputs(name, {name: text.encode(), **vehicle}).concrete(0)


def panels(figure: plt.Figure, views: Sequence[tuple[np.ndarray, str]], rows: int) -> None:
    """Views in two columns from the top of a figure of so many rows."""
    for number, (view, words) in enumerate(views):
        panel = figure.add_subplot(rows, 2, number + 1)
        panel.imshow(view)
        panel.set_title(words, fontsize=8.5, loc="left")
        panel.axis("off")


def van(renderer: Renderer) -> plt.Figure:
    """A child behind a van: just before perception lists it, when it does, and half a second later."""
    scenario = builtin("vulnerable/child_between_parked_cars.scn.yaml")
    scenario = replace(scenario, perception=PerceptionChoice("truth", {"min_visible": 0.1}))
    child = scenario.ids.index("child")
    drive = Drive(scenario, policy="constant_speed")
    wide = camera("camera_front_wide_120fov")

    def looks() -> list[tuple[np.ndarray, str]]:
        position = drive.simulation.state.position
        away = float(position[child, 0] - position[EGO, 0])
        listed = "listed" if ActorKind.PEDESTRIAN in drive.observation.tracks.kinds else "not listed"
        words = f"{drive.simulation.steps_done / 10:.1f} s, child {away:.0f} m ahead: {listed}"
        x, y = position[child, :2] - drive.observation.rig_pose[:2] - (wide.mount.x_m, 0.0)  # the road runs along x
        turned = replace(wide.mount, yaw=float(np.arctan2(y, x)), pitch=float(np.arctan2(0.7, x)))
        near = CameraSpec.with_fov("near", 640, 360, float(np.degrees(4.5 / x)), turned)
        return [(drive.view(renderer, wide), words), (drive.view(renderer, near), "turned to the child, 4.5 m across")]

    before = looks()
    while ActorKind.PEDESTRIAN not in drive.observation.tracks.kinds and drive.simulation.end_reason is None:
        before = looks()
        drive.to(drive.simulation.steps_done + 1)
    first = looks()
    drive.to(drive.simulation.steps_done + 5)
    moments = [before, first, looks()]
    drive.simulation.close()
    views = [moment[lens] for lens in (0, 1) for moment in moments]
    return sheet(views, 3, "A child behind a van, and whether perception lists it (a tenth of it must show)")


ICE = """schema: alpasim/scenario@1
title: Ice under the right wheels
road: {straight: {lanes: 2, oncoming_lanes: 1, length_m: 320, lane_width_m: 3.5, speed_limit_kph: 80, shoulder_m: 2.0}}
environment: {friction: 0.8}
surfaces:
  - {kind: ice, friction: 0.1, lane: 1, side: right, from_s_m: 60, to_s_m: 300}
ego: {vehicle: sedan, lane: 1, s_m: 40, speed_kph: 80, goal: {s_m: 310}}
end: {time_limit_s: 8}
"""


def ice(renderer: Renderer) -> plt.Figure:
    """A car that brakes hard with its right wheels on ice, from behind along the road and as its places on it."""
    scenario = inline("ice.scn.yaml", ICE)

    def decide(observation: Observation) -> Decision:
        return Decision(control=Control(0.0, -1.0 if observation.time_us > 1_100_000 else 0.0))

    drive = Drive(scenario, decide)
    views, places = [], []
    while drive.simulation.end_reason is None and drive.simulation.steps_done < 60:
        drive.to(drive.simulation.steps_done + 1)
        step, state = drive.simulation.steps_done, drive.simulation.state
        if step % 4 == 0:
            places.append(box_corners(state.position[:1], state.yaw[:1], state.extent[:1])[0])
        if step in (14, 20, 25, 30):
            yaw = float(state.yaw[EGO])
            along = own_camera("along", -9.0 * np.cos(yaw), 9.0 * np.sin(yaw), 3.4, -np.degrees(yaw), 12.0, 50.0)
            views.append((drive.view(renderer, along), f"{step / 10:.1f} s: turned by {np.degrees(yaw):.0f} degrees"))
    drive.simulation.close()
    figure = plt.figure(figsize=(8.6, 7.2))
    panels(figure, views, 3)
    panel = figure.add_subplot(3, 1, 3)
    road = scenario.road
    for lane in road.lanes:
        for border in (lane.left, lane.right):
            panel.plot(*border.T, color="0.6", linewidth=0.8)
    for patch in road.surfaces:
        panel.fill(*patch.polygon.T, color="#c4dae8")
    for number, corners in enumerate(places):
        panel.fill(
            *corners.T, facecolor="#2266bb", alpha=0.25 + 0.75 * number / len(places), edgecolor="black", linewidth=0.5
        )
    middle = np.concatenate(places)
    panel.set_xlim(middle[:, 0].min() - 5.0, middle[:, 0].max() + 5.0)
    panel.set_ylim(-8.0, 6.5)
    panel.set_aspect("equal")
    panel.set_xlabel("m; one place every 0.4 s")
    figure.suptitle("A spin: braking hard from 80 km/h with the right wheels on ice", fontsize=10.5)
    figure.tight_layout()
    return figure


KERB = """schema: alpasim/scenario@1
title: A kerb
road: {straight: {lanes: 1, oncoming_lanes: 1, length_m: 260, lane_width_m: 3.5, speed_limit_kph: 50, sidewalk_m: 4.0}}
ego: {vehicle: sedan, lane: 1, s_m: 30, speed_kph: 36, goal: {s_m: 250}}
end: {time_limit_s: 6}
"""


WHEELS = ("front left", "front right", "rear left", "rear right")


def wheel_ground(drive: Drive) -> np.ndarray:
    """Height of the ground under the middle of each wheel (4,) [m], in the order of WHEELS."""
    vehicle, state = drive.scenario.ego.vehicle, drive.simulation.state
    cos, sin = np.cos(state.yaw[EGO]), np.sin(state.yaw[EGO])
    along = np.repeat((vehicle.front_axle_x_m, vehicle.rear_axle_x_m), 2)
    aside = 0.5 * vehicle.track_width_m * np.array((1.0, -1.0, 1.0, -1.0))
    places = state.position[EGO, :2] + np.column_stack((along * cos - aside * sin, along * sin + aside * cos))
    return np.asarray(drive.scenario.road.heights(places))


def kerb(renderer: Renderer) -> plt.Figure:
    """A car that runs over a kerb of 12 cm at an angle."""
    scenario = inline("kerb.scn.yaml", KERB)

    def decide(observation: Observation) -> Decision:
        return Decision(control=Control(-0.1 if observation.time_us < 1_200_000 else 0.06, 0.0))

    drive = Drive(scenario, decide)
    beside = own_camera("beside", 5.5, -3.6, 1.0, 125.0, 8.0, 60.0)
    times, loads, views = [], [], []
    while drive.simulation.end_reason is None and drive.simulation.steps_done < 40:
        drive.to(drive.simulation.steps_done + 1)
        times.append(drive.simulation.steps_done / 10)
        loads.append(drive.observation.ego.wheel_load / 1e3)
        if drive.simulation.steps_done in (10, 16, 20, 26):
            up = [name for name, high in zip(WHEELS, wheel_ground(drive), strict=True) if high > 0.06]
            which = "all four" if len(up) == 4 else ", ".join(up)
            views.append((drive.view(renderer, beside), f"{times[-1]:.1f} s, on the sidewalk: {which}"))
    drive.simulation.close()
    figure = plt.figure(figsize=(8.6, 7.4))
    panels(figure, views, 3)
    panel = figure.add_subplot(3, 1, 3)
    for wheel, name in enumerate(WHEELS):
        panel.plot(times, np.array(loads)[:, wheel], label=name, linewidth=1.2)
    panel.set_xlabel("s")
    panel.set_ylabel("wheel load [kN]")
    panel.legend(fontsize=7, ncols=4)
    panel.grid(alpha=0.3)
    figure.suptitle("A kerb strike: 36 km/h over the 12 cm kerb of a sidewalk", fontsize=10.5)
    figure.tight_layout()
    return figure


def pile_up(renderer: Renderer) -> plt.Figure:
    """Four cars run into a truck that stands across."""
    scenario = builtin("standing_queue/pile_up_on_ice.scn.yaml")
    drive = Drive(scenario)
    ahead = own_camera("ahead", 0.6, 0.0, 7.0, 0.0, 4.0, 24.0)
    views = []
    for step in (60, 90, 120, 145):
        drive.to(step)
        met = [contact for one in drive.steps for contact in one.after.contacts]
        struck = len({row for contact in met for row in (contact.first, contact.second)})
        views.append((drive.view(renderer, ahead), f"{step / 10:g} s: {struck} struck"))
    drive.simulation.close()
    return sheet(views, 2, "A pile-up on black ice in fog, from above the ego through a narrow lens")


def light(renderer: Renderer) -> plt.Figure:
    """One moment by day, at night, under a low sun, in rain, in fog at night and in snow."""
    plain = town()
    airs = {
        "day": Environment(),
        "night": Environment(light="night"),
        "low sun": Environment(light="low_sun"),
        "rain of 40 mm/h": Environment(rain=0.8),
        "night, fog of 100 m": Environment(light="night", visibility_m=100.0),
        "low sun, snow": Environment(light="low_sun", snow=0.5),
    }
    drive = Drive(plain)
    drive.to(12)
    views = []
    for words, air in airs.items():
        drive.scenario = replace(plain, environment=air)
        views.append((drive.view(renderer, camera("front")), words))
    drive.simulation.close()
    return sheet(views, 3, "One moment in six kinds of light and air")


PICTURES: dict[str, Callable[[Renderer], plt.Figure]] = {
    "van": van,
    "ice": ice,
    "kerb": kerb,
    "pile_up": pile_up,
    "light": light,
}


def main() -> None:
    """Make the pictures that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", nargs="*", choices=[[], *PICTURES], help="all where none is named")
    parser.add_argument("--out", type=Path, default=Path("docs/pictures"))
    chosen = parser.parse_args()
    try:
        renderer = make_renderer(GL)
    except InputError as cause:
        print(f"{cause}; drawing with {TINY}")
        renderer = make_renderer(TINY)
    print(renderer.version)
    for name in chosen.pictures or PICTURES:
        figure = PICTURES[name](renderer)
        path = chosen.out / f"rare_{name}.png"
        figure.savefig(path, dpi=100, metadata={"Software": ""})
        plt.close(figure)
        print(f"{path}: {path.stat().st_size // 1000} kB")
    renderer.close()


if __name__ == "__main__":
    main()
