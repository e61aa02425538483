"""Compiled questions to a road: which lane, where on it, how far to the edge; what lies under it is `relief.py`'s matter.

Kernels over `RoadArrays`, a flat picture of the road that `index.py` makes once; they allocate only their answers.
Nothing here knows of names: lanes and signals are rows. Users ask through the methods of `RoadNetwork`, other kernels
may call these directly.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from alpasim.compiled import compiled, inner
from alpasim.road.polyline import pose_within, project_within
from alpasim.types import BoolArray, FloatArray, IntArray


class Grid(NamedTuple):
    """A uniform grid: cell (ix, iy) covers [x0 + ix * cell, …) and holds the entries start[c]..start[c + 1]-1, c = iy * nx + ix.

    `chunk_*` lists pieces of lanes, `edge_*` segments of the drivable border, `inside` says whether the cell's lower
    left corner is drivable.
    """

    x0: float
    y0: float
    cell: float
    nx: int
    ny: int
    chunk_start: IntArray
    chunk: IntArray
    edge_start: IntArray
    edge: IntArray
    inside: BoolArray


PAVED = -2
"""What `grounds_at` says of drivable places."""


class RoadArrays(NamedTuple):
    """A road as flat arrays. Lane row r owns points lane_start[r]..lane_start[r + 1]-1 of `centre`, `left`, `right`, `s`.

    A chunk is a run of points of one lane, `chunk_lane` (c,), `chunk_first`, `chunk_last` (both included). `rank` (lanes,)
    orders kinds where lanes overlap: 0 for traffic lanes, more for others. `edges` (e, 4) are the segments of the
    drivable area's border, its inside on the left.
    """

    lane_start: IntArray
    centre: FloatArray
    left: FloatArray
    right: FloatArray
    s: FloatArray
    rank: IntArray
    chunk_lane: IntArray
    chunk_first: IntArray
    chunk_last: IntArray
    edges: FloatArray


@compiled
def crossing(ax: float, ay: float, bx: float, by: float, x: float, y: float) -> int:
    """+1, -1 or 0: how the edge a→b changes the winding number of (x, y) with a ray to the right.

    The product is formed with the ends in a fixed order, so that an edge shared by two rings is seen alike by both.
    """
    if ay <= y:
        if by > y and (bx - ax) * (y - ay) - (x - ax) * (by - ay) > 0.0:
            return 1
    elif by <= y and (ax - bx) * (y - by) - (x - bx) * (ay - by) > 0.0:
        return -1
    return 0


@inner
def _in_chunk(x: float, y: float, left: FloatArray, right: FloatArray, first: int, last: int) -> bool:
    """Whether (x, y) lies between the borders' points first..last (non-zero winding, so twists stay inside)."""
    winding = 0
    for i in range(first, last):
        winding += crossing(right[i, 0], right[i, 1], right[i + 1, 0], right[i + 1, 1], x, y)
        winding += crossing(left[i + 1, 0], left[i + 1, 1], left[i, 0], left[i, 1], x, y)
    winding += crossing(right[last, 0], right[last, 1], left[last, 0], left[last, 1], x, y)
    winding += crossing(left[first, 0], left[first, 1], right[first, 0], right[first, 1], x, y)
    return winding != 0


Frame = tuple[float, float, float, int, int]
"""A grid's x0, y0, cell, nx and ny. Kernels that are called for many points get these and the arrays they read: a tuple of
twenty arrays is copied whole wherever it is handed on."""


@inner
def _cell_in(x: float, y: float, frame: Frame) -> int:
    """Cell of the point, -1 outside the grid (also for nan)."""
    x0, y0, cell, nx, ny = frame
    fx, fy = (x - x0) / cell, (y - y0) / cell
    if not (0.0 <= fx < nx and 0.0 <= fy < ny):
        return -1
    return int(fy) * nx + int(fx)


@compiled
def _cell_of(x: float, y: float, grid: Grid) -> int:
    """`_cell_in` of a grid."""
    return _cell_in(x, y, (grid.x0, grid.y0, grid.cell, grid.nx, grid.ny))


