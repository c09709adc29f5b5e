"""What a premise leaves open, and the scenes that are told of just that: its threads.

Called by ``casting`` for a premise whose situation no plot is made for. A thread is a matter of
one kind (a secret, a false belief, a deadline, something that nobody can explain, a wrong, an
arrival, a request, a love, a wish) that one of the premise's own sentences states.
``data/threads.toml`` says how each is found; ``threads/KIND.yaml`` has its scenes, which bring
nothing along that the premise does not have. Its sentences are hooks, of which any story can speak.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from tta_rebuild.core.english import words_of
from tta_rebuild.storyteller.act import Act
from tta_rebuild.storyteller.entities import Entity, short
from tta_rebuild.storyteller.line_template import capital, tidy
from tta_rebuild.storyteller.premise import PremiseReading
from tta_rebuild.storyteller.premise_told import stated_aim
from tta_rebuild.storyteller.scene_file import WorldFile, packaged, read_world
from tta_rebuild.storyteller.second_person import to_second_person
from tta_rebuild.storyteller.surroundings import person_slots
from tta_rebuild.storyteller.word_lists import is_one, pattern, word_list, word_table
from tta_rebuild.storyteller.world_state import WorldState

OWN = "own"
"""The plot of a premise's own threads."""
HOOK = "hook"
KINDS = ("love", "secret", "lie", "wrong", "arrival", "request", "mystery", "wish", "deadline")
"""Most telling first: the first that a premise has is its main thread."""
_ANYBODYS = ("alone", "solitude", "outcome")
_PERSON_OF = {"wrong": "doer", "arrival": "comer"}
_PRONOUNS = ("he", "she", "him", "her")
_MOST_HOOKS, _LEAST_WORDS, _MOST_WORDS = 6, 3, 34
_SHARED = 0.5
"""The share of a thread's telling words that a move must have to be about it."""


@dataclass(frozen=True, slots=True)
class Threads:
    """The threads of one premise."""

    slots: Mapping[str, str] = field(default_factory=dict)  # by name, as scenes use them
    parts: Mapping[str, str] = field(default_factory=dict)  # ``doer`` … → the id of a person
    loved: str = ""  # the id of whom the player loves, or who loves them
    about: Mapping[str, frozenset[str]] = field(default_factory=dict)  # kind → its telling words
    hooks: tuple[str, ...] = ()  # whole clauses, without a stop
    stated: Mapping[str, str] = field(default_factory=dict)  # kind → its own words in the premise

    @property
    def main(self) -> str:
        """The kind of the main thread; a hook's where there is no other, "" where there is none."""
        return next((kind for kind in KINDS if kind in self.about), HOOK if self.hooks else "")


def threads_of(premise: PremiseReading, people: Sequence[Entity]) -> Threads:
    """Read the threads of a premise.

    Args:
        people: those of the story, without the player's character.
    """
    names = {one.name: one for one in people} | {short(one.name): one for one in people}
    clauses = _clauses(premise.told, names)
    stated = dict[str, str]()
    slots, parts, about, loved = dict[str, str](), dict[str, str](), dict[str, frozenset[str]](), ""
    for kind in KINDS:
        for clause in (piece for one in clauses for piece in _pieces(one, names)):
            found = _stated(kind, clause, tuple(names))
            if found is None:
                continue
            whom = next((e for n, e in names.items() if n.lower() == found.who.lower()), None)
            whom = whom or _meant(found.who.lower(), " ".join(premise.told), names)
            if kind in ("love", *_PERSON_OF) and whom is None:
                continue
            slots[kind], about[kind] = found.what, _telling(found.what)
            stated[kind] = found.what.removeprefix("that ").removeprefix("about ")
            slots |= {"hour": found.hour} if found.hour else {}
            if kind == "love" and whom:
                loved = whom.id
            elif part := _PERSON_OF.get(kind):
                assert whom is not None
                parts[part] = whom.id
                slots |= person_slots(part, short(whom.name), whom.pronouns or "they")
            break
    if aim := stated_aim(premise.told):
        slots["aim"], about["wish"], stated["wish"] = aim, _telling(aim), aim
    slots |= {name.capitalize(): capital(text) for name, text in slots.items() if name in KINDS}
    return Threads(slots, parts, loved, about, tuple(_hooks(clauses)), stated)


