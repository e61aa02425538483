"""The shapes that stand for actors in pictures fill their boxes and look like what they are."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from alpasim.scenario.kinds import KINDS
from alpasim.types import ActorKind
from alpasim.world.rendering.bodies import body


@pytest.mark.parametrize("kind", list(ActorKind), ids=lambda kind: kind.name.lower())
def test_every_kind_stays_within_its_box_and_reaches_its_sides(kind: ActorKind) -> None:
    extent = KINDS[kind].extent
    mesh = body(kind, extent, 3)
    low, high = mesh.bounds
    assert high == pytest.approx(0.5 * np.array(extent), abs=1e-4)
    assert low == pytest.approx(-0.5 * np.array(extent), abs=1e-4)


@pytest.mark.parametrize("kind", [ActorKind.CAR, ActorKind.VAN], ids=lambda kind: kind.name.lower())
def test_the_openings_about_wheels_are_round(kind: ActorKind) -> None:
    extent = KINDS[kind].extent
    # The eighth colour is light, so that what is dark in its left flank is wheels and what is about them.
    mesh = body(kind, extent, 8)
    corners, dark = mesh.points[mesh.triangles], mesh.colours[mesh.triangles].max(axis=(1, 2)) < 60
    aside = (mesh.normals[mesh.triangles][:, :, 1].min(axis=1) > 0.9) & (corners[..., 1].min(axis=1) > 0.4 * extent[1])
    ahead = (corners[..., 0].min(axis=1) > 0.0) & (corners[..., 2].max(axis=1) < 0.0)
    shape = shapely.union_all([shapely.Polygon(places) for places in corners[dark & aside & ahead][:, :, [0, 2]]])
    low, top = shape.bounds[1], shape.bounds[3]
    wide = [
        shape.intersection(shapely.LineString([(0.0, z), (extent[0], z)])).length
        for z in (low + 0.65 * (top - low), low + 0.85 * (top - low))
    ]
    # A circle that stands on the ground is 0.95 and 0.71 of its diameter wide there, a square the same everywhere.
    assert wide[1] / wide[0] == pytest.approx(0.71 / 0.95, abs=0.08)