@compiled
def lane_at(x: float, y: float, yaw: float, road: RoadArrays, grid: Grid) -> int:
    """Row of the lane that contains (x, y), -1 where none does.

    Of several, traffic lanes come before others, then the direction nearest to `yaw` (nan: any), then the nearest centre.
    """
    cell = _cell_of(x, y, grid)
    best, best_score = -1, np.inf
    if cell < 0:
        return best
    left, right, centre, s = road.left, road.right, road.centre, road.s
    for k in range(grid.chunk_start[cell], grid.chunk_start[cell + 1]):
        chunk = grid.chunk[k]
        first, last = road.chunk_first[chunk], road.chunk_last[chunk]
        if not _in_chunk(x, y, left, right, first, last):
            continue
        lane = road.chunk_lane[chunk]
        _, d, segment = project_within(x, y, centre, s, first, last + 1)
        score = 100.0 * road.rank[lane] + 0.01 * abs(d)
        if not math.isnan(yaw):
            dx = centre[segment + 1, 0] - centre[segment, 0]
            dy = centre[segment + 1, 1] - centre[segment, 1]
            score += abs((math.atan2(dy, dx) - yaw + math.pi) % (2.0 * math.pi) - math.pi)
        if score < best_score or (score == best_score and lane < best):
            best, best_score = lane, score
    return best


@compiled
def lane_and_heading(x: float, y: float, yaw: float, road: RoadArrays, grid: Grid) -> tuple[int, float]:
    """`lane_at`, and the direction of that lane's centre beside (x, y), nan where there is none."""
    row = lane_at(x, y, yaw, road, grid)
    if row < 0:
        return row, np.nan
    first, last = road.lane_start[row], road.lane_start[row + 1]
    s, _, _ = project_within(x, y, road.centre, road.s, first, last)
    _, _, heading = pose_within(road.centre, road.s, first, last, s)
    return row, heading


@compiled
def lanes_at(points: FloatArray, yaw: FloatArray, road: RoadArrays, grid: Grid) -> IntArray:
    """`lane_at` for each of the points (m, 2) with its yaw (m,)."""
    rows = np.empty(points.shape[0], dtype=np.int64)
    for i in range(points.shape[0]):
        rows[i] = lane_at(points[i, 0], points[i, 1], yaw[i], road, grid)
    return rows


@compiled
def lanes_containing(x: float, y: float, road: RoadArrays, grid: Grid) -> IntArray:
    """Rows of all lanes that contain (x, y), rising."""
    cell = _cell_of(x, y, grid)
    if cell < 0:
        return np.empty(0, dtype=np.int64)
    start, stop = grid.chunk_start[cell], grid.chunk_start[cell + 1]
    found, count = np.empty(stop - start, dtype=np.int64), 0
    for k in range(start, stop):
        chunk = grid.chunk[k]
        if _in_chunk(x, y, road.left, road.right, road.chunk_first[chunk], road.chunk_last[chunk]):
            lane = road.chunk_lane[chunk]
            known = False
            for j in range(count):
                known = known or found[j] == lane
            if not known:
                found[count] = lane
                count += 1
    return np.sort(found[:count])


@compiled
def project_each(rows: IntArray, points: FloatArray, road: RoadArrays) -> tuple[FloatArray, FloatArray]:
    """Each point's place s, d (m,) on the lane of its own row; a row of -1 gives nan."""
    m = points.shape[0]
    s, d = np.empty(m), np.empty(m)
    for i in range(m):
        if rows[i] < 0:
            s[i], d[i] = np.nan, np.nan
            continue
        first, last = road.lane_start[rows[i]], road.lane_start[rows[i] + 1]
        s[i], d[i], _ = project_within(points[i, 0], points[i, 1], road.centre, road.s, first, last)
    return s, d


@compiled
def poses_on(rows: IntArray, s: FloatArray, d: FloatArray, road: RoadArrays) -> FloatArray:
    """Poses (m, 3) x, y, heading at s along and d left of the centres of lanes `rows`; straight on beyond their ends."""
    poses = np.empty((rows.shape[0], 3))
    for i in range(rows.shape[0]):
        first, last = road.lane_start[rows[i]], road.lane_start[rows[i] + 1]
        x, y, heading = pose_within(road.centre, road.s, first, last, s[i])
        poses[i, 0], poses[i, 1] = x - d[i] * math.sin(heading), y + d[i] * math.cos(heading)
        poses[i, 2] = (heading + math.pi) % (2.0 * math.pi) - math.pi
    return poses