def spelled_out(told: Sequence[str], people: Sequence[Entity]) -> tuple[str, ...]:
    """The statements with a name for the "he" or "she" that opens them, where that is sure."""
    names = {one.name: one for one in people} | {short(one.name): one for one in people}
    before = (" ".join(told[:number]) for number in range(len(told)))
    pairs = zip(told, before, strict=True)
    return tuple(_with_subject(text, earlier, names) or text for text, earlier in pairs)


def next_hook(threads: Threads, state: WorldState, gone: Collection[str]) -> str:
    """The sentence of the premise whose turn it is, "" if what they state is settled by now.

    Args:
        gone: names of those who have left the story, of whom none is said any more.
    """
    over = [*gone, *(threads.stated[kind] for kind in settled_in(threads, state))]
    open_ = [hook for hook in threads.hooks if not any(one in hook for one in over)]
    return open_[int(state.get("hooks_told")) % len(open_)] if open_ else ""


def settled_in(threads: Threads, state: WorldState) -> list[str]:
    """The kinds of the threads that are settled by now, the most telling first."""
    rows = word_table("threads")["settled"]
    flags = {kind: rows[kind]["then"].partition(",")[0] for kind in rows}
    return [kind for kind in KINDS if kind in threads.about and state.get(flags.get(kind, ""))]


def kinds_of(threads: Threads, ties: Sequence[str]) -> tuple[str, ...]:
    """The kinds of scenes that a premise has: its threads, its hooks, its people by their ties."""
    about = [kind for kind in KINDS if kind in threads.about]
    return (*about, *((HOOK,) if threads.hooks else ()), *ties, *_ANYBODYS)


@lru_cache(maxsize=64)
def file_of(kinds: tuple[str, ...]) -> WorldFile:
    """The scenes of these kinds in one file."""
    read = [read_world(f"threads/{kind}") for kind in kinds if kind in packaged("threads")]
    scenes = [scene for file in read for scene in file.scenes]
    start: dict[str, str | int | bool] = {"gain": 0, "heat": 0, "price": 0}
    comes = [{"if": "stage=resolution", "then": "deadline.come"}]
    return WorldFile(title=OWN, start=start, each_turn=comes, scenes=scenes)


@lru_cache(maxsize=1)
def kind_of_scene() -> Mapping[str, str]:
    """The kind of thread that each scene is about, by the scene's id."""
    return {
        s.id: kind for kind in packaged("threads") for s in read_world(f"threads/{kind}").scenes
    }


def settled_by(act: Act, threads: Threads) -> str:
    """The effects of a move on the threads that it is about: its words have half of theirs.

    What settles which thread is in ``data/threads.toml``: a secret that is told is out.
    """
    said, effects = _telling(f"{act.clause} {act.said} {act.object}"), []
    for kind, words in threads.about.items():
        row = word_table("threads")["settled"].get(kind)
        is_about = words and len(words & said) >= _SHARED * len(words)
        if row and is_about and (not row["acts"] or act.family in row["acts"].split()):
            effects.append(row["then"])
    return ", ".join(effects)


# ---------------------------------------------------------------- clauses


def _clauses(told: Sequence[str], names: Mapping[str, Entity]) -> list[str]:
    """The statements as clauses, none too long, each with a subject that is said."""
    found: list[str] = []
    for number, sentence in enumerate(told):
        text, before = sentence.strip().rstrip(".!?… "), " ".join(told[:number])
        whole = _with_subject(text, before, names)
        is_fit = whole and len(whole.split()) <= _MOST_WORDS
        parts = [whole] if is_fit else pattern("thread_pieces").split(text)
        for part in parts:
            clause = pattern("thread_opens").sub("", part.strip(" ,"))
            clause = _with_subject(clause, before, names)
            is_whole = clause.count("“") == clause.count("”") and not clause.count('"') % 2
            if is_whole and _LEAST_WORDS <= len(clause.split()) <= _MOST_WORDS:
                found.append(_lowered(tidy(clause)))
    return found


def _pieces(clause: str, names: Mapping[str, Entity]) -> list[str]:
    """A clause and those that it is made of, the shortest first; "who" is who stands before it."""
    parts = [clause, *map(str.strip, pattern("thread_pieces").split(clause))]
    for part in parts[1:]:
        head, who, rest = part.partition(" who ")
        before = [(head.rfind(name), name) for name in names if name in head]
        parts += [f"{max(before)[1]} {rest}"] if who and before else []
    plain = dict.fromkeys(pattern("thread_opens").sub("", part) for part in parts)
    return sorted(plain, key=len)


