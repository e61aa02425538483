"""Films: pictures one after the other as an MP4 (H.264), written by the ffmpeg that imageio-ffmpeg brings along."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from alpasim.errors import InfrastructureError, InputError
from alpasim.view.canvas import UInt8Array


def write_video(frames: Iterable[UInt8Array], path: Path | str, frames_per_s: float) -> Path:
    """Write frames (height, width, 3) uint8 of one even size as an MP4; returns where it lies.

    InputError without the [video] extra or without a frame, InfrastructureError where ffmpeg fails.
    """
    try:
        import imageio_ffmpeg
    except ModuleNotFoundError as cause:
        raise InputError("films need the [video] extra: pip install 'alpasim[video]'") from cause
    file = Path(path)
    if file.suffix.lower() != ".mp4":
        raise InputError(f"{file}: expected a file name that ends in .mp4")
    file.parent.mkdir(parents=True, exist_ok=True)
    writer = None
    try:
        for frame in frames:
            if writer is None:
                height, width = frame.shape[:2]
                if height % 2 or width % 2:
                    raise InputError(f"{file}: frames are {width} x {height}, expected even numbers")
                writer = imageio_ffmpeg.write_frames(
                    str(file),
                    (width, height),
                    fps=frames_per_s,
                    macro_block_size=2,
                    quality=7,
                    ffmpeg_log_level="error",
                )
                writer.send(None)
            writer.send(frame.tobytes())
    except OSError as cause:
        raise InfrastructureError(f"{file}: ffmpeg failed: {cause}") from cause
    finally:
        if writer is not None:
            writer.close()
    if writer is None:
        raise InputError(f"{file}: a film needs at least one frame")
    return file
