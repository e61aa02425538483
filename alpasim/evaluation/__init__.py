"""Scenarios x policies x seeds: planned first, run in worker processes, stored row by row, reported and repeated."""
