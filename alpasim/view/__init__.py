"""Drawing: top-down pictures and videos, without a display. The only room that imports pygame."""
