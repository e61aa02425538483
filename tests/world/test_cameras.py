from __future__ import annotations

import math
import resource
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import Body, Scene, make_scenario, make_state

from alpasim.errors import InputError
from alpasim.scenario.concrete import ActorSpec, Environment, Scenario
from alpasim.scenario.kinds import KINDS
from alpasim.scenario.library import builtin_folder
from alpasim.scenario.loading import load_scenario
from alpasim.sensors.camera import (
    NO_INSTANCE,
    CameraFrame,
    CameraSpec,
    Mount,
    Renderer,
    SemanticClass,
    actor_class,
    camera,
)
from alpasim.simulation import Simulation
from alpasim.types import ActorKind, Control, Decision, SignalColour, WorldState
from alpasim.vehicle.frames import level_rig
from alpasim.world.rendering.choosing import RENDERERS, make_renderer
from alpasim.world.rendering.lens import Lens
from alpasim.world.rendering.scene import Scene as Scenery

EVERYTHING = ("rgb", "depth", "semantic", "instance")
HEIGHT_M = 1.4
EGO = Body(20.0)
FRONT = CameraSpec.with_fov("front", 320, 180, 90.0, Mount(1.5, 0.0, HEIGHT_M), channels=EVERYTHING)
LENS_X = 20.0 - 1.25 + 1.5
"""Where FRONT's lens is along the road: the rig's origin is 1.25 m behind the middle of the ego's box."""


def scene_of(*others: Body, **environment: float) -> tuple[Scenario, WorldState]:
    """The ego on lane 1 of a straight road and others about it, as scenario and state."""
    plain = make_scenario(Scene(actors=len(others)))
    actors = tuple(
        ActorSpec(f"actor_{i}", other.kind, other.extent, 100.0, 0.5, 0.1, (0.0, 0.0, 0.0), 0.0, "parked")
        for i, other in enumerate(others, start=1)
    )
    return replace(plain, actors=actors, environment=Environment(**environment)), make_state(EGO, *others)


def block(x: float, y: float, *, yaw: float = 0.0, extent: tuple[float, float, float] = (2.0, 1.0, 1.2)) -> Body:
    """Lost cargo: the one kind that is a plain box."""
    return Body(x, y, yaw, extent=extent, kind=ActorKind.DEBRIS, z=0.5 * extent[2])


def rectangle(frame: CameraFrame, row: int) -> tuple[int, int, int, int]:
    """Left, right, upper, lower edge [pixels] of what is seen of a row."""
    assert frame.instance is not None
    rows, columns = np.nonzero(frame.instance == row)
    assert len(rows), "not seen at all"
    return int(columns.min()), int(columns.max()) + 1, int(rows.min()), int(rows.max()) + 1


def corners_in_picture(other: Body, spec: CameraSpec) -> np.ndarray:
    """u, v (8, 2) of a body's box in a camera that is turned about the vertical only, worked out step by step."""
    length, width, height = other.extent
    places = []
    for i in (-0.5, 0.5):
        for j in (-0.5, 0.5):
            for k in (-0.5, 0.5):
                x = other.x + i * length * math.cos(other.yaw) - j * width * math.sin(other.yaw)
                y = other.y + i * length * math.sin(other.yaw) + j * width * math.cos(other.yaw)
                dx, dy, dz = (
                    x - (20.0 - 1.25) - spec.mount.x_m,
                    y - spec.mount.y_m,
                    other.z + k * height - spec.mount.z_m,
                )
                ahead = dx * math.cos(spec.mount.yaw) + dy * math.sin(spec.mount.yaw)
                left = -dx * math.sin(spec.mount.yaw) + dy * math.cos(spec.mount.yaw)
                places.append((spec.cx - spec.fx * left / ahead, spec.cy - spec.fy * dz / ahead))
    return np.array(places)


LENSES = {
    "wide": FRONT,
    "tele": CameraSpec.with_fov("tele", 400, 200, 25.0, Mount(1.5, 0.2, HEIGHT_M), channels=EVERYTHING),
    "turned": CameraSpec.with_fov("turned", 320, 240, 100.0, Mount(1.0, -0.8, 1.1, yaw=0.5), channels=EVERYTHING),
    "odd": CameraSpec("odd", 301, 177, 170.0, 210.0, 120.3, 101.7, Mount(1.5, 0.0, 1.2), channels=EVERYTHING),
}


