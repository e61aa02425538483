"""Its place puts this folder on the import path, so that every test can build scenes with `builders`."""
