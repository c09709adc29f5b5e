"""What a player allows: boundaries and warnings as a gate, not as a wish in a prompt."""

from tta_rebuild.safety.gate import BoundaryFinding, SafetyGate

__all__ = ["BoundaryFinding", "SafetyGate"]
