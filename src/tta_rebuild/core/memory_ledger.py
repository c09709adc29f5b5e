"""The ledger of a cost tracker that was given none, and of tests."""

from tta_rebuild.core.usage import Ledger as MemoryLedger

__all__ = ["MemoryLedger"]
