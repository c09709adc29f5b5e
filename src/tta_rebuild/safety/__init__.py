"""What a player allows: boundaries and warnings as a gate, not as a wish in a prompt."""

from tta_rebuild.safety.gate import Finding, SafetyGate

__all__ = ["Finding", "SafetyGate"]
