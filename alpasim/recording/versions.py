"""What a rollout is driven with: versions of the packages its results depend on, and a hash of the simulator's own code."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from functools import cache
from importlib import resources
from importlib.metadata import PackageNotFoundError, version

_VERSIONED = ("alpasim", "pybullet", "numpy", "numba")
_SOURCES = ("alpasim", "alpasim_assets")


@cache
def versions() -> dict[str, str]:
    """Versions by name; `code` is the first half of `source_fingerprint`, and tells two states of one version apart."""
    return {
        **{name: _version(name) for name in _VERSIONED},
        "python": platform.python_version(),
        "code": source_fingerprint()[:32],
    }


def changed_since(then: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Which of the versions `then` are others now: name to what it was and what it is, `nothing` where it is gone."""
    now = versions()
    return {name: (was, now.get(name, "nothing")) for name, was in then.items() if was != now.get(name, "nothing")}


@cache
def source_fingerprint() -> str:
    """SHA-256 over the simulator's own sources and assets as they lay on the disk when this process first asked."""
    digest = hashlib.sha256()
    for package in _SOURCES:
        with resources.as_file(resources.files(package)) as folder:
            for file in sorted(file for suffix in ("py", "yaml", "json") for file in folder.rglob(f"*.{suffix}")):
                content = file.read_bytes()
                digest.update(f"{package}/{file.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
                digest.update(content)
    return digest.hexdigest()


@cache
def _version(name: str) -> str:
    """An installed distribution's version; the ARM build of pybullet goes by another name."""
    try:
        return version(name)
    except PackageNotFoundError:
        return version("pybullet-arm64") if name == "pybullet" else "unknown"
