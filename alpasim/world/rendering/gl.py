"""OpenGL without a window: moderngl on an EGL context, by software (Mesa's llvmpipe) or on a GPU.

Wants `pip install 'alpasim[gl]'` and, on the system, an EGL loader with a driver (Debian: `libegl1 libgl1-mesa-dri`). One
indirect draw call shows everything in view; colours come from the same palette of light as TinyRenderer's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alpasim.errors import InputError
from alpasim.scenario.concrete import Scenario
from alpasim.sensors.camera import NO_INSTANCE, CameraFrame, CameraSpec, blind_frame
from alpasim.types import FloatArray, WorldState, frozen
from alpasim.world.rendering.lens import Lens
from alpasim.world.rendering.light import CUT_HIGH, CUT_LOW, VEIL_COLOUR, Light, beams, light_of
from alpasim.world.rendering.scene import STILL, Appearance, Scene, appearance
from alpasim.world.rendering.shaders import FRAGMENT, SKY_FRAGMENT, SKY_VERTEX, VERTEX, program

NAME = "gl"
LLVMPIPE_THREADS = "LP_NUM_THREADS"
_VERTEX = np.dtype([("point", "3f4"), ("normal", "3f4"), ("colour", "4u1")])
_PLACED = np.dtype([("turn", "4f4"), ("place", "3f4"), ("tag", "i4"), ("glow", "f4")])
_CORNER = ("3f 3f 4f1", "point", "normal", "colour")
_PLACE: dict[tuple[bool, bool], tuple[str, ...]] = {
    (False, False): ("4f 3f 8x/i", "turn", "place"),
    (True, False): ("4f 3f 1i 4x/i", "turn", "place", "tag"),
    (False, True): ("4f 3f 4x 1f/i", "turn", "place", "glow"),
    (True, True): ("4f 3f 1i 1f/i", "turn", "place", "tag", "glow"),
}
"""What of a placed part a program reads, by whether it writes labels and whether it shows another light than a clear day's."""
_COMMAND = np.dtype([("count", "u4"), ("instances", "u4"), ("first", "u4"), ("base", "i4"), ("instance", "u4")])