@compiled
def segment_square(x: float, y: float, ax: float, ay: float, bx: float, by: float) -> float:
    """Squared distance from (x, y) to the segment a-b."""
    ux, uy, px, py = bx - ax, by - ay, x - ax, y - ay
    square = ux * ux + uy * uy
    t = 0.0
    if square > 0.0:
        t = min(1.0, max(0.0, (px * ux + py * uy) / square))
    ex, ey = px - t * ux, py - t * uy
    return ex * ex + ey * ey


@compiled
def _nearest_edge_square(x: float, y: float, edges: FloatArray, edge: IntArray, start: IntArray, frame: Frame) -> float:
    """Squared distance to the nearest border segment: rings of cells round the point until no nearer one can come."""
    x0, y0, size, nx, ny = frame
    best = np.inf
    cx = min(max((x - x0) / size, 0.0), nx - 1e-6)
    cy = min(max((y - y0) / size, 0.0), ny - 1e-6)
    ix, iy = int(cx), int(cy)
    outside = math.hypot(x - (x0 + cx * size), y - (y0 + cy * size))
    if outside < 8.0 * size:
        margin = min(min(cx - ix, ix + 1 - cx), min(cy - iy, iy + 1 - cy)) * size
        for ring in range(12):
            for jy in range(max(0, iy - ring), min(ny - 1, iy + ring) + 1):
                step = 1 if abs(jy - iy) == ring else max(1, 2 * ring)
                for jx in range(ix - ring, ix + ring + 1, step):
                    if jx < 0 or jx >= nx:
                        continue
                    cell = jy * nx + jx
                    for k in range(start[cell], start[cell + 1]):
                        e = edge[k]
                        best = min(best, segment_square(x, y, edges[e, 0], edges[e, 1], edges[e, 2], edges[e, 3]))
            reach = ring * size + margin - outside
            if reach > 0.0 and best <= reach * reach:
                return best
    for e in range(edges.shape[0]):
        best = min(best, segment_square(x, y, edges[e, 0], edges[e, 1], edges[e, 2], edges[e, 3]))
    return best


@compiled
def _left_of(ax: float, ay: float, bx: float, by: float, x: float, y: float) -> bool:
    """Whether (x, y) lies left of the edge as it goes up; the same answer whichever end comes first."""
    if ay <= by:
        return (bx - ax) * (y - ay) - (x - ax) * (by - ay) > 0.0
    return (ax - bx) * (y - by) - (x - bx) * (ay - by) > 0.0


@compiled
def above(ax: float, ay: float, bx: float, by: float, x: float, y: float) -> bool:
    """Whether (x, y) lies above an edge that passes over or under it, exactly so where both ends are on one side."""
    if (ay <= y) == (by <= y):
        return ay <= y
    return _left_of(ax, ay, bx, by, x, y) == ((bx - ax) * (by - ay) > 0.0)


@compiled
def right_of(ax: float, ay: float, bx: float, by: float, x: float, y: float) -> bool:
    """Whether (x, y) lies right of an edge that passes beside it, exactly so where both ends are on one side."""
    if (ax <= x) == (bx <= x):
        return ax <= x
    return not _left_of(ax, ay, bx, by, x, y)


@compiled
def on_the_way(x: float, y: float, x0: float, y0: float, ax: float, ay: float, bx: float, by: float) -> bool:
    """Whether an edge lies once on the way from (x0, y0) up or down to (x0, y) and then across to (x, y), not twice or never."""
    up = (ax <= x0) != (bx <= x0) and above(ax, ay, bx, by, x0, y0) != above(ax, ay, bx, by, x0, y)
    across = (ay <= y) != (by <= y) and right_of(ax, ay, bx, by, x0, y) != right_of(ax, ay, bx, by, x, y)
    return up != across