@pytest.mark.parametrize("lens", LENSES)
@pytest.mark.parametrize(
    "other",
    [
        block(32.0, 0.0),
        block(31.0, 1.8, yaw=0.7),
        block(60.0, -1.0, extent=(6.0, 2.5, 3.0)),
        block(36.0, 1.2, yaw=-1.3),
    ],
    ids=["ahead", "turned", "far", "aside"],
)
def test_a_box_lands_where_the_closed_form_says(renderer: Renderer, lens: str, other: Body) -> None:
    spec = LENSES[lens]
    places = corners_in_picture(other, spec)
    low, high = places.min(axis=0), places.max(axis=0)
    if not (low[0] > 0 and high[0] < spec.width and low[1] > 0 and high[1] < spec.height):
        places = np.clip(places, 0.0, (spec.width, spec.height))
        low, high = places.min(axis=0), places.max(axis=0)
    scenario, state = scene_of(other)
    left, right, upper, lower = rectangle(renderer.render(scenario, state, spec), 1)
    assert (left, right, upper, lower) == pytest.approx((low[0], high[0], low[1], high[1]), abs=1.0)


@pytest.mark.parametrize("kind", list(ActorKind), ids=lambda kind: kind.name.lower())
def test_every_kind_is_seen_inside_its_projected_box(renderer: Renderer, kind: ActorKind) -> None:
    extent = KINDS[kind].extent
    other = Body(34.0 + 0.5 * extent[0], 0.5, 0.3, extent=extent, kind=kind, z=0.5 * extent[2])
    scenario, state = scene_of(other)
    frame = renderer.render(scenario, state, FRONT)
    places = np.clip(corners_in_picture(other, FRONT), 0.0, (320.0, 180.0))
    left, right, upper, lower = rectangle(frame, 1)
    assert left >= places[:, 0].min() - 1.0
    assert right <= places[:, 0].max() + 1.0
    assert upper >= places[:, 1].min() - 1.0
    assert lower <= places[:, 1].max() + 1.0
    assert lower - upper > 0.8 * (places[:, 1].max() - places[:, 1].min()) - 2.0, "as tall as its box"
    assert frame.semantic is not None
    assert frame.instance is not None
    assert set(np.unique(frame.semantic[frame.instance == 1])) == {actor_class(kind)}


def test_depth_of_the_ground_follows_from_the_lens_height(renderer: Renderer) -> None:
    scenario, state = scene_of()
    frame = renderer.render(scenario, state, FRONT)
    assert frame.depth is not None
    rows = np.arange(100, 180)
    expected = HEIGHT_M * FRONT.fy / (rows + 0.5 - FRONT.cy)
    assert frame.depth[rows, 170] == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("distance", [3.0, 12.0, 75.0])
def test_depth_of_a_wall_is_its_distance_along_the_axis(renderer: Renderer, distance: float) -> None:
    wall = block(LENS_X + distance + 0.5, 0.0, extent=(1.0, 40.0, 6.0))
    scenario, state = scene_of(wall)
    frame = renderer.render(scenario, state, FRONT)
    assert frame.depth is not None
    assert frame.instance is not None
    seen = frame.instance == 1
    assert seen.sum() > 100
    assert frame.depth[seen] == pytest.approx(distance, rel=0.01)


def test_pictures_agree_about_who_is_where(renderer: Renderer) -> None:
    others = [
        Body(35.0, 4.0),
        Body(30.0, -1.0, kind=ActorKind.PEDESTRIAN, extent=(0.5, 0.6, 1.75), z=0.875),
        Body(45.0, 0.0, kind=ActorKind.BUS, extent=(12.0, 2.5, 3.2), z=1.6),
        Body(28.0, 0.0, present=False),
    ]
    scenario, state = scene_of(*others)
    frame = renderer.render(scenario, state, FRONT)
    assert frame.semantic is not None
    assert frame.instance is not None
    assert frame.depth is not None
    nobody = frame.instance == NO_INSTANCE
    assert set(np.unique(frame.instance)) == {NO_INSTANCE, 1, 2, 3}, "neither the ego from inside nor who is absent"
    assert (frame.semantic[nobody] < SemanticClass.ACTOR).all()
    assert (frame.semantic[~nobody] == [actor_class(k) for k in state.kinds[frame.instance[~nobody]]]).all()
    assert (np.isinf(frame.depth) == (frame.semantic == SemanticClass.SKY)).all()
    assert (frame.semantic[:60, 160] == SemanticClass.SKY).all()


def test_the_ground_is_called_what_it_is(renderer: Renderer) -> None:
    scenario, state = scene_of()
    frame = renderer.render(scenario, state, FRONT)
    assert frame.semantic is not None
    # On the lane's middle, on the dashed line 2 m to the left (a dash runs from 33 to 37 m), and off the pavement.
    for point, code in (
        ((30.0, 0.0, 0.0), SemanticClass.ROAD),
        ((30.5, 2.0, 0.0), SemanticClass.ROAD),
        ((35.0, 2.0, 0.0), SemanticClass.LANE_PAINT),
        ((40.0, -10.0, -0.06), SemanticClass.TERRAIN),
    ):
        dx, dy, dz = point[0] - LENS_X, point[1], point[2] - HEIGHT_M
        u, v = FRONT.cx - FRONT.fx * dy / dx, FRONT.cy - FRONT.fy * dz / dx
        assert frame.semantic[int(v), int(u)] == code, point


