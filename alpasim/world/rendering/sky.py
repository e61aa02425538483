"""Light and air by day, the same for both renderers: the sky's colours, the sun's share of brightness, and fog.

The sky is brighter towards the horizon. A surface shows AMBIENT of its colour plus DIFFUSE times the cosine between its
normal and the sun. Fog takes contrast by the extinction of `scenario/weather.py`. Other light is `light.py`'s matter.
"""

from __future__ import annotations

import numpy as np

from alpasim.world.rendering.mesh import SUN

AMBIENT, DIFFUSE = 0.56, 0.5
HORIZON = np.array((206.0, 220.0, 232.0))
ZENITH = np.array((86.0, 138.0, 204.0))
FOG = np.array((196.0, 201.0, 205.0))
SUN_DIRECTION = SUN / np.linalg.norm(SUN)
