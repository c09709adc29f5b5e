"""Keys made on the spot, shaped like each provider's: none is in any file, none opens anything."""

from __future__ import annotations

import random
import string

_WORD = string.ascii_letters + string.digits


def _of(rng: random.Random, alphabet: str, length: int) -> str:
    return "".join(rng.choice(alphabet) for _ in range(length))


def canary(variable: str, rng: random.Random) -> str:
    """A key such as that environment variable holds; an unknown variable gets 40 letters."""
    match variable:
        case "GEMINI_API_KEY" | "GOOGLE_API_KEY":
            return "AIza" + "Sy" + _of(rng, _WORD + "-_", 33)
        case "ANTHROPIC_API_KEY":
            return "sk-" + "ant-api03-" + _of(rng, _WORD + "-_", 95)
        case "OPENAI_API_KEY":
            return "sk-" + "proj-" + _of(rng, _WORD + "-_", 64)
        case "E2B_API_KEY":
            return "e2b" + "_" + _of(rng, "0123456789abcdef", 40)
    return _of(rng, _WORD, 40)