def open_context() -> Any:
    """A moderngl context without a window; InputError that says what to install where there is none."""
    try:
        import moderngl
    except ImportError as cause:
        raise InputError("renderer 'gl' needs moderngl: pip install 'alpasim[gl]'") from cause
    try:
        settings: dict[str, Any] = {"backend": "egl"}
        with _one_thread():
            return moderngl.create_context(standalone=True, require=430, **settings)
    except Exception as cause:
        # What opens the context for moderngl raises bare Exception; anything with a name of its own is another fault.
        if type(cause) is not Exception and not isinstance(cause, (moderngl.Error, ValueError, ImportError, OSError)):
            raise
        raise InputError(
            f"renderer 'gl' gets no OpenGL 4.3 context through EGL ({cause}); it needs an EGL loader and a driver, by software or "
            "for a GPU (Debian: apt-get install libegl1 libgl1 libgl1-mesa-dri)"
        ) from cause


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let llvmpipe draw in the caller's thread unless LP_NUM_THREADS says otherwise, which it reads when a context opens.

    Measured with 320 x 180 pixels, threads of its own cost half as much again as they draw, and a batch has a worker for
    every core anyway.
    """
    if LLVMPIPE_THREADS in os.environ:
        yield
        return
    os.environ[LLVMPIPE_THREADS] = "0"
    try:
        yield
    finally:
        del os.environ[LLVMPIPE_THREADS]


class GlRenderer:
    """Draws with OpenGL 4.3; one scenario's scene at a time, built when it is first asked for."""

    name = NAME

    def __init__(self) -> None:
        self._context: Any = open_context()
        self.version = f"gl: moderngl {version('moderngl')}, {self._context.info['GL_RENDERER']}"
        self._context.enable_only(self._context.DEPTH_TEST | self._context.CULL_FACE)
        self._context.front_face = "cw"  # rows run downwards, which turns every triangle round
        self._context.depth_func = "<="
        variants = [(labels, mood) for labels in (False, True) for mood in (False, True)]
        self._programs = {variant: self._program(VERTEX, FRAGMENT, *variant) for variant in variants}
        self._skies = {variant: self._program(SKY_VERTEX, SKY_FRAGMENT, *variant) for variant in variants}
        self._sky_arrays = {variant: self._context.vertex_array(sky, []) for variant, sky in self._skies.items()}
        self._targets: dict[tuple[int, int, bool], tuple[Any, tuple[Any, ...]]] = {}
        self._buffers: list[Any] = []
        self._arrays: dict[tuple[bool, bool], Any] = {}
        self._scene: Scene | None = None
        self._scenario: Scenario | None = None
        self._appearance: Appearance = ()
        self._state: WorldState | None = None

    def render(self, scenario: Scenario, state: WorldState, spec: CameraSpec) -> CameraFrame:
        """What the ego's camera sees in `state`."""
        if self._context is None:
            raise RuntimeError("this renderer is closed")
        with self._context:  # OpenGL draws in the current context, and other renderers have theirs
            return self._render(scenario, state, spec)

    def _render(self, scenario: Scenario, state: WorldState, spec: CameraSpec) -> CameraFrame:
        scene = self._prepared(scenario, state)
        lens, rig = scene.lens(state, spec)
        if scene.buries(lens):
            return blind_frame(spec, state.time_us, rig, self.version)
        shown = np.flatnonzero(scene.shown(state, lens))
        light = light_of(scenario.environment)
        labels = spec.channels != ("rgb",)
        variant = labels, not light.plain
        target = self._target(spec.width, spec.height, labels)
        target.use()
        target.clear(depth=1.0)
        self._tell(lens, light, light.direction(state), variant)
        if not light.plain:
            self._tell_mood(lens, light, beams(scenario, state, lens.place), labels)
        if len(shown):
            self._commands.write(self._every_command[shown].tobytes())
            self._arrays[variant].render_indirect(self._commands, count=len(shown))
        self._sky_arrays[variant].render(vertices=3)
        tags = self._read(target, spec, 2, np.dtype("i4"), 1) if labels else None
        return CameraFrame(
            camera=spec.name,
            time_us=state.time_us,
            rig=rig,
            renderer=self.version,
            rgb=self._read(target, spec, 0, np.dtype("u1"), 3) if "rgb" in spec.channels else None,
            depth=self._read(target, spec, 1, np.dtype("f4"), 1) if "depth" in spec.channels else None,
            semantic=frozen((tags & 255).astype(np.uint8))
            if tags is not None and "semantic" in spec.channels
            else None,
            instance=frozen((tags >> 8) - 1) if tags is not None and "instance" in spec.channels else None,
        )

    def close(self) -> None:
        """Give the context back; safe to call twice."""
        if self._context is not None:
            with self._context:
                self._forget()
                self._drop_targets()
            self._context.release()
            self._context = None

    def _program(self, vertex: str, fragment: str, labels: bool, mood: bool) -> Any:
        sources = [program(source, labels, mood) for source in (vertex, fragment)]
        return self._context.program(vertex_shader=sources[0], fragment_shader=sources[1])

    def _forget(self) -> None:
        """Give the buffers of the scene back."""
        for resource in (*self._arrays.values(), *self._buffers):
            resource.release()
        self._arrays, self._buffers, self._scene, self._scenario, self._state = {}, [], None, None, None

    def _prepared(self, scenario: Scenario, state: WorldState) -> Scene:
        """The scene of `scenario` in the context's memory, its parts where `state` has them."""
        if self._scenario is not scenario:
            looks = appearance(scenario)
            if self._scene is None or looks != self._appearance:
                self._forget()
                self._upload(Scene(scenario))
            self._scenario, self._appearance = scenario, looks
        assert self._scene is not None
        if self._state is not state:
            position, rotation = self._scene.poses(state)
            self._placed_array["place"], self._placed_array["turn"] = position, rotation
            self._placed.write(self._placed_array.tobytes())
            self._state = state
        return self._scene

    def _upload(self, scene: Scene) -> None:
        """All meshes in one buffer, and a draw command for every part."""
        meshes = [part.mesh for part in scene.parts]
        corners = np.zeros(sum(len(mesh.points) for mesh in meshes), dtype=_VERTEX)
        corners["point"] = np.concatenate([mesh.points for mesh in meshes])
        corners["normal"] = np.concatenate([mesh.normals for mesh in meshes])
        corners["colour"][:, :3] = np.concatenate([mesh.colours for mesh in meshes])
        commands = np.zeros(len(meshes), dtype=_COMMAND)
        commands["count"] = [mesh.triangles.size for mesh in meshes]
        commands["instances"] = 1
        commands["first"] = np.cumsum(commands["count"]) - commands["count"]
        commands["base"] = np.cumsum([0, *(len(mesh.points) for mesh in meshes[:-1])])
        commands["instance"] = np.arange(len(meshes))
        placed = np.zeros(len(meshes), dtype=_PLACED)
        placed["tag"] = scene.codes | (np.where(scene.rows == STILL, NO_INSTANCE, scene.rows) + 1) << 8
        placed["glow"] = scene.glows
        context = self._context
        corner_buffer = context.buffer(corners.tobytes())
        order = context.buffer(np.concatenate([mesh.triangles.reshape(-1) for mesh in meshes]).astype("i4").tobytes())
        self._placed = context.buffer(placed.tobytes())
        self._commands = context.buffer(commands.tobytes())
        self._placed_array, self._every_command = placed, commands
        self._buffers = [corner_buffer, order, self._placed, self._commands]
        self._arrays = {
            variant: context.vertex_array(
                made, [(corner_buffer, *_CORNER), (self._placed, *_PLACE[variant])], order, index_element_size=4
            )
            for variant, made in self._programs.items()
        }
        self._scene, self._state = scene, None

    def _target(self, width: int, height: int, labels: bool) -> Any:
        """Where to draw pictures of this size, kept from frame to frame."""
        key = (width, height, labels)
        if key not in self._targets:
            if len(self._targets) >= 16:
                self._drop_targets()
            context, size = self._context, (width, height)
            layers = [context.renderbuffer(size, 4)]
            if labels:
                layers += [context.renderbuffer(size, 1, dtype="f4"), context.renderbuffer(size, 1, dtype="i4")]
            behind = context.depth_renderbuffer(size)
            self._targets[key] = context.framebuffer(layers, behind), (*layers, behind)
        return self._targets[key][0]

    def _drop_targets(self) -> None:
        for target, layers in self._targets.values():
            for resource in (target, *layers):
                resource.release()
        self._targets.clear()

    def _tell(self, lens: Lens, light: Light, direction: FloatArray, variant: tuple[bool, bool]) -> None:
        """Set what both programs want to know of this picture."""
        spec = lens.spec
        downwards = np.diag([1.0, -1.0, 1.0, 1.0])
        matrix = (downwards @ lens.projection() @ lens.view()).T.astype("f4")
        intrinsics = (spec.fx, spec.fy, spec.cx, spec.cy)
        program, sky = self._programs[variant], self._skies[variant]
        program["lens"].write(matrix.tobytes())
        program["sun"] = tuple(direction)
        program["light"] = (light.ambient, light.diffuse)
        program["extinction"] = light.extinction
        program["fog"] = tuple(light.fog / 255.0)
        program["intrinsics"] = sky["intrinsics"] = intrinsics
        sky["upwards"] = tuple(lens.rotation[2])
        sky["horizon"] = tuple(light.horizon / 255.0)
        sky["zenith"] = tuple(light.zenith / 255.0)

    def _tell_mood(self, lens: Lens, light: Light, lamps: FloatArray, labels: bool) -> None:
        """Set what the programs for light other than a clear day's want to know besides."""
        program, sky = self._programs[labels, True], self._skies[labels, True]
        for each in (program, sky):
            each["fog"] = tuple(light.fog / 255.0)
            each["sun_seen"] = tuple(light.sun @ lens.rotation)
            each["veil_colour"] = tuple(VEIL_COLOUR / 255.0)
            each["air"] = (light.contrast, light.veil_deg)
        program["tint"] = light.tint
        program["beam"] = light.beam
        program["shape"] = light.shape
        program["cut"] = (CUT_LOW, CUT_HIGH)
        program["lamps"] = int(lamps[:, 9].sum()) if light.dark else 0
        for name, first in (("lamp", 0), ("forward", 3), ("upward", 6)):
            program[name].write(lamps[:, first : first + 3].astype("f4").tobytes())

    def _read(
        self, target: Any, spec: CameraSpec, attachment: int, dtype: np.dtype[Any], components: int
    ) -> NDArray[Any]:
        """One picture, (height, width) or (height, width, components), read-only."""
        kind = {"u1": "f1", "f4": "f4", "i4": "i4"}[dtype.str[1:]]
        data = target.read(components=components, attachment=attachment, dtype=kind, alignment=1)
        size = (spec.height, spec.width) if components == 1 else (spec.height, spec.width, components)
        return np.frombuffer(data, dtype=dtype).reshape(size)
