"""What sentences with "be", "have", "can" and "know" say: states, traits, kin, roles, hours.

Used by ``reader`` for every clause; beside it the few fixed phrases in which narrators give the
hour and the weather.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tta_rebuild.canon.clauses import Act
from tta_rebuild.canon.entities import Mentions
from tta_rebuild.canon.lexicon import Lexicon
from tta_rebuild.canon.relations import Relations, key_of, number_in
from tta_rebuild.canon.view import STORY
from tta_rebuild.core.story import Claim

if TYPE_CHECKING:
    from tta_rebuild.canon.reader import Reader

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
_AGE = re.compile(r"^(?:only |just |now |already )*(\w+)(?:-| )(?:years|year)(?:-| )(?:old|of age)")
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
_LEVEL = frozenset(
    [
        "very",
        "so",
        "too",
        "quite",
        "rather",
        "still",
        "already",
        "now",
        "once",
        "really",
        "terribly",
        "only",
        "just",
        "truly",
        "always",
        "completely",
        "utterly",
        "fully",
        "half",
        "entirely",
        "well",
        "also",
        "perfectly",
        "wide",
    ]
)
_SKIP = frozenset(["so", "too"])


class StateReader:
    """Claims from clauses of being, having, being able and knowing.

    Args:
        lexicon: closed sets of words.
        relations: for the groups of opposed words.
    """

    def __init__(self, lexicon: Lexicon, relations: Relations) -> None:
        self._lexicon = lexicon
        self._relations = relations
        self._kin = lexicon.sets["kin"]

    def scene_claims(self, narration: str) -> list[Claim]:
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
                found.append(_claim(STORY, "time_of_day", _HOURS.get(hour, hour)))
        day = _DAY.search(low) if "day" in low else None
        if day and number_in(day.group(1)):
            found.append(_claim(STORY, "day", number_in(day.group(1))))
        far = _FAR.search(low) if " from " in low else None
        if far:
            found.append(
                _claim(key_of(far["a"] or far["c"]), "far_from", key_of(far["b"] or far["d"]))
            )
        for pattern, weather in _WEATHER:
            if pattern.search(low):
                found.append(_claim(STORY, "weather", weather))
                break
        return found

    def claims(
        self, act: Act, roles: dict[str, str], reader: Reader, mentions: Mentions
    ) -> list[Claim]:
        """What one clause says to be so; hedged clauses are not given here."""
        match act.lemma:
            case "be":
                return self._being(act, roles, reader, mentions)
            case "have" | "possess" | "own" | "carry" | "hold" | "keep":
                return self._having(act, roles, reader, mentions)
            case "belong":
                owner = roles.get("R") or roles.get("T")
                thing = roles.get("S")
                if owner and thing:
                    return [_claim(owner, "owns", thing, ends=act.negated)]
            case "know" | "meet" | "see":
                return self._knowing(act, roles, reader, mentions)
            case "swear" | "promise" | "vow" | "pledge":
                return self._promising(act, roles)
            case "call" | "name" | "be_named":
                return self._naming(act, roles)
            case "make" if act.passive and act.complement[:1] == ("of",):
                thing = roles.get("O", "")
                if thing and not act.negated:
                    return [
                        _claim(thing, "made_of", " ".join(_until_break([*act.complement[1:3]])))
                    ]
            case _:
                pass
        return []

    def ability(self, act: Act, roles: dict[str, str]) -> list[Claim]:
        """ "could not swim": only of verbs without an object, which name a skill."""
        subject = roles.get("S", "")
        if not subject or "O" in roles or act.passive or (act.family is None and act.lemma == "be"):
            return []
        if act.complement[:1] and act.complement[0] not in (".", ",", ";", "!", "and", "at", "a"):
            return []
        return [
            _claim(
                subject,
                "ability",
                f"not {act.lemma}" if act.negated else act.lemma,
                certain=act.negated,
            )
        ]

    # ------------------------------------------------------------------------------ be

    def _being(
        self, act: Act, roles: dict[str, str], reader: Reader, mentions: Mentions
    ) -> list[Claim]:
        phrase = act.roles.get("S")
        if phrase is None:
            return []
        words = [w for w in act.complement if w not in _LEVEL]
        negated = act.negated or (bool(words) and words[0] in ("not", "never", "no"))
        while words and words[0] in ("not", "never", "no"):
            words = words[1:]
        if not words:
            return []
        plain = _until_break(words)
        text = " ".join(plain)
        subject = roles.get("S", "")
        # "Mara's eyes were green", "Mara's name was Iva", "Mara's mother was Ana"
        owner, part = _owned(phrase.words)
        if not owner and phrase.determiner in ("his", "her", "their") and len(phrase.words) == 1:
            owner = reader.entities.resolve(
                {"his": "he", "her": "she", "their": "they"}[phrase.determiner], mentions
            ).entity
            part = phrase.words[-1].lower()
        if owner and part:
            bearer = reader.canon.id_of(owner)
            if part in self._relations._parts() and not negated:
                return [_claim(bearer, "trait", f"{_colour(plain)} {part}")]
            if part == "name" and plain:
                return [_claim(bearer, "name", plain[0], ends=negated)]
            if part in self._kin and plain and not negated:
                return [_claim(reader.canon.id_of(plain[0]), "kin", f"{part} of {bearer}")]
        if not subject:
            return []
        if phrase.words[-1].lower() in ("it", "weather", "sky", "there"):
            return []
        age = _AGE.match(text)
        if age and number_in(age.group(1)):
            return [_claim(subject, "age", number_in(age.group(1)))]
        if plain[0] in ("in", "at", "inside", "aboard", "within") or (
            plain[0] == "on" and not reader.is_somebody(subject, mentions)
        ):
            place = roles.get("T")
            if place and reader._is_place(place) and not negated:
                return [_claim(subject, "located_in", place)]
            return []
        if len(plain) == 1 and number_in(plain[0]) and number_in(plain[0]) != "1":
            if reader.is_somebody(subject, mentions):
                return [_claim(subject, "age", number_in(plain[0]))]
            return []
        if plain[0] in ("dead", "alive"):
            dead = (plain[0] == "dead") != negated
            if (
                plain[0] == "dead"
                and len(plain) > 1
                and plain[1]
                not in ("and", "now", "for", "these", "in", "by", "at", "on", "since", "to")
            ):
                return []
            return [_claim(subject, "alive", "false" if dead else "true")]
        if plain[0] == "born" and roles.get("T") and not negated:
            return [_claim(subject, "born_in", roles["T"])]
        if plain[0] == "made" and "of" in plain[1:2] and not negated:
            return [_claim(subject, "made_of", " ".join(plain[2:4]))]
        if plain[0] in ("unable", "incapable") or plain[:2] == ["able", "to"]:
            verb = plain[2] if plain[1:2] in (["to"], ["of"]) and len(plain) > 2 else ""
            can = plain[0] == "able" and not negated
            return [_claim(subject, "ability", verb if can else f"not {verb}")] if verb else []
        if plain[0] in ("called", "named", "known") and len(plain) > 1:
            name = plain[2] if plain[1] == "as" and len(plain) > 2 else plain[1]
            return [_claim(subject, "alias" if plain[0] == "known" else "name", name)]
        if text.startswith(("part of", "a part of")) and not negated:
            whole = plain[plain.index("of") + 1 :]
            return [_claim(subject, "part_of", " ".join(whole))]
        return self._adjective_or_noun(act, subject, plain, negated, reader)

    def _adjective_or_noun(
        self, act: Act, subject: str, plain: list[str], negated: bool, reader: Reader
    ) -> list[Claim]:
        found: list[Claim] = []
        kin = self._kin_claim(act, subject, plain, reader)
        if kin is not None:
            return [] if negated else [kin]
        has_article = plain[0] in ("a", "an", "the", "his", "her", "their", "our", "my")
        bare = plain[1:] if has_article else plain
        if not bare:
            return []
        if not has_article:
            for size in (2, 1):
                word = " ".join(bare[:size])
                for relation in ("state", "trait", "feeling"):
                    if self._relations.side(relation, word) is not None:
                        person = reader.entities.is_person(subject)
                        if relation == "feeling" and not (
                            person or act.roles["S"].words[0][:1].isupper()
                        ):
                            continue
                        if relation == "state" and self._relations.side("feeling", word) and person:
                            continue
                        found.append(
                            _claim(
                                subject,
                                relation,
                                f"not {word}" if negated else word,
                                certain=relation != "feeling",
                            )
                        )
                        return found
            return found
        head = bare[-1] if len(bare) <= 3 else bare[0]
        noun = _noun(bare)
        if noun in self._lexicon.sets["person_nouns"] or noun.removesuffix("s") in ("",):
            role = " ".join(bare[: bare.index(noun) + 1])
            found.append(_claim(subject, "role", role, ends=negated, certain=plain[0] != "a"))
        elif self._relations.side("trait", "a " + noun) or noun in ("vegetarian", "vegan", "liar"):
            word = "a " + noun if self._relations.side("trait", "a " + noun) else noun
            found.append(_claim(subject, "trait", f"not {word}" if negated else word))
        elif noun in _SPECIES and head:
            found.append(_claim(subject, "species", noun, ends=negated))
        return found

    def _kin_claim(self, act: Act, subject: str, plain: list[str], reader: Reader) -> Claim | None:
        """ "the sister of Bram", "Bram's sister"."""
        words = [
            w
            for w in plain
            if w
            not in (
                "the",
                "a",
                "an",
                "only",
                "younger",
                "older",
                "elder",
                "little",
                "big",
                "eldest",
                "youngest",
                "own",
                "twin-",
            )
        ]
        if len(words) >= 3 and words[0] in self._kin and words[1] == "of":
            return _claim(subject, "kin", f"{words[0]} of {reader.canon.id_of(_name(words[2:]))}")
        if len(words) >= 2 and words[0].endswith("'s") and words[1] in self._kin:
            return _claim(
                subject,
                "kin",
                f"{words[1]} of {reader.canon.id_of(words[0].removesuffix(chr(39) + 's'))}",
            )
        return None

    # ------------------------------------------------------------------------------ have, know …

    def _having(
        self, act: Act, roles: dict[str, str], reader: Reader, mentions: Mentions
    ) -> list[Claim]:
        subject = roles.get("S", "")
        phrase = act.roles.get("O")
        if not subject or phrase is None:
            return []
        words = [w.lower() for w in phrase.words]
        if words[-1] in self._relations._parts() and act.lemma == "have":
            if len(words) > 1:
                return [_claim(subject, "trait", " ".join(words[-2:]))]
            return []
        if phrase.determiner == "no" and act.lemma in ("have", "carry", "hold"):
            thing = reader.identify(phrase, mentions)
            return [_claim(subject, "holds", thing, ends=True)] if thing else []
        number = number_in(words[0]) if len(words) > 1 else ""
        if number and number != "1" and act.lemma in ("have", "own", "possess", "carry"):
            return [_claim(subject, "count", f"{number} {words[-1]}")]
        thing = reader.identify(phrase, mentions)
        if not thing or not reader._is_thing(thing, subject) or thing == "":
            return []
        if act.lemma in ("own", "possess"):
            return [_claim(subject, "owns", thing, ends=act.negated)]
        if phrase.determiner in ("the", "his", "her", "this", "that") or act.lemma == "carry":
            if act.lemma == "hold" and words[-1] in ("door", "gate"):
                return []
            return [_claim(subject, "holds", thing, ends=act.negated)]
        return []

    def _knowing(
        self, act: Act, roles: dict[str, str], reader: Reader, mentions: Mentions
    ) -> list[Claim]:
        subject = roles.get("S", "")
        if not subject:
            return []
        phrase = act.roles.get("O")
        other = reader.identify(phrase, mentions) if phrase is not None else ""
        if act.lemma in ("meet", "know", "see") and act.negated:
            if other and reader.is_somebody(other, mentions) and (act.past or act.lemma != "see"):
                return [_claim(subject, "stranger_to", other)]
            if act.lemma != "know":
                return []
        if act.lemma == "know":
            if other and reader.is_somebody(other, mentions):
                long = {"for", "since", "well", "years"} & set(act.complement) or act.past
                return [_claim(subject, "met", other, certain=bool(long))]
            ignorant = act.complement[:1] in (("nothing",), ("little",))
            topic = _topic(act.complement[1:] if ignorant else act.complement)
            if topic:
                relation = "unaware_of" if act.negated or ignorant else "knows"
                return [_claim(subject, relation, topic)]
        return []

    def _promising(self, act: Act, roles: dict[str, str]) -> list[Claim]:
        subject = roles.get("S", "")
        words = [w for w in act.complement if w not in (",", "that")]
        for mark in ("never", "not"):
            if mark in words:
                rest = _until_break(words[words.index(mark) + 1 :])
                rest = [w for w in rest if w not in ("to", "again", "he", "she", "would")]
                if subject and rest:
                    return [_claim(subject, "promise", "never " + " ".join(rest))]
        return []

    def _naming(self, act: Act, roles: dict[str, str]) -> list[Claim]:
        """ "was called Dorn" (passive, with the name as what is left over)."""
        name = act.roles.get("O")
        bearer = roles.get("R", "")
        if not act.passive or name is None or not bearer or not name.words[0][:1].isupper():
            return []
        return [_claim(bearer, "name", name.text, ends=act.negated)]


_SPECIES = frozenset(
    [
        "elf",
        "dwarf",
        "dragon",
        "human",
        "robot",
        "android",
        "ghost",
        "vampire",
        "werewolf",
        "goblin",
        "troll",
        "giant",
        "fairy",
        "mermaid",
        "wolf",
        "cat",
        "dog",
        "fox",
        "raven",
        "horse",
        "orc",
    ]
)


def _claim(
    subject: str, relation: str, value: str, *, ends: bool = False, certain: bool = True
) -> Claim:
    return Claim(subject=subject, relation=relation, value=value, ends=ends, certain=certain)


def _until_break(words: list[str]) -> list[str]:
    found: list[str] = []
    for word in words:
        if word in (",", ";", ":", ".", "!", "?", "(", ")", "—", "–", "and", "but", "-"):
            break
        found.append(word)
    return found or words[:1]


def _owned(words: tuple[str, ...]) -> tuple[str, str]:
    for place, word in enumerate(words):
        if word.endswith("'s") and place + 1 < len(words):
            return word.removesuffix("'s"), words[-1].lower()
    return "", ""


def _colour(words: list[str]) -> str:
    kept = [w for w in words if w not in ("a", "an", "the", "of", "as", "like")]
    return " ".join(kept[:2])


def _noun(words: list[str]) -> str:
    for place, word in enumerate(words):
        if word in ("of", "in", "at", "from", "who", "with", "on", "for", "by", "to", "and"):
            return words[place - 1] if place else ""
    return words[-1]


def _name(words: list[str]) -> str:
    return " ".join(_until_break([w for w in words if w not in ("the",)][:2]))


def _topic(words: tuple[str, ...]) -> str:
    rest = _until_break([w for w in words if w not in ("that", "about", "of", "the", "a", "all")])
    return key_of(" ".join(rest[:6])) if rest and rest[0] not in (".",) else ""
