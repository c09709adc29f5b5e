"""A language model as judge of a scene, by the six criteria of HANNA (Chhun et al. 2022).

It is asked several times with the criteria in another order, so that none is always the first, and
says how far its own answers agree. It stands on the model layer like every other caller: budgets,
retries and the ledger see each question as the task ``judgement``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import Any

from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.core.errors import BudgetExceededError, ProviderError
from tta_rebuild.integrations.llm_provider import LLMProvider, LLMRequest
from tta_rebuild.prompts import PromptCatalog
from tta_rebuild.prompts.json_mending import object_in
from tta_rebuild.prompts.reply_values import numbers, objects, word
from tta_rebuild.quality.parts import RECENT_SCENES, SceneAsked
from tta_rebuild.quality.score import Quality

CRITERIA: Mapping[str, str] = {
    "relevance": "how well it fits the premise and what was just done",
    "coherence": "how well it hangs together and makes sense",
    "empathy": "how well a reader understands what the people feel",
    "surprise": "how far it does what a reader did not foresee, and still makes sense",
    "engagement": "how much a reader wants to go on",
    "complexity": "how much there is to it: layers, details, links",
}
LOWEST, HIGHEST = 1, 5

JUDGE_SHARE = 0.6
"""What the judge's marks are of a score; the counted parts are the rest."""

UNSURE_JUDGED = 0.18
"""Half of the interval with a judge whose samples agree: what a correlation of 0.57 with readers'
marks (a model of 13 billion weights on HANNA) leaves. Yours may be better; it is not measured."""

MAX_TOKENS = 700
LONGEST_REASON = 400
"""Characters that are kept of what decided a mark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RubricMarks:
    """What a judge said of a scene.

    Attributes:
        marks: criterion to mark in [0, 1], the mean of the samples.
        samples: each answer, criterion to mark from 1 to 5.
        agreement: 1 less the mean difference of the samples' marks over their range, in [0, 1];
            None of a single sample.
        why: criterion to what decided its mark, in the judge's words, one for each sample ("" where
            it said nothing).
        note: "" or, in plain words, which answers are missing and why.
    """

    marks: Mapping[str, float]
    samples: tuple[Mapping[str, int], ...]
    agreement: float | None
    why: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    note: str = ""

    @property
    def score(self) -> float:
        """The mean of all criteria, in [0, 1]."""
        return fmean(self.marks.values())

    def sample_scores(self) -> list[float]:
        """The mean mark of each sample, in [0, 1]."""
        return [fmean(map(_scaled, sample.values())) for sample in self.samples]


@dataclass(frozen=True, slots=True)
class ModelJudge:
    """Asks a model ``samples`` times per scene.

    ``where`` are story, branch and turn for the ledger, as ``LLMRequest`` names them.
    """

    provider: LLMProvider
    catalog: PromptCatalog
    samples: int = 2
    where: Mapping[str, Any] | None = None

    async def judge(
        self, piece: str, context: TTAContext, asked: SceneAsked
    ) -> tuple[RubricMarks | None, str]:
        """The judgement, None if no answer could be used, and a note on what went wrong."""
        answers, notes = list[str](), list[str]()
        for number in range(self.samples):
            answer, note = await self._answer(piece, context, asked, number)
            answers += [answer] if answer else []
            notes += [note] if note else []
        note = "; ".join(dict.fromkeys(notes))
        if not answers:
            return None, note
        return judgement_of([*map(marks_in, answers)], note, [*map(reasons_in, answers)]), note

    async def _answer(
        self, piece: str, context: TTAContext, asked: SceneAsked, number: int
    ) -> tuple[str, str]:
        variables = judged_variables(piece, asked, number)
        request = LLMRequest(
            **vars(self.catalog.render("judgement", variables)),
            context=context,
            task="judgement",
            variables=variables,
            max_tokens=MAX_TOKENS,
            **(self.where or {}),
        )
        try:
            response = await self.provider.complete(request)
        except BudgetExceededError:
            return "", "the budget is too short for a judge"
        except ProviderError as error:
            return "", f"the judge failed ({error})"
        if not marks_in(response.text):
            return "", "the judge's answer could not be read"
        return response.text, ""


def judged_variables(piece: str, asked: SceneAsked, number: int) -> dict[str, Any]:
    """What the template ``judgement`` is filled with for the sample of that number, from 0."""
    return {
        "premise": asked.premise,
        "cast": list(asked.cast),
        "before": "\n\n".join(asked.recent[-RECENT_SCENES:]),
        "move": asked.move,
        "piece": piece,
        "criteria": [f"{name}: {CRITERIA[name]}" for name in criteria_in_order(number)],
    }


def criteria_in_order(number: int) -> list[str]:
    """The criteria for the sample of that number: turned round every other time, and further on."""
    turned = number // 2 % len(CRITERIA)
    names = [*CRITERIA][turned:] + [*CRITERIA][:turned]
    return names[::-1] if number % 2 else names


def marks_in(text: str) -> dict[str, int]:
    """Criterion to mark, in the usual order; empty unless each is marked from 1 to 5."""
    found = _entries(text)
    marks = {name: next(iter(numbers(found.get(name, {}).get("mark"))), 0) for name in CRITERIA}
    return marks if all(LOWEST <= mark <= HIGHEST for mark in marks.values()) else {}


def reasons_in(text: str) -> dict[str, str]:
    """Criterion to what decided its mark, in the usual order; "" where nothing is said."""
    found = _entries(text)
    return {name: word(found.get(name, {}).get("why"), LONGEST_REASON) for name in CRITERIA}


def _entries(text: str) -> dict[str, dict[str, Any]]:
    return {
        word(one.get("criterion")).lower(): one for one in objects(object_in(text).get("marks"))
    }


def judgement_of(
    samples: Sequence[Mapping[str, int]], note: str = "", reasons: Sequence[Mapping[str, str]] = ()
) -> RubricMarks:
    """What some answers, at least one, come to together; ``reasons`` are those of each."""
    apart = [
        abs(one[name] - other[name])
        for at, one in enumerate(samples)
        for other in samples[at + 1 :]
        for name in CRITERIA
    ]
    return RubricMarks(
        marks={name: fmean(_scaled(one[name]) for one in samples) for name in CRITERIA},
        samples=tuple(samples),
        agreement=1 - fmean(apart) / (HIGHEST - LOWEST) if apart else None,
        why={name: tuple(one[name] for one in reasons) for name in CRITERIA} if reasons else {},
        note=note,
    )


def with_judgement(quality: Quality, judgement: RubricMarks | None) -> Quality:
    """The quality with what a judge said folded in, within its ``at_most``; as it was if none."""
    if judgement is None:
        return quality
    score = (1 - JUDGE_SHARE) * quality.estimate + JUDGE_SHARE * judgement.score
    score = min(quality.at_most, score)
    scores = judgement.sample_scores()
    unsure = UNSURE_JUDGED + (max(scores) - min(scores)) / 2
    return replace(
        quality,
        score=round(score, 6),
        low=max(0.0, score - unsure),
        high=min(1.0, score + unsure),
        judged=judgement.marks,
    )


def _scaled(mark: int) -> float:
    return (mark - LOWEST) / (HIGHEST - LOWEST)
