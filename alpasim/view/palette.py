"""The colours of a picture, in one place: a quiet ground, so that the ego and what endangers it stand out."""

from __future__ import annotations

from alpasim.types import SignalColour
from alpasim.view.canvas import Colour

GROUND: Colour = (214, 221, 208)
ASPHALT: Colour = (84, 91, 102)
SHOULDER: Colour = (97, 104, 114)
PARKING: Colour = (93, 100, 112)
BUS_LANE: Colour = (92, 88, 104)
BICYCLE_LANE: Colour = (133, 96, 92)
SIDEWALK: Colour = (196, 198, 196)
KERB: Colour = (226, 226, 221)
PAVEMENT_EDGE: Colour = (160, 166, 158)

MARK: Colour = (236, 239, 241)
MARK_OPPOSITE: Colour = (244, 205, 92)
UNPAINTED: Colour = (104, 110, 122)
"""A hint of the border between two lanes that no paint parts, as in maps without marks."""

STOP_LINE: Colour = (248, 249, 250)

ICE: Colour = (205, 230, 244, 150)
ICE_EDGE: Colour = (226, 244, 255, 220)
SLIPPERY: Colour = (110, 140, 168, 130)
ROUGH: Colour = (140, 122, 92, 110)
SOILS: dict[str, Colour] = {
    "gravel": (150, 143, 130, 200),
    "sand": (206, 184, 132, 210),
    "mud": (104, 80, 56, 210),
    "grass": (150, 178, 128, 220),
    "leaves": (168, 116, 56, 150),
    "oil": (38, 34, 48, 170),
}
"""Patches of these kinds; others by how slippery they are."""
TERRAIN: dict[str, Colour] = {
    "grass": GROUND,
    "gravel": (203, 199, 190),
    "sand": (228, 214, 180),
    "mud": (190, 176, 158),
    "snow": (236, 240, 244),
    "paved": (176, 180, 184),
}
"""The ground beside the road."""

SLOPE: Colour = (250, 214, 120, 200)
KERB_FOOT: Colour = (120, 122, 120)
HOLE: Colour = (40, 36, 34)
HOLE_FLOOR: Colour = (18, 16, 15)
HOLE_RIM: Colour = (200, 120, 70)
BUMP: tuple[Colour, Colour] = ((242, 190, 40), (48, 50, 54))

SIGNALS: dict[SignalColour, Colour] = {
    SignalColour.OFF: (110, 114, 120),
    SignalColour.RED: (240, 62, 62),
    SignalColour.RED_YELLOW: (255, 132, 40),
    SignalColour.YELLOW: (252, 196, 25),
    SignalColour.GREEN: (55, 200, 96),
}
LAMP_OFF: Colour = (62, 66, 73)
HOUSING: Colour = (26, 29, 34)

EGO: Colour = (28, 126, 230)
EGO_ROOF: Colour = (74, 160, 246)
PLAN: Colour = (40, 178, 255)
TRAIL: Colour = (28, 126, 230)
GOAL: Colour = (64, 192, 102)

GLASS: Colour = (38, 46, 58)
OUTLINE: Colour = (36, 40, 47)
SHADOW: Colour = (20, 24, 30, 70)
VEHICLES: tuple[tuple[Colour, Colour], ...] = (
    ((206, 212, 218), (226, 230, 234)),
    ((148, 157, 168), (170, 178, 188)),
    ((226, 219, 205), (240, 235, 225)),
    ((176, 118, 106), (196, 140, 128)),
    ((126, 146, 134), (150, 168, 157)),
)
"""Body and roof; an actor keeps its own by its row."""

TRAILER: Colour = (232, 235, 238)
TRAILER_SEAM: Colour = (205, 210, 215)
BUS: Colour = (222, 170, 74)
PEOPLE: Colour = (245, 120, 42)
HALO: Colour = (255, 150, 60, 70)
RIDER: Colour = (214, 82, 138)
MOTORCYCLE: Colour = (176, 56, 56)
BICYCLE: Colour = (60, 130, 110)
HAIR: Colour = (74, 48, 36)
SKIN: Colour = (240, 200, 168)
WHEEL: Colour = (24, 26, 30)
ANIMAL: Colour = (150, 98, 56)
ANIMAL_DARK: Colour = (112, 70, 38)
DEBRIS: Colour = (176, 124, 70)
DEBRIS_DARK: Colour = (124, 84, 44)
CONE: Colour = (255, 112, 32)
CONE_RING: Colour = (250, 250, 250)
BARRIER: tuple[Colour, Colour] = ((228, 64, 64), (246, 246, 246))
HEADLIGHT: Colour = (255, 250, 215)
TAILLIGHT: Colour = (150, 38, 38)
BRAKE_LIGHT: Colour = (255, 44, 44)
VELOCITY: Colour = (255, 255, 255, 150)
EGO_VELOCITY: Colour = (116, 206, 255, 190)
STRUCK: Colour = (235, 60, 50)
FLASH: tuple[Colour, Colour, Colour] = ((226, 38, 38), (255, 146, 28), (255, 236, 130))

WAY: Colour = (255, 168, 58)
TRIGGER: Colour = (206, 74, 190)
GHOST: Colour = (250, 238, 200)
"""Of previews: where actors are sent, where events wait, and where others start in another draw."""

PANEL: Colour = (22, 26, 33, 214)
INK: Colour = (244, 246, 248)
INK_QUIET: Colour = (164, 173, 184)
INK_ACCENT: Colour = (112, 196, 255)
INK_ALARM: Colour = (255, 120, 104)
