"""The four primitives."""
