"""Puts the benchmarks' folder on the import path: the world is tried on the same proving ground that they use."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
