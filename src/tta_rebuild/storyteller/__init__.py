"""The embedded storyteller: plays whole stories with no key and no network.

``OfflineProvider`` is an ``LLMProvider`` like any other; the rest of this folder is how it tells.
The name loads on first use, so that importing this package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tta_rebuild.storyteller.provider import OfflineProvider

__all__ = ["OfflineProvider"]

if not TYPE_CHECKING:  # a checker would take any name that is not there for one that is

    def __getattr__(name: str) -> Any:
        if name != "OfflineProvider":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from tta_rebuild.storyteller.provider import OfflineProvider

        return OfflineProvider
