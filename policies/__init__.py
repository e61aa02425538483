"""Drivers: content of the package, found by name. They may not read the script: see tests/test_architecture.py."""
