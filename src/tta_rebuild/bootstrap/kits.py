"""Kits of the embedded storyteller, as far as callers may ask for one by name."""

from __future__ import annotations


def check_kit(name: str) -> None:
    """See that a kit (a name, or the path of a file) can be read, before any story begins.

    Raises:
        RequestRejected: it cannot, and why.
    """
    from tta_rebuild.storyteller.kit import KitShelf

    KitShelf().kit(name, "")
