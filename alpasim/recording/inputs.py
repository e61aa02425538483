"""The scenario's own files inside a log: a zip archive whose bytes depend on nothing but the files.

Answers "what was read to build this scenario", so that a log can be driven again where nothing but the log is left.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from alpasim.errors import RecordingError

MAX_INPUT_BYTES = 512 * 2**20
"""An archive that unpacks to more than this is refused unread."""
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def pack_inputs(inputs: Mapping[str, bytes]) -> bytes:
    """A zip archive of the files by name, the same bytes for the same files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in sorted(inputs):
            archive.writestr(zipfile.ZipInfo(name, _NO_TIME), inputs[name], zipfile.ZIP_DEFLATED, compresslevel=1)
    return out.getvalue()


def unpack_inputs(data: bytes) -> dict[str, bytes]:
    """The files that `pack_inputs` was given; RecordingError for an archive that is damaged or absurdly large."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            total = sum(member.file_size for member in archive.infolist())
            if total > MAX_INPUT_BYTES:
                raise RecordingError(
                    f"the log's scenario files claim {total} bytes, at most {MAX_INPUT_BYTES} are read"
                )
            return {member.filename: archive.read(member) for member in archive.infolist()}
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, OSError, ValueError) as cause:
        raise RecordingError(f"the log's scenario files cannot be unpacked: {cause}") from cause