def _with_subject(clause: str, before: str, names: Mapping[str, Entity]) -> str:
    """A clause whose "he" or "she" is said by name, "" where nobody knows who it is."""
    found = pattern("thread_pronoun").match(clause)
    if not found or any(name in found["opens"] for name in names):
        return clause
    whom = _meant(found["pronoun"].lower(), before, names)
    if whom is None:
        return ""
    return f"{found['opens']}{short(whom.name)}{clause[found.end() :]}"


def _meant(pronoun: str, before: str, names: Mapping[str, Entity]) -> Entity | None:
    """Whom a pronoun means: the only one spoken of before whom it fits."""
    gender = {"him": "he", "her": "she", "them": "they"}.get(pronoun, pronoun)
    fits = {e.id: e for n, e in names.items() if n.lower() in before.lower()}
    meant = [one for one in fits.values() if one.pronouns == gender]
    return meant[0] if len(meant) == 1 else None


def _lowered(clause: str) -> str:
    """A clause as it stands after a colon: a small word has no capital there."""
    first = re.split(r"[\s'’,]", clause)[0].lower()
    lists = "determiners pronouns subjects openers prepositions small_first"
    is_small = first != "i" and (is_one(first, lists) or first.endswith("ly"))
    return f"{clause[:1].lower()}{clause[1:]}" if is_small else clause


def _hooks(clauses: Sequence[str]) -> list[str]:
    """The clauses that say more than who the player is."""
    return [c for c in clauses if not pattern("thread_identity").match(c)][:_MOST_HOOKS]


def _telling(text: str) -> frozenset[str]:
    """The words of a clause that tell it from others, stemmed."""
    known = word_list("pronouns") | word_list("determiners") | word_list("openers")
    return frozenset(w for w in words_of(text.lower()) if w not in known and len(w) > 2)


# ---------------------------------------------------------------- what a clause states


@dataclass(frozen=True, slots=True)
class _Stated:
    what: str
    who: str = ""
    hour: str = ""


def _stated(kind: str, clause: str, names: tuple[str, ...]) -> _Stated | None:
    """What a clause states of a kind, None if nothing."""
    for shape in _shapes(kind, names):
        if found := shape.search(clause):
            groups = {k: (v or "").strip(" ,") for k, v in found.groupdict().items()}
            made = _AS.get(kind, _as_it_stands)(clause, groups)
            return _Stated(made, groups.get("who", ""), _hour(groups))
    return None


@lru_cache(maxsize=256)
def _shapes(kind: str, names: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    rows = word_table("threads").get(kind, ())
    alike = [re.escape(n) for n in sorted(names, key=len, reverse=True)]
    who = rf"(?:{'|'.join([*alike, *_PRONOUNS])})\b,?"
    return tuple(re.compile(row.replace("WHO", who), re.I) for row in rows)


def _as_it_stands(clause: str, groups: Mapping[str, str]) -> str:
    return groups.get("what") or clause


def _as_secret(clause: str, groups: Mapping[str, str]) -> str:
    """After "tell her": "that you sold it", "about the debt"."""
    if groups.get("hidden"):
        return f"about {groups['hidden']}"
    if groups.get("secretly"):
        return "that " + re.sub(r"\b(?:secretly|in secret) ", "", groups["secretly"])
    return groups.get("what") or f"that {groups.get('before', clause)}"


def _as_belief(clause: str, groups: Mapping[str, str]) -> str:
    """After "believe": "that you are a doctor"."""
    if groups.get("role"):
        return f"that you are {to_second_person(groups['role'])}"
    return f"that {groups.get('believed') or clause}"


_AS: Mapping[str, Callable[[str, Mapping[str, str]], str]] = {
    "secret": _as_secret,
    "lie": _as_belief,
}


def _hour(groups: Mapping[str, str]) -> str:
    """What "until" can stand before: "dawn", "the end of the afternoon"."""
    ends = word_table("threads")["ends"]
    for name in ("unit", "count"):
        if groups.get(name):
            return str(ends[name].format(**groups))
    return groups.get("hour", "")
