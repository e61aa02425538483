"""A surface to draw on in metres: filled shapes, lines of real width, transparency, text; smooth by supersampling.

Shapes go on a surface `SUPERSAMPLE` times as large as the picture, which is then averaged down; text goes on the finished
picture, so that it stays crisp. pygame is used for its software surfaces and fonts alone: no display, no sound.
"""

from __future__ import annotations

import os
import warnings
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from alpasim.types import FloatArray
from alpasim.view.camera import Camera, Projection

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # pygame's own imports warn about setuptools
    import pygame
    import pygame.font

SUPERSAMPLE = 2
TEXT_SUPERSAMPLE = 4
"""Letters are rendered this much larger and averaged down: hinting at small sizes tears words apart."""


LONGEST_LINE = 300
"""Letters of one line; what is longer would not fit any picture."""

Colour = tuple[int, int, int] | tuple[int, int, int, int]
"""Red, green, blue and, where it is not opaque, alpha: 0 to 255."""

Anchor = Literal["left", "middle", "right"]
UInt8Array = NDArray[np.uint8]


class Canvas:
    """One picture in the making."""

    def __init__(self, size: tuple[int, int], camera: Camera, ground: Colour) -> None:
        self.size = size
        self.view = Projection(camera, size[0] * SUPERSAMPLE, size[1] * SUPERSAMPLE)
        self.surface = pygame.Surface((self.view.width, self.view.height), 0, 32)
        self.surface.fill(ground)

    @property
    def scale(self) -> float:
        """Pixels of the large surface in one metre."""
        return self.view.scale

    def metres(self, pixels: float) -> float:
        """Length of so many pixels of the finished picture [m]."""
        return pixels * SUPERSAMPLE / self.view.scale

    def area(self, points: FloatArray, colour: Colour) -> None:
        """A filled polygon (k, 2) [m]."""
        self.area_in_pixels(self.view.pixels(points), colour)

    def area_in_pixels(self, pixels: FloatArray, colour: Colour) -> None:
        """A filled polygon (k, 2) in pixels of the large surface; with transparency where the colour has any."""
        if len(pixels) < 3 or not self.view.sees(pixels, 0.0):
            return
        if len(colour) == 3 or colour[3] == 255:
            pygame.draw.polygon(self.surface, colour[:3], pixels.tolist())
            return
        low = np.floor(np.maximum(pixels.min(axis=0), 0.0)).astype(int)
        high = np.ceil(np.minimum(pixels.max(axis=0), (self.view.width, self.view.height))).astype(int) + 1
        layer = pygame.Surface((int(high[0] - low[0]), int(high[1] - low[1])), pygame.SRCALPHA, 32)
        pygame.draw.polygon(layer, colour, (pixels - low).tolist())
        self.surface.blit(layer, (int(low[0]), int(low[1])))

    def line(self, points: FloatArray, width_m: float, colour: Colour, closed: bool = False) -> None:
        """A polyline (k, 2) [m] of real width, mitred at its corners."""
        band = ribbon(np.asarray(points, dtype=np.float64), width_m, closed)
        if band is not None:
            self.area(band, colour)

    def fading_line(self, points: FloatArray, width_m: float, colour: Colour, alphas: FloatArray) -> None:
        """A polyline (k, 2) [m] whose segments have their own transparency (k - 1,), without seams where they meet."""
        outline = ribbon(np.asarray(points, dtype=np.float64), width_m, drop_doubles=False)
        if outline is None:
            return
        pixels = self.view.pixels(outline)
        if not self.view.sees(pixels, 0.0):
            return
        low = np.floor(np.clip(pixels.min(axis=0), 0.0, (self.view.width, self.view.height))).astype(int)
        high = np.ceil(np.clip(pixels.max(axis=0), 0.0, (self.view.width, self.view.height))).astype(int) + 1
        layer = pygame.Surface((int(high[0] - low[0]), int(high[1] - low[1])), pygame.SRCALPHA, 32)
        layer.fill((*colour[:3], 0))
        left, right = (pixels - low)[: len(points)], (pixels - low)[: len(points) - 1 : -1]
        for index, alpha in enumerate(alphas):
            corners = [left[index], left[index + 1], right[index + 1], right[index]]
            pygame.draw.polygon(layer, (*colour[:3], int(alpha)), [(float(x), float(y)) for x, y in corners])
        self.surface.blit(layer, (int(low[0]), int(low[1])))

    def dashes(self, points: FloatArray, width_m: float, colour: Colour, dash_m: float, gap_m: float) -> None:
        """A dashed polyline (k, 2) [m], beginning with half a gap."""
        steps = np.hypot(*np.diff(points, axis=0).T)
        s = np.concatenate([[0.0], np.cumsum(steps)])
        start = 0.5 * gap_m
        while start < s[-1]:
            end = min(start + dash_m, float(s[-1]))
            inner = s[(s > start) & (s < end)]
            at = np.concatenate([[start], inner, [end]])
            self.line(np.column_stack([np.interp(at, s, points[:, axis]) for axis in (0, 1)]), width_m, colour)
            start = end + gap_m

    def disc(self, x: float, y: float, radius_m: float, colour: Colour) -> None:
        """A filled circle [m]."""
        angles = np.linspace(0.0, 2.0 * np.pi, 25)[:-1]
        self.area(np.column_stack([x + radius_m * np.cos(angles), y + radius_m * np.sin(angles)]), colour)

    def finish(self) -> Sheet:
        """The drawing averaged down to the picture's size."""
        return Sheet(pygame.transform.smoothscale(self.surface, self.size), self.view)


