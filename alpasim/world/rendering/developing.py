"""Sky, light and air, laid over a picture that was drawn as by day: what TinyRenderer cannot do itself.

The formulas are those of the OpenGL programs (`shaders.py`); `light.py` says what the figures mean.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from alpasim.compiled import compiled
from alpasim.types import BoolArray, FloatArray
from alpasim.world.rendering.lens import Lens
from alpasim.world.rendering.light import CUT_HIGH, CUT_LOW, VEIL_COLOUR, Light


@compiled
def _beam_light(x: float, y: float, z: float, lamps: FloatArray, figures: FloatArray) -> float:
    """Share of daylight at a place that low beams (k, 10) shine upon; those with 0 at the end are not there."""
    level, bright_m, reach_m = figures[0], figures[1], figures[2]
    for i in range(lamps.shape[0]):
        if lamps[i, 9] == 0.0:
            continue
        dx, dy, dz = x - lamps[i, 0], y - lamps[i, 1], z - lamps[i, 2]
        fx, fy, fz, ux, uy, uz = lamps[i, 3], lamps[i, 4], lamps[i, 5], lamps[i, 6], lamps[i, 7], lamps[i, 8]
        ahead, far = dx * fx + dy * fy + dz * fz, dx * dx + dy * dy + dz * dz
        if ahead < 0.05 or far > reach_m * reach_m:
            continue
        up = (dx * ux + dy * uy + dz * uz) / ahead
        side = (dx * (uy * fz - uz * fy) + dy * (uz * fx - ux * fz) + dz * (ux * fy - uy * fx)) / ahead
        bright = min(bright_m * bright_m / far, 1.0) * (1.0 - far / (reach_m * reach_m))
        bright *= math.exp(-side * side * figures[24])
        if up < 0.0:
            bright *= math.exp(-up * up * figures[25])
        share = min(max((up - CUT_LOW) / (CUT_HIGH - CUT_LOW), 0.0), 1.0)
        level += bright * (1.0 + (figures[26] - 1.0) * share * share * (3.0 - 2.0 * share))
    return float(min(level, 1.0) ** figures[27])


@compiled
def _develop(
    rgb: NDArray[np.uint8],
    depth: NDArray[np.float32],
    glows: BoolArray,
    lens: FloatArray,
    place: FloatArray,
    rotation: FloatArray,
    lamps: FloatArray,
    figures: FloatArray,
) -> NDArray[np.uint8]:
    """`lens`: fx, fy, cx, cy. `figures`: ambient, bright_m, reach_m, extinction, contrast, veil [degrees], then by threes tint, fog, veil's colour,
    horizon, zenith, the direction to the sun in the optical frame, and by four a beam's shape."""
    done = np.empty(rgb.shape, dtype=np.uint8)
    seen = np.empty(3)
    for i in range(rgb.shape[0]):
        for j in range(rgb.shape[1]):
            rx, ry = (j + 0.5 - lens[2]) / lens[0], (i + 0.5 - lens[3]) / lens[1]
            long, far = math.sqrt(rx * rx + ry * ry + 1.0), float(depth[i, j])
            if math.isinf(far):
                upwards = (rotation[2, 0] * rx + rotation[2, 1] * ry + rotation[2, 2]) / long
                share = math.sqrt(min(max(upwards, 0.0), 1.0))
                for k in range(3):
                    seen[k] = figures[15 + k] + (figures[18 + k] - figures[15 + k]) * share
            else:
                level = 1.0
                if not glows[i, j] and figures[0] < 1.0:
                    x = place[0] + far * (rotation[0, 0] * rx + rotation[0, 1] * ry + rotation[0, 2])
                    y = place[1] + far * (rotation[1, 0] * rx + rotation[1, 1] * ry + rotation[1, 2])
                    z = place[2] + far * (rotation[2, 0] * rx + rotation[2, 1] * ry + rotation[2, 2])
                    level = _beam_light(x, y, z, lamps, figures)
                clear = math.exp(-figures[3] * far * long)
                for k in range(3):
                    lit = float(rgb[i, j, k]) * (1.0 if glows[i, j] else level * figures[6 + k])
                    seen[k] = figures[9 + k] + (lit - figures[9 + k]) * clear
            veil = 0.0
            if figures[5] > 0.0:
                cosine = (figures[21] * rx + figures[22] * ry + figures[23]) / long
                angle = max(math.degrees(math.acos(min(max(cosine, -1.0), 1.0))), 1.0)
                ratio = (figures[5] / angle) ** 2
                veil = ratio / (1.0 + ratio)
            for k in range(3):
                value = figures[9 + k] + (seen[k] - figures[9 + k]) * figures[4]
                done[i, j, k] = round(value + (figures[12 + k] - value) * veil)
    return done


def develop(
    rgb: NDArray[np.uint8], depth: NDArray[np.float32], glows: BoolArray, lens: Lens, light: Light, lamps: FloatArray
) -> NDArray[np.uint8]:
    """A picture (height, width, 3) in this light, from one in daylight without sky or fog: `depth` (height, width) [m] is inf in
    the sky, `glows` (height, width) where a lamp is, `lamps` are `light.beams`."""
    colours = (light.tint, light.fog, VEIL_COLOUR, light.horizon, light.zenith, light.sun @ lens.rotation)
    air = (light.extinction, light.contrast, light.veil_deg)
    spec = lens.spec
    figures = np.concatenate(
        [light.beam, air, *(np.asarray(three, dtype=np.float64) for three in colours), light.shape]
    )
    return _develop(
        np.ascontiguousarray(rgb),
        depth,
        glows,
        np.array((spec.fx, spec.fy, spec.cx, spec.cy)),
        np.ascontiguousarray(lens.place),
        np.ascontiguousarray(lens.rotation),
        lamps,
        figures,
    )
