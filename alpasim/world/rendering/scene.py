"""What there is to draw in a scenario: parts, each a mesh with a semantic class, standing still or carried by an actor.

Built once a scenario; at each moment it says where every part is and which parts show. Both renderers draw from it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from alpasim.road.network import RoadNetwork
from alpasim.road.relief import height_at
from alpasim.road.unlevel import Sidewalks
from alpasim.scenario.concrete import Scenario
from alpasim.sensors.camera import CameraSpec, SemanticClass, actor_class
from alpasim.types import EGO, ActorKind, BoolArray, FloatArray, IntArray, SignalColour, VehicleParameters, WorldState
from alpasim.vehicle.frames import Rig, following_rig, mounted_rig
from alpasim.world.rendering.bodies import body, far_body
from alpasim.world.rendering.ground import ground
from alpasim.world.rendering.lens import Lens
from alpasim.world.rendering.light import lamps_lit, light_of
from alpasim.world.rendering.mesh import Mesh, moved, parted
from alpasim.world.rendering.things import lamp, light_post

STILL = -1
"""Row of a part that no actor carries."""

CHUNK_M, TERRAIN_CHUNK_M = 80.0, 320.0
"""Ground is drawn in squares of this side, so that what lies behind the camera can be left out."""

FAR_PIXELS = 14.0
"""A car whose sphere has a smaller radius than this in the picture is drawn with less to it."""

_LIT: dict[SignalColour, tuple[SignalColour, ...]] = {
    SignalColour.RED: (SignalColour.RED, SignalColour.RED_YELLOW),
    SignalColour.YELLOW: (SignalColour.YELLOW, SignalColour.RED_YELLOW),
    SignalColour.GREEN: (SignalColour.GREEN,),
}
"""When each lamp of a traffic light is lit."""


@dataclass(frozen=True, slots=True)
class Part:
    """A mesh in the world frame where `row` is STILL, else in the frame of that row's box centre.

    `signal` is the row of the light that it is a lamp of (-1: none), which then shows only in `colours`. `sizes` bounds how
    large it is in the picture when it shows, as the radius of the sphere around it [pixels]. One that `glows` gives light of its
    own: lamps are parts of their own where it is dark.
    """

    mesh: Mesh
    code: int
    row: int = STILL
    signal: int = -1
    colours: tuple[SignalColour, ...] = ()
    sizes: tuple[float, float] = (0.0, math.inf)
    glows: bool = False


Appearance = tuple[Hashable, ...]


def appearance(scenario: Scenario) -> Appearance:
    """What a scenario's scene is made from; scenarios of equal appearance can share one, as those of an env mostly do."""
    road, ego = scenario.road, scenario.ego.vehicle
    digest = hashlib.blake2b(road.arrays.left.tobytes() + road.arrays.right.tobytes())
    for lane in road.lanes:
        digest.update(f"{lane.kind} {lane.left_mark} {lane.right_mark} {lane.signal} {len(lane.left)}".encode())
        if lane.stop_line is not None:
            digest.update(lane.stop_line.tobytes())
    for patch in road.surfaces:
        digest.update(f"{patch.kind} {patch.friction}".encode() + patch.polygon.tobytes())
    digest.update(f"{road.terrain} {[part for part in road.parts if isinstance(part, Sidewalks)]}".encode())
    for heights in (road.relief.rise, road.relief.edges, road.relief.shape):
        digest.update(heights.tobytes())
    signals = tuple((signal.id, signal.position) for signal in road.signals)
    actors = tuple((int(actor.kind), actor.extent) for actor in scenario.actors)
    lamps = tuple(lamps_lit(scenario).tolist()) if light_of(scenario.environment).dark else ()
    return digest.digest(), signals, (ego.kind, ego.extent, ego.rear_axle_x_m), actors, lamps


