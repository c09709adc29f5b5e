"""Prose measures and the score."""