def test_a_camera_outside_sees_the_ego(renderer: Renderer) -> None:
    scenario, state = scene_of()
    frame = renderer.render(scenario, state, camera("chase").taking("instance"))
    assert frame.instance is not None
    assert (frame.instance == 0).sum() > 500
    assert frame.rgb is None
    assert frame.depth is None


def test_fog_takes_contrast_as_its_extinction_says(renderer: Renderer) -> None:
    wall = block(LENS_X + 30.5, 0.0, extent=(1.0, 40.0, 6.0))
    clear, state = scene_of(wall)
    foggy, _ = scene_of(wall, visibility_m=60.0)
    before, after = (renderer.render(scenario, state, FRONT).rgb for scenario in (clear, foggy))
    assert before is not None
    assert after is not None
    left = math.exp(-3.0 / 60.0 * 30.0)
    fog = np.array([196.0, 201.0, 205.0])
    assert after[88, 160] == pytest.approx(before[88, 160] * left + fog * (1.0 - left), abs=2.0)


def test_a_traffic_light_shows_its_colour(renderer: Renderer) -> None:
    file = builtin_folder() / "junction" / "red_light_runner.scn.yaml"
    scenario = load_scenario(file).concrete(0)
    simulation = Simulation(scenario)
    simulation.reset()
    spec = camera("camera_front_tele_30fov").resized(960, 540).taking("rgb", "semantic")
    seen = {}
    for colour in (SignalColour.RED, SignalColour.GREEN, SignalColour.OFF):
        state = replace(simulation.state, signals=np.full(len(scenario.road.signals), int(colour)))
        frame = renderer.render(scenario, state, spec)
        assert frame.semantic is not None
        assert frame.rgb is not None
        light = frame.rgb[frame.semantic == SemanticClass.TRAFFIC_LIGHT].astype(int)
        red, green = light[:, 0] - light[:, 1], light[:, 1] - light[:, 0]
        seen[colour] = (int((red > 120).sum()), int((green > 120).sum()))
    simulation.close()
    assert seen[SignalColour.RED][0] > 0
    assert seen[SignalColour.RED][1] == 0
    assert seen[SignalColour.GREEN][1] > 0
    assert seen[SignalColour.GREEN][0] == 0
    assert seen[SignalColour.OFF] == (0, 0)


def test_two_renderers_in_one_process_do_not_meet(renderer: Renderer) -> None:
    one, other = scene_of(Body(35.0, 0.0)), scene_of(Body(28.0, 1.0), Body(40.0, -1.0))
    second = make_renderer(renderer.name)
    alone = [renderer.render(*one, FRONT), second.render(*other, FRONT)]
    turns = [(renderer.render(*one, FRONT), second.render(*other, FRONT)) for _ in range(3)][-1]
    back = [renderer.render(*other, FRONT), renderer.render(*one, FRONT)][::-1]
    for frames in (turns, back):
        for frame, expected in zip(frames, alone, strict=True):
            for channel in EVERYTHING:
                assert np.array_equal(getattr(frame, channel), getattr(expected, channel)), channel
    second.close()
    second.close()
    assert np.array_equal(renderer.render(*one, FRONT).rgb, alone[0].rgb)  # type: ignore[arg-type]


def test_frames_say_who_drew_them_and_cannot_be_written(renderer: Renderer) -> None:
    scenario, state = scene_of()
    frame = renderer.render(scenario, state, FRONT)
    assert frame.renderer == renderer.version
    assert renderer.version.startswith(f"{renderer.name}: ")
    for channel, dtype, shape in (
        ("rgb", np.uint8, (180, 320, 3)),
        ("depth", np.float32, (180, 320)),
        ("semantic", np.uint8, (180, 320)),
        ("instance", np.int32, (180, 320)),
    ):
        picture = getattr(frame, channel)
        assert (picture.dtype, picture.shape) == (dtype, shape)
        assert not picture.flags.writeable


def test_both_renderers_show_the_same() -> None:
    try:
        pair = [make_renderer(name) for name in RENDERERS]
    except InputError as cause:
        pytest.skip(str(cause))
    others = [Body(32.0, 4.0, 0.2), Body(30.0, -0.5, kind=ActorKind.PEDESTRIAN, extent=(0.5, 0.6, 1.75), z=0.875)]
    others += [
        Body(50.0, 0.0, kind=ActorKind.TRUCK, extent=(10.0, 2.5, 3.8), z=1.9),
        Body(27.0, 2.0, 0.8, kind=ActorKind.CONE),
    ]
    scenario, state = scene_of(*others)
    tiny, gl = (made.render(scenario, state, FRONT) for made in pair)
    for made in pair:
        made.close()
    assert tiny.instance is not None
    assert gl.instance is not None
    assert tiny.rgb is not None
    assert gl.rgb is not None
    assert (tiny.instance != gl.instance).mean() < 0.002
    assert (tiny.semantic != gl.semantic).mean() < 0.005
    assert np.abs(tiny.rgb.astype(int) - gl.rgb.astype(int)).mean() < 1.0
    for row in (1, 2, 3, 4):
        assert rectangle(tiny, row) == pytest.approx(rectangle(gl, row), abs=1)


