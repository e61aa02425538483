"""What all tests share: this folder on the import path (by its place), so that `builders` can be imported, and property
tests that set no time limits, because the first call of a kernel compiles it, and that draw the same cases every time under
continuous integration, so that a change is blamed for what it broke and not for what was drawn."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("alpasim", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("alpasim")
