"""How a story is told: the four primitives."""
