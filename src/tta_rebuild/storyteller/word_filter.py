"""What must not be said: words that a player's boundaries or a world's rules keep out.

Called by ``teller`` for every candidate sentence, choice and piece of the premise. Everything
here works on words, because the storyteller's own material is words: a sentence that would use
one is never written, whichever kit or premise it came from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from tta_rebuild.storyteller.word_lists import words

_WORDS: Mapping[str, str] = {
    "violence": (
        "kill* murder* slay* slain stab* shoot* shot gun guns gunpowder gunshot knife knives "
        "blade* sword* dagger* weapon* fight* fought attack* assault* punch* beat* beating "
        "strangl* wound* war wars warfare warring battle* battleground bomb* explo* assassin* "
        "brutal* violen* torture* hostage* victim* execut* combat bullet* torpedo* destroy* "
        "destroyer massacre* slaughter* soldier* warrior* pow killer* hitman maim* bleed* "
        "arena bash* thrash* punish* capital force conquer* robbery zombie* apocalypse "
        "extinction burned overlord"
    ),
    "death": (
        "die dies died dying dead death* deadly kill* murder* corpse* grave graves graveyard "
        "funeral* coffin* suicid* fatal* lethal mortal immortal* afterlife reaper* executed "
        "execution slain ghost* zombie* extinct* bury buried burial killer* assassinat* "
        "heaven hell doomsday"
    ),
    "gore": (
        "blood* bloody gore gory entrail* guts corpse* maim* mutilat* dismember* wound* "
        "bleed* flesh"
    ),
    "romance": (
        "romance romantic* love loves loved lover* kiss* soulmate* soul mate dating "
        "marry marri* wedding sweetheart* boyfriend* girlfriend* wife husband couple breakup"
    ),
    "sexual": "sex* naked nude* lust* seduc* erotic* orgasm* brothel* prostitut*",
    "fear": (
        "horror* horrif* terror* terrif* scare* scary scared fear* dread* monster* nightmare* "
        "haunt* ghost* demon* scream* panic* creepy eerie menac* sinister zombie* afraid "
        "frighten* shudder* apocalypse doomsday killer* reaper*"
    ),
    "self_harm": "suicid* self-harm* cutting overdos* noose cuts",
    "substance": (
        "drug* drunk* alcohol* beer* wine* whisky whiskey gin rum cocaine heroin cannabis "
        "cigarette* smok* tobacco vodka liquor high addict* tavern pub bar"
    ),
    "profanity": "damn* hell shit* fuck* crap bastard* bitch* ass",
    "illness": (
        "sick* ill illness* disease* plague* hospital* cancer* fever* transplant organ patient*"
    ),
    "abuse": "abus* molest* rape* batter*",
    "religion": "god gods goddess* church* chapel* priest* pray* angel* heaven hell demon* altar",
    "magic": (
        "magic* spell* enchant* wizard* witch* sorcer* warlock* genie* conjur* charm charms "
        "rune* wand wands dragon* curse* hex* mage mages potion* fairy fairies familiar* ward "
        "wards warded"
    ),
    "unreal": "dragon* teleport* unicorn* ghost* levitat* time-travel* telepath*",
    "technology": (
        "computer* phone* robot* screen* internet server* engine* android* machine* electric* "
        "radio* camera* drone* reactor* console* keypad*"
    ),
}

_ALIASES: Mapping[str, tuple[str, ...]] = {
    "horror": ("fear",),
    "fear/horror": ("fear",),
    "scary": ("fear",),
    "blood": ("gore",),
    "dying": ("death",),
    "grief": ("death",),
    "sex": ("sexual",),
    "sexual_content": ("sexual",),
    "love": ("romance",),
    "selfharm": ("self_harm",),
    "suicide": ("self_harm",),
    "drugs": ("substance",),
    "alcohol": ("substance",),
    "substances": ("substance",),
    "substance_use": ("substance",),
    "language": ("profanity",),
    "swearing": ("profanity",),
    "medical": ("illness",),
    "weapons": ("violence",),
    "war": ("violence",),
}

_KEPT_OUT = frozenset({"none", "low", "no", "off", "avoid", "exclude", "0", "false", "never"})
_RULE_FORBIDS = re.compile(
    r"\b(?:no|without|never any|forbids?|bans?|not allowed:?)\s+(?:any\s+)?([a-z][a-z-]{2,})", re.I
)
_FILLER = words(
    """
    one more longer other way time matter such thing things allowed the use using body people
    """
)


class WordFilter:
    """Answers one question about a text: may it be said?

    Args:
        boundaries: category → level; ``none`` and ``low`` keep a category out. An unknown
            category is taken as the word to avoid itself (``spiders``).
        rules: name → text; ``no magic``, ``realistic`` and any other ``no <word>`` are obeyed.
    """

    def __init__(self, boundaries: Mapping[str, str], rules: Mapping[str, str]) -> None:
        banned: list[str] = []
        for category, level in sorted(boundaries.items()):
            if str(level).strip().lower() in _KEPT_OUT:
                banned += _banned_by(category)
        for name, text in sorted(rules.items()):
            rule = f"{str(name).replace('_', ' ')}. {text}".lower()
            if "realis" in rule:
                banned += _WORDS["magic"].split() + _WORDS["unreal"].split()
            for found in _RULE_FORBIDS.finditer(rule):
                if found.group(1) not in _FILLER:
                    banned += _banned_by(found.group(1))
        self._pattern = _pattern(" ".join(dict.fromkeys(banned)))

    def allows(self, text: str) -> bool:
        """True if the text uses none of the words kept out."""
        return self._pattern is None or self._pattern.search(text) is None


def _banned_by(category: str) -> list[str]:
    key = category.strip().lower().replace(" ", "_").replace("-", "_")
    names = _ALIASES.get(key) or ((key,) if key in _WORDS else ())
    banned = [word for name in names for word in _WORDS[name].split()]
    if not banned:
        for word in re.findall(r"[a-z]{3,}", key):
            banned.append(f"{stem(word)}*")
    return banned


def stem(word: str) -> str:
    """A word without its plural ending: ``spiders`` → ``spider``, ``berries`` → ``berr``."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3]
    if word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


@lru_cache(maxsize=64)
def _pattern(words: str) -> re.Pattern[str] | None:
    if not words:
        return None
    ways = [re.escape(w[:-1]) + r"\w*" if w.endswith("*") else re.escape(w) for w in words.split()]
    return re.compile(rf"\b(?:{'|'.join(ways)})\b", re.I)
