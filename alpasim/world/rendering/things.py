"""What cones, barriers, lost cargo, traffic lights and unknown objects look like.

As in `vehicles.py`: length, width, height [m] in, a mesh on z = 0 out.
"""

from __future__ import annotations

from itertools import pairwise

from alpasim.types import SignalColour
from alpasim.world.rendering.mesh import Colour, Mesh, box, frustum, glowing, merge, pane, tube

ORANGE: Colour = (242, 98, 28)
WHITE: Colour = (242, 242, 240)
CARTON: Colour = (178, 132, 82)
TAPE: Colour = (206, 172, 120)
POLE: Colour = (112, 116, 120)
HOUSING: Colour = (26, 28, 30)
LAMPS: dict[SignalColour, Colour] = {
    SignalColour.RED: (255, 44, 36),
    SignalColour.YELLOW: (255, 190, 30),
    SignalColour.GREEN: (40, 236, 128),
}
UNLIT: dict[SignalColour, Colour] = {
    SignalColour.RED: (66, 24, 22),
    SignalColour.YELLOW: (70, 56, 22),
    SignalColour.GREEN: (20, 60, 40),
}
LAMP_HEIGHTS = {SignalColour.RED: 3.3, SignalColour.YELLOW: 3.0, SignalColour.GREEN: 2.7}
"""Middle of each lamp above the ground [m]."""


def cone(length: float, width: float, height: float) -> Mesh:
    """A road cone on its square foot, with two white bands."""
    radius = 0.38 * min(length, width)
    foot = box((0.0, 0.0, 0.03 * height), (length, width, 0.06 * height), ORANGE)
    bands = []
    edges = ((0.06, ORANGE), (0.36, WHITE), (0.52, ORANGE), (0.64, WHITE), (0.8, ORANGE), (1.0, ORANGE))
    for (low, colour), (high, _) in pairwise(edges):
        radii = (radius * (1.04 - 0.92 * low), radius * (1.04 - 0.92 * high))
        bands.append(tube((0.0, 0.0, low * height), (0.0, 0.0, high * height), radii, colour, 12))
    return merge([foot, *bands])


def barrier(length: float, width: float, height: float) -> Mesh:
    """Elements of red and white along the longer side, wider at the foot."""
    along_x = length >= width
    longest = length if along_x else width
    count = max(2, round(longest / 1.0))
    step = longest / count
    parts = []
    for i in range(count):
        colour = (206, 44, 40) if i % 2 == 0 else WHITE
        at = -0.5 * longest + (i + 0.5) * step
        centre = (at, 0.0) if along_x else (0.0, at)
        foot = (step, width) if along_x else (length, step)
        top = (step, 0.45 * width) if along_x else (0.45 * length, step)
        parts.append(box((*centre, 0.15 * height), (*foot, 0.3 * height), colour))
        parts.append(frustum((*centre, 0.65 * height), (*foot, 0.7 * height), (*top, 0.0), colour))
    return merge(parts)


def debris(length: float, width: float, height: float) -> Mesh:
    """A cardboard box with a strip of tape; it fills its extent."""
    x, y, low, top = 0.5 * length, 0.06 * width, 0.7 * height, height
    strips = (
        [(-x, -y, top), (x, -y, top), (x, y, top), (-x, y, top)],
        [(-x, y, low), (-x, -y, low), (-x, -y, top), (-x, y, top)],
        [(x, -y, low), (x, y, low), (x, y, top), (x, -y, top)],
    )
    carton = box((0.0, 0.0, 0.5 * height), (length, width, height), CARTON)
    return merge([carton, *(pane(strip, TAPE, lift=0.003) for strip in strips)])


def unknown(length: float, width: float, height: float) -> Mesh:
    """A grey block: something is there, nobody knows what."""
    return merge(
        [
            box((0.0, 0.0, 0.45 * height), (length, width, 0.9 * height), (128, 130, 134)),
            box((0.0, 0.0, 0.95 * height), (0.9 * length, 0.9 * width, 0.1 * height), (108, 110, 114)),
        ]
    )


def light_post() -> Mesh:
    """A traffic light's post and housing, facing +x, without its lamps."""
    return merge(
        [
            tube((0.0, 0.0, 0.0), (0.0, 0.0, 3.6), (0.07, 0.06), POLE, 8),
            box((0.1, 0.0, 3.0), (0.2, 0.36, 1.0), HOUSING),
            pane(
                [(0.2, -0.26, 2.42), (0.2, 0.26, 2.42), (0.2, 0.26, 3.58), (0.2, -0.26, 3.58)], (44, 46, 48), lift=-0.04
            ),
        ]
    )


def lamp(colour: SignalColour, lit: bool) -> Mesh:
    """One of a traffic light's lamps, facing +x under a small hood."""
    z = LAMP_HEIGHTS[colour]
    disc = tube((0.195, 0.0, z), (0.225, 0.0, z), (0.125, 0.125), (LAMPS if lit else UNLIT)[colour], 12)
    hood = box((0.29, 0.0, z + 0.135), (0.18, 0.28, 0.02), HOUSING)
    return merge([glowing(disc) if lit else disc, hood])