class Scene:
    """The parts of one scenario, and arrays over its p parts: `rows`, `codes` (p,), `centres` (p, 3), `radii` (p,) [m].

    Parts that stand still come after those of actors, ground last.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.vehicle: VehicleParameters = scenario.ego.vehicle
        self.relief = scenario.road.relief
        things = (*_actors(scenario), *_lights(scenario.road))
        if light_of(scenario.environment).dark:
            things = tuple(_with_lamps(things, lamps_lit(scenario)))
        parts = (*things, *_ground(scenario.road))
        self.parts: tuple[Part, ...] = parts
        self.glows: BoolArray = np.array([part.glows for part in parts])
        self.rows: IntArray = np.array([part.row for part in parts], dtype=np.int64)
        self.codes: IntArray = np.array([part.code for part in parts], dtype=np.int64)
        bounds = [part.mesh.bounds for part in parts]
        self.centres: FloatArray = np.array([0.5 * (low + high) for low, high in bounds])
        self.radii: FloatArray = np.array([0.5 * float(np.linalg.norm(high - low)) for low, high in bounds])
        self._signals = np.array([part.signal for part in parts], dtype=np.int64)
        self._masks = np.array([sum(1 << colour for colour in part.colours) for part in parts], dtype=np.int64)
        self._carried = self.rows != STILL
        # An actor's mesh may turn about its box centre, so its sphere is drawn around that.
        aside = np.where(self._carried, np.linalg.norm(self.centres, axis=1), 0.0)
        self._reach: FloatArray = self.radii + aside
        self._smallest = np.array([part.sizes[0] for part in parts])
        self._largest = np.array([part.sizes[1] for part in parts])

    def poses(self, state: WorldState) -> tuple[FloatArray, FloatArray]:
        """Where every part is: position (p, 3) [m] and rotation (p, 4), the identity for those that stand still."""
        position, rotation = np.zeros((len(self.rows), 3)), np.zeros((len(self.rows), 4))
        rotation[:, 3] = 1.0
        rows = self.rows[self._carried]
        position[self._carried] = state.position[rows]
        rotation[self._carried] = state.rotation[rows]
        return position, rotation

    def lens(self, state: WorldState, spec: CameraSpec) -> tuple[Lens, Rig]:
        """The ego's camera where its body carries it in `state`, or where it follows, and the rig that it is mounted on."""
        place = following_rig if spec.level else mounted_rig
        rig = place(state.position[EGO], state.rotation[EGO], self.vehicle)
        return Lens.at(spec, rig), rig

    def buries(self, lens: Lens) -> bool:
        """Whether a camera is under the ground, as on a car that lies on its roof."""
        x, y, z = (float(part) for part in lens.place)
        return z <= height_at(x, y, self.relief)

    def shown(self, state: WorldState, lens: Lens) -> BoolArray:
        """Which parts (p,) show in the picture: present, lit, inside the view; the ego only from outside its box."""
        position = np.zeros((len(self.rows), 3))
        position[self._carried] = state.position[self.rows[self._carried]]
        shown, pixels = lens.sees(np.where(self._carried[:, None], position, self.centres), self._reach)
        shown &= (pixels >= self._smallest) & (pixels < self._largest)
        shown[self._carried] &= state.present[self.rows[self._carried]]
        shown[self._carried] &= (self.rows[self._carried] != EGO) | self._sees_ego(lens.spec)
        lamps = self._signals >= 0
        if lamps.any():
            shown[lamps] &= (self._masks[lamps] >> state.signals[self._signals[lamps]] & 1).astype(bool)
        return shown

    def _sees_ego(self, spec: CameraSpec) -> bool:
        """Whether a camera sits outside the ego's box, with a hand's breadth to spare."""
        vehicle, mount = self.vehicle, spec.mount
        along = abs(mount.x_m + vehicle.rear_axle_x_m) - 0.5 * vehicle.length_m
        return max(along, abs(mount.y_m) - 0.5 * vehicle.width_m, mount.z_m - vehicle.height_m) > 0.1


def _with_lamps(parts: Iterable[Part], lit: BoolArray) -> Iterator[Part]:
    """Lamps apart from what carries them, but for those of rows that are not `lit` (n,)."""
    for part in parts:
        body, lamps = parted(part.mesh) if part.row == STILL or lit[part.row] else (part.mesh, None)
        if body is not None:
            yield replace(part, mesh=body)
        if lamps is not None:
            yield replace(part, mesh=lamps, glows=True)


def _actors(scenario: Scenario) -> Iterator[Part]:
    ego = scenario.ego.vehicle
    bodies = [(ego.kind, ego.extent), *((actor.kind, actor.extent) for actor in scenario.actors)]
    for row, (kind, extent) in enumerate(bodies):
        near, far = body(ActorKind(kind), extent, row), far_body(ActorKind(kind), extent, row)
        if far is None:
            yield Part(near, actor_class(kind), row)
        else:
            yield Part(near, actor_class(kind), row, sizes=(FAR_PIXELS, math.inf))
            yield Part(far, actor_class(kind), row, sizes=(0.0, FAR_PIXELS))


def _lights(road: RoadNetwork) -> Iterator[Part]:
    """A post with three lamps for every traffic light, each lamp once lit and once dark."""
    code = int(SemanticClass.TRAFFIC_LIGHT)
    for row, signal in enumerate(road.signals):
        ground_m = float(road.heights(np.array([signal.position]))[0])
        place, yaw = (*signal.position, ground_m), _facing(road, row)
        yield Part(moved(light_post(), place, yaw), code)
        for colour, when in _LIT.items():
            dark = tuple(other for other in SignalColour if other not in when)
            yield Part(moved(lamp(colour, True), place, yaw), code, STILL, row, when)
            yield Part(moved(lamp(colour, False), place, yaw), code, STILL, row, dark)


def _facing(road: RoadNetwork, signal: int) -> float:
    """Heading that a traffic light looks in: against the lanes that it controls."""
    for lane in road.lanes:
        if lane.signal == signal:
            dx, dy = lane.centre[-1] - lane.centre[-2]
            return math.atan2(-dy, -dx)
    return 0.0


def _ground(road: RoadNetwork) -> Iterator[Part]:
    for code, mesh in ground(road):
        for chunk in _chunks(mesh, CHUNK_M if code is not SemanticClass.TERRAIN else TERRAIN_CHUNK_M):
            yield Part(chunk, int(code))


def _chunks(mesh: Mesh, side: float) -> Iterator[Mesh]:
    """The mesh in squares of `side` [m], by where the middles of its triangles lie."""
    middles = mesh.points[mesh.triangles, :2].mean(axis=1)
    cells = np.floor(middles / side).astype(np.int64)
    _, which = np.unique(cells, axis=0, return_inverse=True)
    which = which.reshape(-1)
    for number in range(int(which.max()) + 1):
        triangles = mesh.triangles[which == number]
        used, local = np.unique(triangles, return_inverse=True)
        yield Mesh(mesh.points[used], mesh.normals[used], mesh.colours[used], local.reshape(-1, 3).astype(np.int32))
