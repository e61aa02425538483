"""TinyRenderer: Bullet's software rasteriser, in a Bullet client of its own that never simulates anything.

Always there. It colours meshes through one palette texture, and knows who is who by body number. Measured, and held by
tests: it samples a pixel at its lower left corner, which the projection makes up for, and it costs about a quarter of a
microsecond a shaded pixel, so that what is in front is created first.
"""

from __future__ import annotations

import struct
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alpasim.scenario.concrete import Scenario
from alpasim.sensors.camera import NO_INSTANCE, CameraFrame, CameraSpec, SemanticClass, blind_frame
from alpasim.types import BoolArray, FloatArray, WorldState, frozen
from alpasim.world.quiet import quiet
from alpasim.world.rendering.developing import develop
from alpasim.world.rendering.lens import FAR_M, NEAR_M, Lens
from alpasim.world.rendering.light import NO_BEAMS, Light, beams, light_of
from alpasim.world.rendering.mesh import Mesh
from alpasim.world.rendering.scene import STILL, Appearance, Scene, appearance

with quiet():
    import pybullet

NAME = "tiny"
PIXEL_SHIFT = (-0.5, 0.5)
"""Moves the picture so that TinyRenderer's samples lie in the middles of pixels (u, v)."""

_SIDE = 64
"""Colours in a row of the palette texture."""


class TinyRenderer:
    """Draws with TinyRenderer; one scenario's scene at a time, built when it is first asked for."""

    name = NAME

    def __init__(self) -> None:
        self.version = f"tiny: pybullet {version('pybullet')}"
        self._client = -1
        self._scene: Scene | None = None
        self._scenario: Scenario | None = None
        self._appearance: Appearance = ()

    def render(self, scenario: Scenario, state: WorldState, spec: CameraSpec) -> CameraFrame:
        """What the ego's camera sees in `state`."""
        scene = self._prepared(scenario)
        lens, rig = scene.lens(state, spec)
        if scene.buries(lens):
            return blind_frame(spec, state.time_us, rig, self.version)
        shown = scene.shown(state, lens)
        self._place(scene, state, shown)
        light = light_of(scenario.environment)
        rgba, depth_buffer, bodies = self._draw(lens, light, light.direction(state))
        part = self._part_of[bodies]
        depth = self._depth(depth_buffer, part < 0)
        rgb: NDArray[np.uint8] | None = None
        if "rgb" in spec.channels:
            lamps = beams(scenario, state, lens.place) if light.dark else NO_BEAMS
            rgb = develop(rgba[..., :3], depth, self._glows[part], lens, light, lamps)
        return CameraFrame(
            camera=spec.name,
            time_us=state.time_us,
            rig=rig,
            renderer=self.version,
            rgb=None if rgb is None else frozen(rgb),
            depth=frozen(depth) if "depth" in spec.channels else None,
            semantic=frozen(self._codes[part]) if "semantic" in spec.channels else None,
            instance=frozen(self._rows[part]) if "instance" in spec.channels else None,
        )

    def close(self) -> None:
        """Give the Bullet client back; safe to call twice."""
        if self._client >= 0:
            pybullet.disconnect(physicsClientId=self._client)
            self._client = -1
        self._scenario = self._scene = None

    def _prepared(self, scenario: Scenario) -> Scene:
        """The scene of `scenario`, its meshes in the client."""
        if self._scene is not None and self._scenario is scenario:
            return self._scene
        looks = appearance(scenario)
        self._scenario = scenario
        if self._scene is not None and looks == self._appearance:
            return self._scene
        self._appearance = looks
        self._open()
        scene = Scene(scenario)
        palette, textured = _palette([part.mesh for part in scene.parts])
        # Through files: PyBullet never gives back what it is handed as arrays of normals and texture places.
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            texture = self._load(folder / "palette.tga", palette)
            self._bodies = [
                self._add(folder / f"{number}.obj", part.mesh, uv, texture)
                for number, (part, uv) in enumerate(zip(scene.parts, textured, strict=True))
            ]
        self._visible = np.ones(len(self._bodies), dtype=bool)
        # One more than there are bodies, so that -1, the sky, reads the last entry.
        self._part_of = np.full(max(self._bodies) + 2, -1, dtype=np.int64)
        self._part_of[self._bodies] = np.arange(len(self._bodies))
        self._codes = np.append(scene.codes, SemanticClass.SKY).astype(np.uint8)
        self._glows = np.append(scene.glows, False)
        self._rows = np.append(np.where(scene.rows == STILL, NO_INSTANCE, scene.rows), NO_INSTANCE).astype(np.int32)
        self._scene = scene
        return scene

    def _open(self) -> None:
        """An empty client, in which files are read anew each time: names repeat from scene to scene."""
        if self._client < 0:
            self._client = pybullet.connect(pybullet.DIRECT)
            if self._client < 0:
                raise RuntimeError("Bullet gave no client: too many worlds are open in this process, close some")
        pybullet.resetSimulation(physicsClientId=self._client)
        pybullet.setPhysicsEngineParameter(enableFileCaching=0, physicsClientId=self._client)

    def _load(self, file: Path, palette: NDArray[np.uint8]) -> int:
        """A texture from an array (rows, side, 3)."""
        height, width, _ = palette.shape
        header = struct.pack("<BBBHHBHHHHBB", 0, 0, 2, 0, 0, 0, 0, 0, width, height, 24, 0x20)
        file.write_bytes(header + palette[..., ::-1].tobytes())
        number: int = pybullet.loadTexture(str(file), physicsClientId=self._client)
        return number

    def _add(self, file: Path, mesh: Mesh, uv: FloatArray, texture: int) -> int:
        """A body that is only looked at; returns its number. Its mesh goes through `file`, which may be thrown away afterwards."""
        file.write_bytes(wavefront(mesh, uv))
        shape = pybullet.createVisualShape(
            pybullet.GEOM_MESH, fileName=str(file), rgbaColor=[1.0, 1.0, 1.0, 1.0], physicsClientId=self._client
        )
        body: int = pybullet.createMultiBody(0.0, -1, shape, physicsClientId=self._client)
        pybullet.changeVisualShape(body, -1, textureUniqueId=texture, physicsClientId=self._client)
        return body

    def _place(self, scene: Scene, state: WorldState, shown: BoolArray) -> None:
        """Put the actors where they are and hide what is not to be drawn."""
        for part in np.flatnonzero(shown & (scene.rows != STILL)):
            row = scene.rows[part]
            pybullet.resetBasePositionAndOrientation(
                self._bodies[part], state.position[row], state.rotation[row], physicsClientId=self._client
            )
        for part in np.flatnonzero(shown != self._visible):
            opacity = 1.0 if shown[part] else 0.0
            pybullet.changeVisualShape(
                self._bodies[part], -1, rgbaColor=(1.0, 1.0, 1.0, opacity), physicsClientId=self._client
            )
        self._visible = shown

    def _draw(
        self, lens: Lens, light: Light, direction: FloatArray
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.int64]]:
        """Colours (height, width, 4), depth buffer and body numbers (height, width)."""
        spec = lens.spec
        answer: tuple[Any, ...] = pybullet.getCameraImage(
            spec.width,
            spec.height,
            lens.view().T.reshape(-1).tolist(),
            lens.projection(PIXEL_SHIFT).T.reshape(-1).tolist(),
            lightDirection=direction.tolist(),
            lightColor=[1.0, 1.0, 1.0],
            lightDistance=100.0,
            shadow=0,
            lightAmbientCoeff=light.ambient,
            lightDiffuseCoeff=light.diffuse,
            lightSpecularCoeff=0.0,
            renderer=pybullet.ER_TINY_RENDERER,
            physicsClientId=self._client,
        )
        size = (spec.height, spec.width)
        return (
            np.asarray(answer[2], dtype=np.uint8).reshape(*size, 4),
            np.asarray(answer[3], dtype=np.float32).reshape(size),
            np.asarray(answer[4], dtype=np.int64).reshape(size),
        )

    def _depth(self, buffer: NDArray[np.float32], sky: BoolArray) -> NDArray[np.float32]:
        """Metres along the axis from the depth buffer, inf in the sky."""
        depth = FAR_M * NEAR_M / (FAR_M - (FAR_M - NEAR_M) * buffer.astype(np.float64))
        depth[sky] = np.inf
        return depth.astype(np.float32)


