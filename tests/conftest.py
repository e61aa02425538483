"""What all tests share: this folder on the import path (by its place), so that `builders` can be imported, and property
tests that set no time limits, because the first call of a kernel compiles it."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("alpasim", deadline=None)
settings.load_profile("alpasim")
