"""Machine code of kernels: made by numba, laid out, kept on disk, loaded and called without numba."""
