"""What the engine says where something cannot be; the texts stand in ``data/messages.toml``."""

from __future__ import annotations

from tta_rebuild.core.data_files import packaged_toml


def message(name: str, /, **said: object) -> str:
    """The text of that name, filled in."""
    text: str = packaged_toml("tta_rebuild.engine", "messages")[name]
    return text.format(**said)
