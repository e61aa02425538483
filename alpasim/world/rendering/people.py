"""What people, riders and animals look like: bodies with limbs in mid-stride, and what they ride.

As in `vehicles.py`: length, width, height [m] in, a mesh on z = 0 looking along +x out.
"""

from __future__ import annotations

import math

from alpasim.world.rendering.mesh import Colour, Mesh, ball, both_sides, box, glowing, merge, tube, wheel

SKIN: tuple[Colour, ...] = ((232, 188, 156), (198, 144, 108), (124, 84, 60), (240, 204, 176))
HAIR: tuple[Colour, ...] = ((62, 42, 30), (28, 24, 22), (150, 112, 66), (96, 62, 40))
COATS: tuple[Colour, ...] = ((186, 58, 48), (46, 86, 138), (208, 158, 58), (72, 118, 80), (96, 66, 118), (52, 56, 64))
TROUSERS: tuple[Colour, ...] = ((44, 54, 78), (58, 56, 54), (110, 96, 78))
SHOES: Colour = (36, 32, 30)
METAL: Colour = (70, 74, 80)
FUR: tuple[Colour, ...] = ((146, 100, 62), (122, 84, 54))
TYRE: Colour = (28, 28, 30)


def pedestrian(length: float, width: float, height: float, look: int) -> Mesh:
    """A person walking: one leg and the other arm in front; `look` chooses skin, hair and clothes."""
    del length, width  # a person is built to their height; the box is fitted afterwards
    h = height
    skin, hair = SKIN[look % len(SKIN)], HAIR[(look // 2) % len(HAIR)]
    coat, trousers = COATS[look % len(COATS)], TROUSERS[look % len(TROUSERS)]
    return merge(
        [
            _leg(h, (0.13 * h, -0.05 * h), trousers),
            _leg(h, (-0.12 * h, 0.05 * h), trousers),
            _torso(h, coat),
            _arm(h, 0.125 * h, 0.11 * h, coat, skin),
            _arm(h, -0.125 * h, -0.11 * h, coat, skin),
            _head(h, (0.01 * h, 0.0, 0.925 * h), skin, hair),
        ]
    )


def _leg(h: float, foot: tuple[float, float], colour: Colour) -> Mesh:
    """A leg from the hip to a foot at x, y."""
    x, y = foot
    knee = (0.5 * x + 0.03 * h, y, 0.27 * h)
    return merge(
        [
            tube((0.0, y, 0.5 * h), knee, (0.052 * h, 0.038 * h), colour, 7),
            tube(knee, (x, y, 0.04 * h), (0.038 * h, 0.026 * h), colour, 7),
            box((x + 0.025 * h, y, 0.02 * h), (0.125 * h, 0.05 * h, 0.04 * h), SHOES),
        ]
    )


def _torso(h: float, colour: Colour) -> Mesh:
    """Trunk with shoulders, and a neck of the same colour."""
    return merge(
        [
            ball((0.0, 0.0, 0.53 * h), (0.068 * h, 0.092 * h, 0.075 * h), colour),
            tube((0.0, 0.0, 0.52 * h), (0.005 * h, 0.0, 0.8 * h), (0.078 * h, 0.088 * h), colour, 8),
            ball((0.005 * h, 0.0, 0.79 * h), (0.066 * h, 0.118 * h, 0.045 * h), colour),
            tube((0.005 * h, 0.0, 0.8 * h), (0.01 * h, 0.0, 0.87 * h), (0.034 * h, 0.03 * h), colour, 6),
        ]
    )


def _arm(h: float, y: float, swing: float, coat: Colour, skin: Colour) -> Mesh:
    """An arm whose hand swings `swing` forward."""
    elbow = (0.35 * swing, 1.12 * y, 0.63 * h)
    hand = (swing, 1.08 * y, 0.5 * h)
    return merge(
        [
            tube((0.0, y, 0.79 * h), elbow, (0.033 * h, 0.027 * h), coat, 6),
            tube(elbow, hand, (0.027 * h, 0.02 * h), coat, 6),
            ball(hand, (0.022 * h, 0.018 * h, 0.026 * h), skin, 4, 6),
        ]
    )


def _head(h: float, centre: tuple[float, float, float], skin: Colour, hair: Colour) -> Mesh:
    """A head with hair on top and behind; that of a child is larger beside its body."""
    x, y, z = centre
    h *= 1.0 + 0.4 * min(max((1.55 - h) / 0.6, 0.0), 1.0)
    return merge(
        [
            ball((x, y, z), (0.052 * h, 0.045 * h, 0.066 * h), skin, 6, 8),
            ball((x - 0.013 * h, y, z + 0.018 * h), (0.05 * h, 0.05 * h, 0.057 * h), hair, 6, 8),
        ]
    )


def _rider(
    seat: tuple[float, float, float], hands: tuple[float, float, float], foot_z: float, look: int, helmet: Colour
) -> Mesh:
    """A person sitting at `seat`, leaning to `hands` (the left one); sized by the seat's distance to the top, 0.5 m to 0.9 m."""
    x, _, z = seat
    hand_x, hand_y, hand_z = hands
    coat, trousers, skin = COATS[(look + 1) % len(COATS)], TROUSERS[look % len(TROUSERS)], SKIN[look % len(SKIN)]
    shoulder = (x + 0.22, 0.0, z + 0.5)
    left = merge(
        [
            tube((x, 0.09, z + 0.03), (x + 0.36, 0.12, z - 0.12), (0.085, 0.065), trousers, 7),
            tube((x + 0.36, 0.12, z - 0.12), (x + 0.2, 0.12, foot_z), (0.06, 0.042), trousers, 7),
            box((x + 0.25, 0.12, foot_z - 0.03), (0.24, 0.08, 0.07), SHOES),
            tube(
                (shoulder[0], 0.17, shoulder[2]),
                (0.5 * (shoulder[0] + hand_x), 0.24, z + 0.26),
                (0.055, 0.045),
                coat,
                6,
            ),
            tube((0.5 * (shoulder[0] + hand_x), 0.24, z + 0.26), (hand_x, hand_y, hand_z), (0.045, 0.032), coat, 6),
            ball((hand_x, hand_y, hand_z), (0.045, 0.04, 0.04), skin, 4, 6),
        ]
    )
    return merge(
        [
            both_sides(left),
            ball((x, 0.0, z + 0.04), (0.14, 0.17, 0.11), trousers),
            tube((x, 0.0, z + 0.04), shoulder, (0.13, 0.14), coat, 8),
            ball(shoulder, (0.12, 0.21, 0.08), coat),
            tube(shoulder, (shoulder[0] + 0.06, 0.0, shoulder[2] + 0.14), (0.055, 0.05), skin, 6),
            ball((shoulder[0] + 0.08, 0.0, shoulder[2] + 0.22), (0.1, 0.085, 0.12), skin, 6, 8),
            ball((shoulder[0] + 0.07, 0.0, shoulder[2] + 0.26), (0.125, 0.1, 0.1), helmet, 6, 8),
        ]
    )


def bicycle(length: float, width: float, height: float, look: int) -> Mesh:
    """A city bicycle with its rider."""
    del width, height
    radius = 0.19 * length
    front, rear = 0.5 * length - radius, -0.5 * length + radius
    crank, saddle, head = (-0.05, 0.0, 0.3), (-0.25, 0.0, 0.88), (0.36, 0.0, 0.88)
    frame = COATS[(look + 3) % len(COATS)]
    bars = [
        tube(crank, saddle, (0.02, 0.02), frame, 6),
        tube(crank, head, (0.022, 0.022), frame, 6),
        tube((-0.21, 0.0, 0.74), (0.37, 0.0, 0.82), (0.018, 0.018), frame, 6),
        tube(crank, (rear, 0.0, radius), (0.016, 0.016), frame, 6),
        tube(saddle, (rear, 0.0, radius), (0.014, 0.014), frame, 6),
        tube((0.36, 0.0, 1.0), (front, 0.0, radius), (0.02, 0.018), METAL, 6),
        tube((0.34, -0.27, 1.02), (0.34, 0.27, 1.02), (0.016, 0.016), METAL, 6),
        box((-0.26, 0.0, 0.92), (0.26, 0.16, 0.06), TYRE),
    ]
    wheels = [_thin_wheel((x, 0.0, radius), radius) for x in (front, rear)]
    lamps = [
        glowing(ball((front - 0.08, 0.0, 0.78), (0.05, 0.04, 0.04), (255, 250, 225), 4, 6)),
        glowing(box((rear - 0.2, 0.0, 0.66), (0.04, 0.08, 0.06), (225, 30, 30))),
    ]
    return merge([*bars, *wheels, *lamps, _rider((-0.26, 0.0, 0.93), (0.34, 0.24, 1.04), 0.24, look, (235, 235, 230))])


def _thin_wheel(centre: tuple[float, float, float], radius: float) -> Mesh:
    """A ring of short bars with spokes, in the x-z plane."""
    x, y, z = centre
    rim = 0.93 * radius
    count = 14
    places = [
        (x + rim * math.cos(2 * math.pi * i / count), y, z + rim * math.sin(2 * math.pi * i / count))
        for i in range(count)
    ]
    ring = [tube(places[i], places[(i + 1) % count], (0.024, 0.024), TYRE, 5) for i in range(count)]
    spokes = [
        tube(places[i], places[(i + count // 2) % count], (0.006, 0.006), METAL, 4) for i in range(0, count // 2, 2)
    ]
    return merge([*ring, *spokes])


def motorcycle(length: float, width: float, height: float, look: int) -> Mesh:
    """A motorcycle with its rider."""
    del width, height
    radius = 0.14 * length
    front, rear = 0.5 * length - radius, -0.5 * length + radius
    paint = ((168, 38, 36), (36, 76, 132), (40, 42, 46))[look % 3]
    parts = [
        both_sides(wheel((front, 0.03, radius), radius, 0.06, 14)),
        both_sides(wheel((rear, 0.04, radius), radius, 0.08, 14)),
        both_sides(tube((front, 0.09, radius), (0.42, 0.09, 0.98), (0.03, 0.03), METAL, 6)),
        ball((0.16, 0.0, 0.8), (0.32, 0.16, 0.15), paint),
        box((-0.02, 0.0, 0.45), (0.6, 0.3, 0.36), METAL),
        ball((-0.38, 0.0, 0.78), (0.36, 0.15, 0.08), TYRE),
        ball((-0.72, 0.0, 0.84), (0.2, 0.1, 0.08), paint),
        tube((-0.1, 0.0, 0.4), (rear, 0.0, radius), (0.06, 0.05), METAL, 6),
        tube((0.36, -0.36, 1.02), (0.36, 0.36, 1.02), (0.02, 0.02), METAL, 6),
        glowing(ball((0.56, 0.0, 0.88), (0.09, 0.1, 0.1), (255, 250, 225), 5, 7)),
        glowing(box((-0.9, 0.0, 0.8), (0.06, 0.16, 0.06), (225, 30, 30))),
        both_sides(tube((-0.1, 0.17, 0.34), (-0.85, 0.19, 0.46), (0.05, 0.06), (150, 152, 156), 7)),
    ]
    return merge(
        [
            *parts,
            _rider(
                (-0.34, 0.0, 0.84),
                (0.36, 0.3, 1.04),
                0.34,
                look,
                ((238, 238, 236), (32, 34, 38), (190, 40, 36))[look % 3],
            ),
        ]
    )


def animal(length: float, width: float, height: float, look: int) -> Mesh:
    """A deer, standing; a low one is a dog without antlers."""
    w, h = width, height
    fur = FUR[look % len(FUR)]
    dark = (int(0.7 * fur[0]), int(0.7 * fur[1]), int(0.7 * fur[2]))
    legs = [
        tube((x * length, y * w, 0.5 * h), ((x + 0.02) * length, y * w, 0.0), (0.04 * h, 0.018 * h), dark, 6)
        for x in (0.2, -0.3)
        for y in (0.22, -0.22)
    ]
    parts = [
        *legs,
        ball((-0.05 * length, 0.0, 0.57 * h), (0.36 * length, 0.4 * w, 0.14 * h), fur, 6, 10),
        tube((0.22 * length, 0.0, 0.6 * h), (0.36 * length, 0.0, 0.82 * h), (0.085 * h, 0.05 * h), fur, 7),
        ball((0.4 * length, 0.0, 0.83 * h), (0.1 * length, 0.16 * w, 0.055 * h), fur, 5, 8),
        ball((0.475 * length, 0.0, 0.81 * h), (0.025 * length, 0.08 * w, 0.03 * h), (40, 34, 32), 4, 6),
        both_sides(
            tube(
                (0.34 * length, 0.12 * w, 0.86 * h), (0.32 * length, 0.3 * w, 0.93 * h), (0.025 * h, 0.008 * h), dark, 5
            )
        ),
        ball((-0.42 * length, 0.0, 0.6 * h), (0.05 * length, 0.1 * w, 0.07 * h), (236, 228, 214), 4, 6),
    ]
    if height > 0.9:
        for reach, top in ((0.36, 1.0), (0.26, 0.98)):
            parts.append(
                both_sides(
                    tube(
                        (0.36 * length, 0.08 * w, 0.87 * h),
                        (reach * length, 0.42 * w, top * h),
                        (0.014 * h, 0.007 * h),
                        dark,
                        5,
                    )
                )
            )
    return merge(parts)