class Sheet:
    """The finished drawing, on which boxes and text go in pixels of the picture."""

    def __init__(self, surface: pygame.Surface, view: Projection) -> None:
        self.surface = surface
        self.view = view

    @property
    def size(self) -> tuple[int, int]:
        """Width and height [px]."""
        return self.surface.get_width(), self.surface.get_height()

    @property
    def scale(self) -> float:
        """Pixels of the picture in one metre."""
        return self.view.scale / SUPERSAMPLE

    def box(self, left: float, top: float, width: float, height: float, colour: Colour, radius: int = 8) -> None:
        """A filled box with round corners."""
        wide, tall = max(round(width), 1), max(round(height), 1)
        large = pygame.Surface((wide * 3, tall * 3), pygame.SRCALPHA, 32)
        large.fill((*colour[:3], 0))
        pygame.draw.rect(large, colour, large.get_rect(), border_radius=radius * 3)
        self.surface.blit(pygame.transform.smoothscale(large, (wide, tall)), (round(left), round(top)))

    def text(self, words: str, left: float, top: float, size: int, colour: Colour, anchor: Anchor = "left") -> int:
        """One line of text; returns its width [px]."""
        shown = printable(words)
        wide = text_width(words, size)
        if wide < 1:
            return 0
        large = _font(TEXT_SUPERSAMPLE * size).render(shown, True, colour[:3])
        tall = round(large.get_height() / TEXT_SUPERSAMPLE)
        drawn = pygame.transform.smoothscale(large, (wide, tall))
        shift = {"left": 0.0, "middle": 0.5, "right": 1.0}[anchor] * wide
        self.surface.blit(drawn, (round(left - shift), round(top)))
        return wide

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Pixels at which a point of the world lies."""
        at = self.view.pixels(np.array([[x, y]]))[0] / SUPERSAMPLE
        return float(at[0]), float(at[1])

    def array(self) -> UInt8Array:
        """(height, width, 3) red, green, blue."""
        pixels = pygame.image.tobytes(self.surface, "RGB")
        width, height = self.size
        return np.frombuffer(pixels, dtype=np.uint8).reshape(height, width, 3)


def printable(words: str) -> str:
    """Text as it can be drawn on one line: no control characters, nothing beyond the font, and not without end."""
    kept = "".join(letter if letter.isprintable() and ord(letter) < 0x10000 else " " for letter in words[:LONGEST_LINE])
    return kept.rstrip()


def text_width(words: str, size: int) -> int:
    """Width of one line of text [px]."""
    return round(_font(TEXT_SUPERSAMPLE * size).size(printable(words))[0] / TEXT_SUPERSAMPLE)


def fitted(words: str, size: int, width: int) -> str:
    """One line of text no wider than `width` [px], cut with an ellipsis where it has to be."""
    kept = printable(words)
    if text_width(kept, size) <= width:
        return kept
    while kept and text_width(kept + "…", size) > width:
        kept = kept[: -max(1, len(kept) // 20)]
    return kept.rstrip() + "…"


def wrapped(words: str, size: int, width: int, most: int) -> list[str]:
    """Text broken into at most `most` lines no wider than `width` [px]; what does not fit ends in an ellipsis."""
    lines: list[str] = []
    current = ""
    for word in words[: most * LONGEST_LINE].split():
        longer = f"{current} {word}".strip()
        if current and text_width(longer, size) > width:
            lines.append(current)
            current = word
        else:
            current = longer
    lines.append(current)
    if len(lines) > most:
        lines = [*lines[: most - 1], fitted(f"{lines[most - 1]} …", size, width)]
    return [fitted(line, size, width) for line in lines if line]


def ribbon(points: FloatArray, width_m: float, closed: bool = False, drop_doubles: bool = True) -> FloatArray | None:
    """The outline (2 k, 2) of a polyline (k, 2) of real width, there on its left and back on its right; None where it has
    no length. Repeated points are dropped, unless the caller has to count them."""
    if closed and len(points) > 2:
        points = np.vstack([points, points[:1]])
    steps = np.diff(points, axis=0)
    if drop_doubles:
        points = points[np.concatenate([[True], np.hypot(steps[:, 0], steps[:, 1]) > 1e-6])]
        steps = np.diff(points, axis=0)
    if len(points) < 2:
        return None
    lengths = np.maximum(np.hypot(steps[:, 0], steps[:, 1]), 1e-9)
    normals = np.column_stack([-steps[:, 1], steps[:, 0]]) / lengths[:, None]
    before, after = np.vstack([normals[:1], normals]), np.vstack([normals, normals[-1:]])
    if closed:
        before[0], after[-1] = normals[-1], normals[0]
    middle = before + after
    middle /= np.maximum(np.hypot(middle[:, 0], middle[:, 1]), 1e-6)[:, None]
    stretch = 1.0 / np.maximum((middle * after).sum(axis=1), 0.4)
    out = middle * (0.5 * width_m * stretch)[:, None]
    return np.vstack([points + out, (points - out)[::-1]])


def _font(size: int) -> pygame.font.Font:
    """The default font; a new one where somebody has shut pygame down since, as a window of Gymnasium does when it closes."""
    if not pygame.font.get_init():
        pygame.font.init()
        _loaded.cache_clear()
    return _loaded(size)


@cache
def _loaded(size: int) -> pygame.font.Font:
    pygame.register_quit(_loaded.cache_clear)  # where pygame is started again by others, its old fonts stay dead
    return pygame.font.Font(pygame.font.get_default_font(), size)
