"""Drawing what cameras see. `make_renderer` gives one by name; nothing is opened before it is asked for."""

from __future__ import annotations

from alpasim.errors import InputError, did_you_mean
from alpasim.sensors.camera import Renderer

TINY, GL = "tiny", "gl"
RENDERERS = (TINY, GL)
"""Names of the renderers: `tiny` is always there and the default, `gl` wants `pip install 'alpasim[gl]'` and EGL."""


def make_renderer(name: str = TINY) -> Renderer:
    """A renderer of that name; InputError where there is none, or where this machine lacks what it needs."""
    if name == TINY:
        from alpasim.world.rendering.tiny import TinyRenderer

        return TinyRenderer()
    if name == GL:
        from alpasim.world.rendering.gl import GlRenderer

        return GlRenderer()
    raise InputError(f"unknown renderer {name!r}{did_you_mean(name, RENDERERS)}; there are: {', '.join(RENDERERS)}")