@inner
def _drivable(
    x: float, y: float, edges: FloatArray, edge: IntArray, start: IntArray, corner: BoolArray, frame: Frame
) -> bool:
    """Whether (x, y) is drivable: the state of its cell's `corner`, changed by each border segment that lies on the way
    from there, first up the cell's left side to the corner point's height, then across (even-odd).

    An edge near the turn of that way is seen alike by both of its legs: on both it straddles, one predicate decides, and
    else the comparison of coordinates is exact.
    """
    cell = _cell_in(x, y, frame)
    if cell < 0:
        return False
    x0, y0 = frame[0] + (cell % frame[3]) * frame[2], frame[1] + (cell // frame[3]) * frame[2]
    inside = bool(corner[cell])
    for k in range(start[cell], start[cell + 1]):
        e = edge[k]
        ax, ay, bx, by = edges[e, 0], edges[e, 1], edges[e, 2], edges[e, 3]
        inside = inside != on_the_way(x, y, x0, y0, ax, ay, bx, by)
    return inside


@compiled
def on_road(x: float, y: float, road: RoadArrays, grid: Grid) -> bool:
    """Whether (x, y) is drivable."""
    frame = grid.x0, grid.y0, grid.cell, grid.nx, grid.ny
    return _drivable(x, y, road.edges, grid.edge, grid.edge_start, grid.inside, frame)


@compiled
def all_on_road(points: FloatArray, road: RoadArrays, grid: Grid) -> bool:
    """Whether all of the points (m, 2) are drivable."""
    frame = grid.x0, grid.y0, grid.cell, grid.nx, grid.ny
    edges, edge, start, corner = road.edges, grid.edge, grid.edge_start, grid.inside
    inside = True
    for i in range(points.shape[0]):
        inside = inside and _drivable(points[i, 0], points[i, 1], edges, edge, start, corner, frame)
    return inside


@compiled
def grounds_at(points: FloatArray, road: RoadArrays, grid: Grid) -> IntArray:
    """What each of the points (m, 2) lies on: PAVED where it is drivable, else the row of a lane, else -1."""
    frame = grid.x0, grid.y0, grid.cell, grid.nx, grid.ny
    edges, edge, start, corner = road.edges, grid.edge, grid.edge_start, grid.inside
    left, right, first, last = road.left, road.right, road.chunk_first, road.chunk_last
    lane, chunk_start, chunks = road.chunk_lane, grid.chunk_start, grid.chunk
    found = np.full(points.shape[0], -1, dtype=np.int64)
    for i in range(points.shape[0]):
        x, y = points[i, 0], points[i, 1]
        cell = _cell_in(x, y, frame)
        if cell < 0:
            continue
        bordered = start[cell] < start[cell + 1]
        if _drivable(x, y, edges, edge, start, corner, frame) if bordered else corner[cell]:
            found[i] = PAVED
            continue
        for k in range(chunk_start[cell], chunk_start[cell + 1]):
            chunk = chunks[k]
            if _in_chunk(x, y, left, right, first[chunk], last[chunk]):
                found[i] = lane[chunk]
                break
    return found


@compiled
def write_edge_distance(points: FloatArray, road: RoadArrays, grid: Grid, into: FloatArray) -> None:
    """Write the signed distance of each of the points (m, 2) to the border of the drivable area, positive inside and nan
    where a point is not finite, into `into` (m,) [m]."""
    frame = grid.x0, grid.y0, grid.cell, grid.nx, grid.ny
    edges, edge, start, corner = road.edges, grid.edge, grid.edge_start, grid.inside
    for i in range(points.shape[0]):
        x, y = points[i, 0], points[i, 1]
        if not (math.isfinite(x) and math.isfinite(y)):
            into[i] = np.nan
            continue
        value = math.sqrt(_nearest_edge_square(x, y, edges, edge, start, frame))
        into[i] = value if _drivable(x, y, edges, edge, start, corner, frame) else -value


@compiled
def edge_distance(points: FloatArray, road: RoadArrays, grid: Grid) -> FloatArray:
    """`write_edge_distance` into a new array (m,)."""
    distance = np.empty(points.shape[0])
    write_edge_distance(points, road, grid, distance)
    return distance


@compiled
def signal_colours(
    time_us: int, phase_start: IntArray, colour: IntArray, duration_us: IntArray, offset_us: IntArray
) -> IntArray:
    """What each signal shows at `time_us`: (signals,) SignalColour codes; signal i owns phases phase_start[i].. ."""
    shown = np.zeros(offset_us.shape[0], dtype=np.int64)
    for i in range(offset_us.shape[0]):
        first, last = phase_start[i], phase_start[i + 1]
        cycle = 0
        for k in range(first, last):
            cycle += duration_us[k]
        left = (time_us - offset_us[i]) % cycle
        for k in range(first, last):
            shown[i] = colour[k]
            if left < duration_us[k]:
                break
            left -= duration_us[k]
    return shown
