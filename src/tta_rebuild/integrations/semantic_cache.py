"""Answers to prompts that were nearly the same, within one story. Off unless it is asked for.

``wrappers.cached`` asks here after the exact cache had nothing. Nearness is the cosine between
embeddings that a provider makes; only prompts of the same task, template, schema, model and
instructions are compared, and never those of another story.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tta_rebuild.integrations.llm_provider import LLMRequest, LLMResponse

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Embed = Callable[[str], Awaitable[Sequence[float]]]
"""Gives a text's embedding; a provider's, handed in by whoever builds the stack."""


class SemanticCache:
    """Answers by nearness of the prompt, per story.

    Args:
        embed: gives a text's embedding.
        least_similarity: cosine in (0, 1] from which on two prompts count as the same.
        entries: answers per story and kind of request; the oldest leave first.
        stories: stories remembered; those not asked for longest leave first.
    """

    def __init__(
        self,
        embed: Embed,
        *,
        least_similarity: float = 0.97,
        entries: int = 500,
        stories: int = 50,
    ) -> None:
        self._embed = embed
        self._least = least_similarity
        self._entries = entries
        self._stories = stories
        self._kept: OrderedDict[str, dict[str, deque[tuple[NDArray[np.float32], LLMResponse]]]] = (
            OrderedDict()
        )

    async def embedding(self, request: LLMRequest) -> NDArray[np.float32]:
        """The prompt's embedding, of length 1."""
        import numpy as np

        vector = np.asarray(await self._embed(request.prompt), dtype=np.float32)
        length = float(np.linalg.norm(vector))
        return vector / length if length else vector

    def find(self, request: LLMRequest, embedding: NDArray[np.float32]) -> LLMResponse | None:
        """The answer to the nearest prompt of this story, if it is near enough."""
        import numpy as np

        story = self._kept.get(request.story_id)
        kept = story.get(_kind(request)) if story else None
        if not kept:
            return None
        self._kept.move_to_end(request.story_id)
        similarity = np.stack([vector for vector, _ in kept]) @ embedding
        best = int(similarity.argmax())
        return kept[best][1] if similarity[best] >= self._least else None

    def put(
        self, request: LLMRequest, embedding: NDArray[np.float32], response: LLMResponse
    ) -> None:
        """Keep an answer; requests of no story are not kept."""
        if not request.story_id:
            return
        story = self._kept.setdefault(request.story_id, {})
        story.setdefault(_kind(request), deque(maxlen=self._entries)).append((embedding, response))
        self._kept.move_to_end(request.story_id)
        while len(self._kept) > self._stories:
            self._kept.popitem(last=False)


def _kind(request: LLMRequest) -> str:
    """Everything that must be the same, whatever the prompt says."""
    return replace(request, prompt="", variables={}).key()
