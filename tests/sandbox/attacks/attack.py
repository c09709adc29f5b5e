"""An attack on the host: a snippet such as a hostile story might hold.

``HOST_FILE``, ``HOST_DIR``, ``HOST_PID`` and ``PORT`` stand for what ``watch.HostWatch`` puts
there.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One attack; ``name`` is unique."""

    kind: str
    name: str
    code: str
    fakes_success: bool = False


def attacks(kind: str, *, fakes_success: bool = False, **codes: str) -> list[Attack]:
    """The attacks of a kind, by name."""
    return [
        Attack(kind=kind, name=f"{kind}/{name}", code=code.strip(), fakes_success=fakes_success)
        for name, code in codes.items()
    ]
