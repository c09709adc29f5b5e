"""One person says or thinks something: drafts of it, a sentence at a time.

The engine tells them through its gate (``engine.aside``), as it does the drafts of a scene. The
model gets the one person's knowledge alone; what it answers may be wrapped, cut, refused or empty.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.english import sentences_of
from tta_rebuild.core.errors import ContentRefused, ReplyUnusable, StreamBroken
from tta_rebuild.core.story import Passage
from tta_rebuild.integrations import llm_provider as model
from tta_rebuild.narrative.story_values import DraftRestarted, GeneratedStory, StoryItem, untold
from tta_rebuild.prompts import PromptCatalog
from tta_rebuild.prompts import reply_values as read
from tta_rebuild.prompts.json_mending import object_in

ANSWER_TOKENS, ANSWER_CHARS = 300, 700
"""Of an answer, at most; what is longer ends with its last whole sentence."""

CUT = "the answer reached its limit: it is given as far as its last whole sentence"

_MARKS = '"“”„«»'
_DIRECTION = re.compile(r"\*[^*\n]{1,120}\*|^\s*\([^()\n]{1,80}\)\s*", re.MULTILINE)
_HELD_UNTIL = 40
"""Characters of an answer before which nobody can tell whether it is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineWanted:
    """Who is to say (``dialogue``) or think (``monologue``) something, and from what."""

    task: Literal["dialogue", "monologue"]
    character_id: str
    name: str
    variables: Mapping[str, Any]
    language: str = "en"


@dataclass(slots=True)
class _Answer:
    """One answer while it comes: its text, what was given of it, and how it ended."""

    wanted: LineWanted
    text: str = ""
    given: list[Passage] = field(default_factory=list)
    response: model.LLMResponse | None = None
    broke: str = ""

    def more(self, *, is_whole: bool = False) -> Iterator[Passage]:
        """The sentences that are complete by now, and were not given yet."""
        if not is_whole and (len(self.text) < _HELD_UNTIL or not self._is_plain_so_far):
            return
        told = said_by(self.wanted.name, self.text)
        is_cut = self.broke or len(told) > ANSWER_CHARS
        is_cut = is_cut or (self.response is not None and self.response.finish_reason != "stop")
        told = read.within(told, ANSWER_CHARS)
        if is_whole and is_cut:
            told = read.up_to_last_sentence(told)
        sentences = sentences_of(told, self.wanted.language)
        for sentence in sentences[len(self.given) : None if is_whole else -1]:
            who = self.wanted.character_id
            self.given.append(Passage(text=sentence, speaker=who, declared=True))
            yield self.given[-1]

    @property
    def _is_plain_so_far(self) -> bool:
        return self.text.lstrip()[:1] not in "{[`<" and not read.is_refusal(self.text)

    @property
    def is_refused(self) -> bool:
        ended = self.response.finish_reason if self.response else ""
        return not self.given and (ended in ("safety", "recitation") or read.is_refusal(self.text))


def said_by(name: str, reply: str) -> str:
    """What a reply lets somebody say: without thoughts, name, marks, stage directions; "" if none.

    JSON with a text in it is understood.
    """
    *_, text = read.THOUGHT_ENDS.split(reply)
    if read.is_thinking(reply) or read.is_refusal(text):
        return ""
    if read.is_json(text):
        keys = ("dialogue", "line", "answer", "text", "thought", "monologue")
        found = object_in(text)
        inner = found.get("passages")
        found = inner[0] if isinstance(inner, list) and inner else found
        text = next((t for k in keys if (t := read.text(found.get(k)))), "") if found else ""
    text = read.MARKDOWN.sub("", read.clean(text, 8 * ANSWER_CHARS))
    text = " ".join(_DIRECTION.sub(" ", text).split())
    text = re.sub(rf"^{re.escape(name)}\s*:\s*", "", text, flags=re.IGNORECASE).strip()
    if text[:1] in _MARKS and not any(mark in text[1:-1] for mark in _MARKS):
        text = text.strip(_MARKS).strip()
    return text if any(character.isalnum() for character in text) else ""


