"""What a story is made of: premise, scene, passage, line, choice, fact. Plain frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from tta_rebuild.core.checks import check_number, wrong_kind
from tta_rebuild.core.errors import ValidationError

ArcStage = Literal["setup", "development", "climax", "resolution"]
ARC_STAGES: tuple[ArcStage, ...] = ("setup", "development", "climax", "resolution")
CHAPTER_SCENES = 16
"""Scenes of one chapter in a story without a fixed length."""

LINE_CHARS = 240
"""Characters of a lasting line at most."""

NARRATOR = "narrator"
"""Who says a claim that is simply true; any other speaker makes it that character's belief."""


MemoryOrigin = Literal["witnessed", "told", "concluded"]
SentenceLength = Literal["", "short", "middling", "long"]
SENTENCE_LENGTHS: tuple[SentenceLength, ...] = ("short", "middling", "long")


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """How somebody speaks, as the author wants it. Raises ValidationError for what cannot be one.

    Attributes:
        register: in words, such as ``"gruff, old-fashioned"``.
        sentences: how long their sentences are, "" for anything.
        says: favourite words and phrases; ``never``: those that they do not say.
        samples: lines that they might say.
    """

    register: str = ""
    sentences: SentenceLength = ""
    says: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if problem := wrong_kind(self):
            raise ValidationError(f"a voice: {problem}")
        if self.sentences and self.sentences not in SENTENCE_LENGTHS:
            known = ", ".join(SENTENCE_LENGTHS)
            raise ValidationError(f"a voice's sentences are {known}, not {self.sentences!r:.40}")

    def __bool__(self) -> bool:
        return self != NO_VOICE


NO_VOICE = Voice()


