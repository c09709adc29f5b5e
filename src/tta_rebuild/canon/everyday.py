"""Features of a branch sentence beside each sentence before it, by everyday knowledge.

Under ``judge``, which weighs them. A feature is a name and a strength; the names say what they
mean ("destroy>use": the earlier sentence destroyed what the branch uses), so that a judgement can
be explained.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from tta_rebuild.reading.clauses import Clauses, words_of
from tta_rebuild.reading.lexicon import Family, built_in_words

_STOP = frozenset(
    (
        "the a an and or but of to in on at for with from by into onto up down off out over is "
        "was are were be been being am it its he she they him her his their i we you my your our "
        "them me us mine yours this that these those there then than so as if had has have do "
        "does did not no n't very just too also all some any one two three while when who which "
        "what will would can could should may might must about after before because again away "
        "back got get"
    ).split()
)
_GONE = frozenset(["discard", "destroy", "consume", "part_with", "put_away", "turn_off"])
_BACK = frozenset(["take", "buy", "fix", "turn_on", "open"])


@dataclass(frozen=True, slots=True)
class Heard:
    """One sentence, as far as the features need it.

    Attributes:
        deeds: (class of the verb, things that it concerns).
        things: all content words, as kinds of things.
        words: all words.
        negated: whether anything in it is denied.
    """

    deeds: tuple[tuple[str, frozenset[str]], ...]
    things: frozenset[str]
    words: tuple[str, ...]
    negated: bool


class Everyday:
    """Reads sentences into ``Heard`` and compares them; made once, by ``everyday()``."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._classes = {verb: name for name, verbs in data["classes"].items() for verb in verbs}
        self._cues = {name: frozenset(words) for name, words in data["cues"].items()}
        self._same: dict[str, set[str]] = {}
        for number, group in enumerate(data["same"]["groups"]):
            for word in group:
                self._same.setdefault(word, set()).add(f"#{number}")
        self._opposites: dict[str, set[str]] = {}
        for pair in data["pairs"]["opposites"]:
            one, other = pair.split()
            self._opposites.setdefault(one, set()).add(other)
            self._opposites.setdefault(other, set()).add(one)
        self._good = frozenset(data["feeling"]["good"])
        self._bad = frozenset(data["feeling"]["bad"])
        lexicon = built_in_words().declaring([Family(name="everyday", verbs=tuple(self._classes))])
        self._lemma = lexicon.lemma
        self._clauses = Clauses(lexicon)

    @property
    def tones(self) -> dict[str, float]:
        """The hand-written tones: 1 for a good word, -1 for a bad one."""
        return dict.fromkeys(self._good, 1.0) | dict.fromkeys(self._bad, -1.0)

    # ------------------------------------------------------------------------------ reading

    def hear(self, sentence: str) -> Heard:
        """Read one sentence."""
        words = tuple(w.lower() for w in words_of(sentence))
        spelled = words_of(sentence)
        names = {w.lower() for w in spelled[1:] if w[:1].isupper() and w != "I"}
        deeds = []
        negated = bool({"not", "never", "no", "nothing", "nobody"} & set(words))
        for act in self._clauses.read(sentence):
            doer = act.roles.get("S")
            if doer is not None and not doer.determiner and doer.words[0][:1].isupper():
                names |= {w.lower() for w in doer.words}
            kind = self._classes.get(act.lemma) or self._classes.get(act.lemma.split("_")[0])
            if act.lemma in ("be", "have"):
                kind = "be"
            if kind is None:
                continue
            if act.negated or act.modal:
                kind = "not_" + kind
            concerned = {
                self.kind_of(w)
                for role, phrase in act.roles.items()
                if role != "S"
                for w in phrase.words
            }
            if act.passive and "O" in act.roles:
                concerned |= {self.kind_of(w) for w in act.roles["O"].words}
            deeds.append((kind, frozenset(c for c in concerned if c)))
        things = frozenset(
            self.kind_of(w)
            for w in words
            if w.isalpha() and w not in _STOP and w not in self._lemma
        ) | frozenset(t for _, named in deeds for t in named)
        kinds = frozenset(t for t in things if t and t not in names)
        plain = tuple(w for w in words if w not in names)
        return Heard(tuple(deeds), kinds, plain, negated)

    def kind_of(self, word: str) -> str:
        """A noun in its basic form."""
        low = word.lower().removesuffix("'s")
        if low in _STOP or not low.isalpha():
            return ""
        if len(low) > 3 and low.endswith("ies"):
            low = low[:-3] + "y"
        elif len(low) > 4 and low.endswith(("ches", "shes", "xes", "sses", "toes")):
            low = low[:-2]
        elif len(low) > 3 and low.endswith("s") and not low.endswith("ss"):
            low = low[:-1]
        return low

    def feeling(self, heard: Heard) -> float:
        """Good or bad in a sentence, -1 to 1; a denial turns it round."""
        total = 0
        turn = 0
        for word in heard.words:
            if word in ("not", "never", "no", "without", "hardly"):
                turn = 4
                continue
            sign = -1 if turn > 0 else 1
            turn -= 1
            if word in self._good:
                total += sign
            elif word in self._bad:
                total -= sign
        return max(-1.0, min(1.0, total / 2))

    # ------------------------------------------------------------------------------ comparing

    def shared(self, one: Heard, other: Heard) -> frozenset[str]:
        """Kinds of things that both speak of, synonyms counted."""
        direct = one.things & other.things
        groups = {g for t in one.things for g in self._same.get(t, ())}
        near = {t for t in other.things if groups & self._same.get(t, set())}
        return direct | near

    def _touches(self, named: frozenset[str], shared: frozenset[str]) -> bool:
        if named & shared:
            return True
        groups = {g for t in shared for g in self._same.get(t, ())}
        return any(groups & self._same.get(t, set()) for t in named)

    def features(self, told: Sequence[Heard], at: int, branch: Heard) -> dict[str, float]:
        """The features of sentence ``at`` beside the branch."""
        sentence = told[at]
        found: dict[str, float] = {"bias": 1.0}
        gap = len(told) - at
        found[f"gap{min(gap, 4)}"] = 1.0
        shared = self.shared(sentence, branch)
        found["shared"] = min(2.0, float(len(shared)))
        if not shared:
            found["nothing shared"] = 1.0
        mine = {kind for kind, _ in sentence.deeds}
        theirs = {kind for kind, _ in branch.deeds}
        on_shared = {k for k, named in sentence.deeds if self._touches(named, shared)}
        branch_on_shared = {k for k, named in branch.deeds if self._touches(named, shared)}
        for kind in mine:
            found[f"told {kind}"] = 1.0
        for kind in on_shared:
            found[f"told {kind} it"] = 1.0
            for other in branch_on_shared:
                found[f"{kind}>{other}"] = 1.0
        for kind in branch_on_shared:
            found[f"then {kind} it"] = 1.0
        gone = bool(on_shared & _GONE)
        back = any(
            kind in _BACK and self._touches(named, shared)
            for later in told[at + 1 :]
            for kind, named in later.deeds
        )
        if gone and branch_on_shared and not back:
            found["gone and used"] = 1.0
            if not branch_on_shared & _BACK:
                found["gone and used, not fetched"] = 1.0
        if gone and back:
            found["gone and fetched back"] = 1.0
        self._by_cues(sentence, branch, shared, found)
        if "sleep" in mine or {"asleep"} & set(sentence.words):
            found["asleep, then acts"] = float(bool(theirs - {"be", "know", "sleep"}))
        if sentence.negated and shared:
            found["denied of it"] = 1.0
        self._by_words(sentence, branch, shared, found)
        if {"wear"} & on_shared and {"put", "clean", "discard", "take"} & branch_on_shared:
            found["worn, then put away"] = 1.0
        return found

    def _by_cues(
        self, sentence: Heard, branch: Heard, shared: frozenset[str], found: dict[str, float]
    ) -> None:
        words, theirs = set(sentence.words), set(branch.words)
        for name, cue in self._cues.items():
            if words & cue:
                found[f"told of {name}"] = 1.0
                if shared - cue:
                    found[f"told of {name}, shared"] = 1.0
            if theirs & cue:
                found[f"branch of {name}"] = 1.0
        if words & self._cues["away"] and theirs & self._cues["home"]:
            found["away, then at home"] = 1.0
        if words & self._cues["home"] and theirs & self._cues["away"]:
            found["at home, then away"] = 1.0

    def _by_words(
        self, sentence: Heard, branch: Heard, shared: frozenset[str], found: dict[str, float]
    ) -> None:
        """Denial of the same words, opposed words, opposed feelings, unlike numbers."""
        content = {self._lemma.get(w, w) for w in sentence.words if w not in _STOP}
        theirs = {self._lemma.get(w, w) for w in branch.words if w not in _STOP}
        same = content & theirs
        if same and sentence.negated != branch.negated:
            found["same words, one denied"] = min(1.0, 0.5 * len(same))
        if same and sentence.negated == branch.negated:
            found["same words, both alike"] = min(1.0, 0.5 * len(same))
        opposed = any(self._opposites.get(w, set()) & set(sentence.words) for w in branch.words)
        if opposed:
            found["opposed words" if sentence.negated == branch.negated else "opposed, denied"] = (
                1.0
            )
        product = self.feeling(sentence) * self.feeling(branch)
        if product < 0:
            found["feelings against"] = -product
        elif product > 0:
            found["feelings alike"] = product
        numbers = {w for w in sentence.words if w.isdigit()}
        other = {w for w in branch.words if w.isdigit()}
        if numbers and other and not numbers & other and shared:
            found["unlike numbers"] = 1.0


@cache
def everyday() -> Everyday:
    """The knowledge that comes with the package."""
    text = (files("tta_rebuild.canon") / "data" / "judge.toml").read_text("utf-8")
    return Everyday(tomllib.loads(text))