class OnePerson:
    """Drafts of what one person says or thinks; see ``engine.telling.Drafts``.

    Asked once more where the answer was none; then raises ReplyUnusable or ContentRefused.
    """

    def __init__(self, llm_provider: model.LLMProvider, catalog: PromptCatalog) -> None:
        self.llm_provider = llm_provider
        self._catalog = catalog

    def tell(self, input_data: LineWanted, context: TTAContext) -> AsyncGenerator[StoryItem, None]:
        """The answer while it is being written. Raises ProviderError, BudgetExceededError."""
        return self._told(input_data, context, {})

    def continue_from(
        self,
        input_data: LineWanted,
        context: TTAContext,
        *,
        told_so_far: str,
        withheld: str,
        contradiction: str,
    ) -> AsyncGenerator[StoryItem, None]:
        """The rest of an answer of which a sentence was held back."""
        rest = {"told_so_far": told_so_far, "withheld": withheld, "contradiction": contradiction}
        return self._told(input_data, context, rest)

    async def _told(
        self, wanted: LineWanted, context: TTAContext, rest: Mapping[str, str]
    ) -> AsyncGenerator[StoryItem, None]:
        request = self._request(wanted, context, rest)
        for asked in (request, _once_more(request)):
            answer = _Answer(wanted)
            async with aclosing(self._heard(asked, answer)) as items:
                async for item in items:
                    yield item
            if answer.given:
                yield _drafted(answer, request)
                return
        name = answer.response.model if answer.response else ""
        if answer.is_refused:
            said = f"{name} would not answer for {wanted.name}: ask it otherwise"
            raise ContentRefused(said, reason="in its reply", model=name)
        said = f"{name} gave no answer for {wanted.name}, also when asked once more: try again"
        raise ReplyUnusable(said, model=name)

    async def _heard(
        self, asked: model.LLMRequest, answer: _Answer
    ) -> AsyncGenerator[StoryItem, None]:
        try:
            async with aclosing(self.llm_provider.items(asked)) as items:
                async for item in items:
                    match item:
                        case model.TextPiece(text=text):
                            answer.text += text
                            for passage in answer.more():
                                yield passage
                        case model.StreamRestarted(reason=reason):
                            answer.text, answer.given = "", []
                            yield DraftRestarted(reason)
                        case model.StreamEnded(response=response):
                            answer.response = response
                            answer.text = answer.text or response.text
        except StreamBroken:
            answer.broke = "the connection to the storyteller broke off"
            if not answer.given:
                raise
        for passage in answer.more(is_whole=True):
            yield passage

    def _request(
        self, wanted: LineWanted, context: TTAContext, rest: Mapping[str, str]
    ) -> model.LLMRequest:
        state, variables = context.session_state, {**wanted.variables, **rest}
        return model.LLMRequest(
            **vars(self._catalog.render(wanted.task, variables, story_id=context.workflow_id)),
            context=context,
            task=wanted.task,
            variables=variables,
            story_id=context.workflow_id,
            branch_id=str(state.get("branch_id", "")),
            turn=int(state.get("turn", 0)),
            max_tokens=ANSWER_TOKENS,
        )


def _once_more(request: model.LLMRequest) -> model.LLMRequest:
    said: str = packaged_toml("tta_rebuild.narrative", "once_more")["line"]
    return replace(request, prompt=f"{request.prompt}\n\n{said.strip()}")


def _drafted(answer: _Answer, request: model.LLMRequest) -> GeneratedStory:
    response = answer.response
    cut = response is not None and response.finish_reason == "length"
    notes = (response.degraded if response else "", answer.broke, CUT if cut else "")
    told_by = f"{response.provider}:{response.model}".removeprefix(":") if response else ""
    return replace(
        untold("; ".join(filter(None, notes))),
        passages=tuple(answer.given),
        told_by=told_by,
        reply=answer.text,
        response=response,
        request_key=request.key(),
        prompt_version=request.template,
    )