def _palette(meshes: list[Mesh]) -> tuple[NDArray[np.uint8], list[FloatArray]]:
    """A texture (64 a row) with every colour once, and for every mesh its texture places (v, 2)."""
    every = np.concatenate([mesh.colours for mesh in meshes])
    colours, which = np.unique(every, axis=0, return_inverse=True)
    rows = 1
    while rows * _SIDE < len(colours):
        rows *= 2
    texture = np.zeros((rows * _SIDE, 3), dtype=np.uint8)
    texture[: len(colours)] = colours
    number = which.reshape(-1)
    # Texture rows count from below, pictures from above.
    uv = np.column_stack([(number % _SIDE + 0.5) / _SIDE, 1.0 - (number // _SIDE + 0.5) / rows])
    cuts = np.cumsum([len(mesh.points) for mesh in meshes])[:-1]
    return texture.reshape(rows, _SIDE, 3), np.split(uv, cuts)


def wavefront(mesh: Mesh, uv: FloatArray) -> bytes:
    """The mesh as an OBJ file with normals and texture places (v, 2), in all the digits of single precision."""
    lines = [f"v {x:.9g} {y:.9g} {z:.9g}" for x, y, z in mesh.points.tolist()]
    lines += [f"vn {x:.6g} {y:.6g} {z:.6g}" for x, y, z in mesh.normals.tolist()]
    lines += [f"vt {u:.9g} {v:.9g}" for u, v in uv.tolist()]
    lines += [f"f {a}/{a}/{a} {b}/{b}/{b} {c}/{c}/{c}" for a, b, c in (mesh.triangles + 1).tolist()]
    return "\n".join(lines).encode()
