"""The hour, the day, the weather and distances, in the fixed phrases that narrators use.

Used by ``reader`` for every sentence, beside the clauses.
"""

from __future__ import annotations

import re
from functools import lru_cache

from tta_rebuild.canon.relations import key_of
from tta_rebuild.canon.view import STORY
from tta_rebuild.core.english import number_in
from tta_rebuild.core.story import Claim

_HOURS = {
    "daybreak": "dawn",
    "sunrise": "dawn",
    "midday": "noon",
    "sunset": "dusk",
    "twilight": "dusk",
}
_TIME = re.compile(
    r"\b(?:it (?:was|is) (?:still |already |only |just |nearly |almost |early |late |"
    r"the middle of the |past )*|(?:at|by) |"
    r"(?P<fell>)(?=(?:night|dusk|dawn|evening|morning|midnight|noon) (?:had )?"
    r"(?:fell|fallen|came|come|broke|broken|arrived)))"
    r"(?P<hour>dawn|daybreak|sunrise|morning|noon|midday|afternoon|evening|dusk|sunset|twilight|"
    r"night|midnight)\b"
)
_NOT_YET = re.compile(r"\b(?:nearly|almost|by|until|before|past|since)\b")
_WEATHER = [
    (
        re.compile(
            r"\b(?:it (?:was|is) (?:still )?(?:raining|pouring|drizzling)|(?:the )?rain "
            r"(?:was falling|fell|poured|drummed|beat|hammered|lashed|came down|streamed|"
            r"kept falling)|a downpour)"
        ),
        "rain",
    ),
    (
        re.compile(
            r"\b(?:it (?:was|is) (?:still )?snowing|(?:the )?snow (?:was falling|fell|"
            r"drifted down|swirled|kept falling|came down)|a blizzard)"
        ),
        "snow",
    ),
    (
        re.compile(
            r"\b(?:(?:the )?sun (?:shone|blazed|was shining|beat down|burned|glared|was "
            r"out)|the sky (?:was|is) (?:clear|cloudless|blue)|under a (?:clear|cloudless) "
            r"(?:blue )?sky|not a cloud)"
        ),
        "clear",
    ),
    (
        re.compile(
            r"\b(?:(?:the|a) (?:storm|thunderstorm|gale) (?:raged|was raging|howled|broke)|"
            r"thunder (?:rolled|cracked|boomed))"
        ),
        "storm",
    ),
    (
        re.compile(r"\b(?:(?:thick |dense )?fog (?:lay|covered|hung|filled|wrapped)|the fog was)"),
        "fog",
    ),
]
_DAY = re.compile(
    r"(?:^|\bit (?:was|is) (?:only |already |now )?|\bthis (?:was|is) )the (\w+) day\b"
    r"(?! after| before)"
)
_SPAN = (
    r"(?:\w+[- ])?(?:days?|weeks?|months?|years?)(?:'s?)?"
    r"(?:[- ](?:journey|ride|voyage|walk|march|sail|travel))?"
)
_FAR = re.compile(
    r"\bthe (?P<a>[a-z ]+?) (?:lies|lay|is|was|stands|stood) (?:a |an |some |about )?"
    rf"{_SPAN} from the (?P<b>\w+)|"
    rf"\b(?:a |an ){_SPAN} from the (?P<c>\w+) to the (?P<d>\w+)"
)


@lru_cache(maxsize=512)
def scene_claims(narration: str) -> tuple[Claim, ...]:
    """The hour and the weather, where a sentence gives them."""
    low = narration.lower()
    found: list[Claim] = []
    if any(
        h in low
        for h in ("dawn", "break", "sun", "morn", "noon", "day", "even", "dusk", "twi", "night")
    ):
        match = _TIME.search(low)
        if match and not _NOT_YET.search(match.group(0)) and " not " not in match.group(0):
            hour = match.group("hour")
            told = _HOURS.get(hour, hour)
            # "at noon" may be any noon; "it was noon" is this one
            sure = not match.group(0).startswith(("at ", "by "))
            found.append(Claim(subject=STORY, relation="time_of_day", value=told, certain=sure))
    day = _DAY.search(low) if "day" in low else None
    if day and number_in(day.group(1)):
        found.append(_claim(STORY, "day", number_in(day.group(1))))
    far = _FAR.search(low) if " from " in low else None
    if far:
        found.append(_claim(key_of(far["a"] or far["c"]), "far_from", key_of(far["b"] or far["d"])))
    for pattern, weather in _WEATHER:
        if pattern.search(low):
            found.append(_claim(STORY, "weather", weather))
            break
    return tuple(found)


def _claim(subject: str, relation: str, value: str) -> Claim:
    return Claim(subject=subject, relation=relation, value=value)
