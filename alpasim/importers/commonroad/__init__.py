"""CommonRoad XML (2018b and 2020a) on the standard library: `read_commonroad`, and the importer registered for it."""

from alpasim.importers.commonroad.reader import CommonRoad, read_commonroad
from alpasim.importers.writing import write_import

__all__ = ["CommonRoad", "read_commonroad", "write_import"]
