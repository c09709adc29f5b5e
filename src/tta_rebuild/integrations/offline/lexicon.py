"""Word lists as text. Called wherever this folder keeps a list of words."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """The words of a text, divided by white space."""
    return frozenset(text.split())