def test_rendering_leaves_the_physics_alone() -> None:
    file = builtin_folder() / "lead_vehicle" / "hard_brake.scn.yaml"
    scenario = load_scenario(file).concrete(0)

    def drive(drawing: bool) -> list[bytes]:
        made = make_renderer() if drawing else None
        simulation = Simulation(scenario)
        simulation.reset()
        seen = []
        for _ in range(12):
            if made is not None:
                made.render(scenario, simulation.state, FRONT.resized(64, 36))
            state = simulation.step(Decision(control=Control(0.05, 0.6))).after
            seen.append(state.position.tobytes() + state.rotation.tobytes() + state.velocity.tobytes())
        simulation.close()
        if made is not None:
            made.close()
        return seen

    assert drive(True) == drive(False)


def test_spheres_in_view_are_those_that_pixels_come_from() -> None:
    rig = level_rig(np.zeros(4))
    lens = Lens.at(FRONT, rig)
    rng = np.random.default_rng(4)
    centres, radii = rng.uniform(-60.0, 60.0, (400, 3)), rng.uniform(0.2, 6.0, 400)
    seen, _ = lens.sees(centres, radii)
    around = rng.normal(size=(300, 3))
    around /= np.linalg.norm(around, axis=1, keepdims=True)
    for centre, radius, shown in zip(centres, radii, seen, strict=True):
        u, v, depth = FRONT.project(centre + radius * around, rig).T
        inside = (depth > 0.2) & (u > 0) & (u < FRONT.width) & (v > 0) & (v < FRONT.height)
        assert shown or not inside.any()


def test_an_unknown_renderer_gets_a_suggestion() -> None:
    with pytest.raises(InputError, match=r"unknown renderer 'tinny' .did you mean 'tiny'.*tiny, gl"):
        make_renderer("tinny")


def test_without_moderngl_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "moderngl", None)
    with pytest.raises(InputError, match=r"pip install 'alpasim\[gl\]'"):
        make_renderer("gl")


def test_without_egl_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    moderngl = pytest.importorskip("moderngl")

    def refuse(**_: object) -> None:
        raise Exception("libEGL.so not loaded")

    monkeypatch.setattr(moderngl, "create_context", refuse)
    with pytest.raises(InputError, match=r"libEGL.so not loaded.*apt-get install libegl1"):
        make_renderer("gl")


def test_a_scene_is_built_once_for_scenarios_that_look_alike(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = builtin_folder() / "vulnerable" / "child_between_parked_cars.scn.yaml"
    logical = load_scenario(file)
    built: list[Scenario] = []

    class Counted(Scenery):
        def __init__(self, scenario: Scenario) -> None:
            built.append(scenario)
            super().__init__(scenario)

    monkeypatch.setattr(f"alpasim.world.rendering.{renderer.name}.Scene", Counted)
    frames = []
    for seed in (0, 1, 2):
        simulation = Simulation(logical.concrete(seed))
        simulation.reset()
        frames.append(renderer.render(simulation.scenario, simulation.state, FRONT))
        simulation.close()
    assert len(built) == 1
    renderer.render(*scene_of(block(30.0, 0.0)), FRONT)
    renderer.render(*scene_of(block(30.0, 0.0, extent=(2.0, 1.0, 1.3))), FRONT)
    assert len(built) == 3
    simulation = Simulation(logical.concrete(2))
    simulation.reset()
    again = renderer.render(simulation.scenario, simulation.state, FRONT)
    assert np.array_equal(again.rgb, frames[2].rgb)  # type: ignore[arg-type]
    simulation.close()


def test_scenes_that_come_and_go_leave_nothing_behind(renderer: Renderer) -> None:
    def resident_mb() -> float:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * resource.getpagesize() / 1e6

    if not Path("/proc/self/statm").exists():
        pytest.skip("this system does not say how much memory a process has")
    scenes = [
        scene_of(*(Body(30.0 + 7 * i, kind=kind) for i in range(12))) for kind in (ActorKind.CAR, ActorKind.BICYCLE)
    ]
    for number in range(6):
        renderer.render(*scenes[number % 2], FRONT.resized(32, 18))
    before = resident_mb()
    for number in range(12):
        renderer.render(*scenes[number % 2], FRONT.resized(32, 18))
    assert resident_mb() - before < 10.0
