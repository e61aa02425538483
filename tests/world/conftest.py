"""Each renderer that works here, and the benchmarks' folder on the import path: the world is tried on their proving ground."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from alpasim.errors import InputError
from alpasim.sensors.camera import Renderer
from alpasim.world.rendering.choosing import RENDERERS, make_renderer

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))


@pytest.fixture(scope="module", params=RENDERERS)
def renderer(request: pytest.FixtureRequest) -> Iterator[Renderer]:
    """A renderer by its name; tests that want it are skipped, with the reason, where it cannot be made."""
    try:
        made = make_renderer(request.param)
    except InputError as cause:
        pytest.skip(str(cause))
    yield made
    made.close()
