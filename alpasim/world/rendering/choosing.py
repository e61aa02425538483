"""Which renderers there are, and how one is opened by name; nothing is opened before it is asked for."""

from __future__ import annotations

from alpasim.errors import InputError, did_you_mean
from alpasim.sensors.camera import Renderer

TINY, GL = "tiny", "gl"
RENDERERS = (TINY, GL)
"""Names of the renderers: `tiny` is always there and the default, `gl` wants `pip install 'alpasim[gl]'` and EGL."""


class Renderers:
    """The renderers of one Simulation, each made when it is first asked for and kept until `close`."""

    def __init__(self) -> None:
        self._made: dict[str, Renderer] = {}

    def get(self, name: str) -> Renderer:
        """The renderer of that name; InputError as `make_renderer`."""
        if name not in self._made:
            self._made[name] = make_renderer(name)
        return self._made[name]

    @property
    def versions(self) -> str:
        """Name and version of those in use, empty where nothing has been drawn."""
        return "; ".join(made.version for made in self._made.values())

    def close(self) -> None:
        """Give everything back; the next `get` makes them anew."""
        for made in self._made.values():
            made.close()
        self._made.clear()


def make_renderer(name: str = TINY) -> Renderer:
    """A renderer of that name; InputError where there is none, or where this machine lacks what it needs."""
    if name == TINY:
        from alpasim.world.rendering.tiny import TinyRenderer

        return TinyRenderer()
    if name == GL:
        from alpasim.world.rendering.gl import GlRenderer

        return GlRenderer()
    raise InputError(f"unknown renderer {name!r}{did_you_mean(name, RENDERERS)}; there are: {', '.join(RENDERERS)}")
