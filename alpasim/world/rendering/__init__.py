"""Drawing what cameras see: scenes made of meshes (`scene.py`), and two renderers that draw them (`tiny.py`, `gl.py`)."""