@dataclass(frozen=True, slots=True, kw_only=True)
class CharacterSketch:
    """A character as the author gave them. Raises ValidationError for what cannot be one.

    Attributes:
        character_id: lower case, words joined by ``_``; unique in the story.
        traits: name → strength in [0, 1], such as ``{"brave": 0.8}``.
        pronouns: what the story calls them by (``she``, ``he``, ``they``, ``sie`` …).
        voice: how they speak; what it leaves out is drawn from their lines.
        goals: what they work at, in words.
        arc: stage of their arc → the condition by which they come to it (see ``narrative.arcs``).
    """

    character_id: str
    name: str
    description: str = ""
    traits: Mapping[str, float] = field(default_factory=dict)
    is_player: bool = False
    pronouns: str = ""
    voice: Voice = NO_VOICE
    goals: tuple[str, ...] = ()
    arc: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if problem := wrong_kind(self):
            raise ValidationError(f"a character: {problem}")
        for trait, strength in self.traits.items():
            check_number(f"the trait {trait!r}", strength, least=0, most=1)
        if not isinstance(self.voice, Voice):
            raise ValidationError(f"a character's voice is a Voice(…), not {self.voice!r:.60}")
        if not self.character_id.strip():
            raise ValidationError('a character needs an id, such as character_id="mara"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Premise:
    """What an author or player gives before the first scene. Raises ValidationError.

    Attributes:
        theme: what the story is about, at least 3 characters.
        rules: the world's rules, name → text, such as ``{"no_magic": "no magic allowed"}``.
        boundaries: to be kept out: category → level (``none``, ``low``, ``medium``, ``high``).
        world: an authored world for the embedded storyteller, by name or path; "" tells the theme.
        plot: of which situation the embedded storyteller tells ("heist"); "" lets it find out.
        seed: the same seed and replies give the same story.
        model: ``provider:model`` as configured when the story began; "" is the default.
        length: how many scenes the story should have, 0 for as many as the player likes.
        language: of the story, as an ISO 639-1 code such as ``de``.
    """

    theme: str
    title: str = ""
    characters: tuple[CharacterSketch, ...] = ()
    rules: Mapping[str, str] = field(default_factory=dict)
    boundaries: Mapping[str, str] = field(default_factory=dict)
    metaconcepts: tuple[str, ...] = ()
    style: str = "balanced"
    world: str = ""
    plot: str = ""
    seed: int = 0
    model: str = ""
    length: int = 0
    language: str = "en"

    def __post_init__(self) -> None:
        if problem := wrong_kind(self):
            raise ValidationError(f"a story: {problem}")
        for name, text in (*self.rules.items(), *self.boundaries.items()):
            if not isinstance(name, str) or not isinstance(text, str):
                raise ValidationError(f"what {name!r:.60} is must be a text, not {text!r:.60}")
        if len(self.theme.strip()) < 3:
            said = "Theme must be at least 3 characters: say what the story is about"
            raise ValidationError(said)
        if self.length < 0:
            raise ValidationError("the length of a story in scenes cannot be negative")
        if wrong := [c for c in self.characters if not isinstance(c, CharacterSketch)]:
            raise ValidationError(f"a character is a CharacterSketch(…), not {wrong[0]!r:.60}")
        if len({c.character_id for c in self.characters}) != len(self.characters):
            raise ValidationError("two characters have the same id; give each a name of their own")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Something that a text says to be so of ``subject``, or (``ends``) no longer so.

    Attributes:
        relation: a relation of ``canon``'s table (``alive``, ``located_in``, ``holds`` …).
        value: an entity, a word or a number as text; "true"/"false" for yes-or-no relations.
        sentence: the one it comes from; not ``certain`` if it was inferred rather than said.
        speaker: ``NARRATOR``, or the character whose word or belief it is.
    """

    subject: str
    relation: str
    value: str
    ends: bool = False
    sentence: str = ""
    speaker: str = NARRATOR
    certain: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LastingLine:
    """One plain sentence of what is now true and will matter, beside the typed facts.

    Attributes:
        text: at most ``LINE_CHARS`` characters, in the language of the story.
        about, known_by: ids of those it concerns, and of those who know it (empty: everybody may).
        weight: 1 (a detail) to 3 (death, loss, promise, secret, kin).
        origin: who wrote it; ``scene``: it is a sentence of the scene itself.
    """

    text: str
    about: tuple[str, ...] = ()
    known_by: tuple[str, ...] = ()
    weight: int = 1
    origin: Literal["teller", "reader", "scene"] = "scene"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bond:
    """What one person feels about another: directed, each dimension in [-1, 1], fear in [0, 1].

    ``debt`` is what they owe the other, below 0 what the other owes them.
    """

    trust: float = 0.0
    affection: float = 0.0
    fear: float = 0.0
    debt: float = 0.0

    @classmethod
    def of(cls, number: float) -> Bond:
        """The bond that a single number stands for."""
        return cls(trust=number, affection=number)

    @property
    def number(self) -> float:
        """All of it as one number in [-1, 1]: fear keeps people apart, a debt binds a little."""
        whole = (self.trust + self.affection) / 2 - self.fear / 4 + max(0.0, self.debt) / 10
        return round(max(-1.0, min(1.0, whole)), 6)

    def moved(self, by: Mapping[str, float]) -> Bond:
        """The bond after a change of some of its dimensions, kept within their ranges."""
        now = {
            name: round(max(-1.0, min(1.0, getattr(self, name) + change)), 6)
            for name, change in by.items()
        }
        if "fear" in now:
            now["fear"] = max(0.0, now["fear"])
        return replace(self, **now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Something that somebody keeps in mind, as they came by it.

    Attributes:
        text: one sentence, at most ``LINE_CHARS`` characters.
        origin: they ``witnessed`` it (saw, did or said it), were ``told`` it, or ``concluded`` it.
        source: the id of who told it, "" where nobody did.
        feeling: what they felt then, "" for nothing in particular.
        weight: 1 (a detail) to 3 (death, loss, promise, secret, kin).
        turn: of the story, when that was.
        about: ids of those whom it concerns.
    """

    text: str
    origin: MemoryOrigin = "witnessed"
    source: str = ""
    feeling: str = ""
    weight: int = 1
    turn: int = 0
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DialogueLine:
    """One spoken line; ``emotion`` is a word such as ``"hopeful"``."""

    character_id: str
    text: str
    emotion: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """The unit that is checked and released: a sentence or a few, with the facts they assert.

    Prose if ``speaker`` is "", else a line spoken by that character. ``declared`` where the
    storyteller listed the facts itself (even none); else they are read from the prose by rule.
    """

    text: str
    facts: tuple[Claim, ...] = ()
    speaker: str = ""
    emotion: str = ""
    declared: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Something the player may do next, in 10 to 200 characters.

    ``consequence`` (not shown) is what it leads to, as far as its author knows, ``effects`` what it
    would make true, ``affects`` the ids of the characters it concerns.
    """

    text: str
    consequence: str = ""
    effects: tuple[Claim, ...] = ()
    affects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A told scene as the player saw it.

    Attributes:
        quality: [0, 1], see ``quality``.
        told_by: ``provider:model`` that told it.
        prompt_version: ``template@version`` that it was asked for with, and its variant if any.
        degraded: "" if all went well, else in plain words what did not (shown to the player).
        notes: the storyteller's own, never shown; handed back with the next request.
        outcome: one line of what happened in it, for the summary.
    """

    scene_id: str
    passages: tuple[Passage, ...]
    setting: str = ""
    tone: str = ""
    stage: ArcStage = "setup"
    quality: float = 0.0
    told_by: str = ""
    prompt_version: str = ""
    degraded: str = ""
    is_ending: bool = False
    notes: Mapping[str, Any] = field(default_factory=dict)
    outcome: str = ""

    @property
    def text(self) -> str:
        """All passages, spoken ones included, as paragraphs of plain text."""
        return "\n\n".join(p.text for p in self.passages)
