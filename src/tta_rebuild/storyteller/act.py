"""What the player does, in parts: the words of a move read by rules and no model.

Called by ``teller`` once a turn. ``act_grammar`` knows the verbs and what follows them; this file
cuts a move into its acts, tells speech from deeds, and tells the move back.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tta_rebuild.core.english import past, singular
from tta_rebuild.storyteller.act_grammar import (
    Verb,
    arguments,
    as_text,
    families,
    is_adverb,
    is_base,
    is_somebody,
    joined,
    phrase_length,
    small_words,
    verb_at,
)
from tta_rebuild.storyteller.second_person import to_second_person
from tta_rebuild.storyteller.word_lists import word_list

LONGEST_READ = 400
"""Characters of a move that are read; the rest of a very long one is passed over."""
LONGEST_TOLD = 240
"""Characters of a move told back."""
LONGEST_LEAD = 12
"""Words that may stand before the verb of an act."""
MOST_ACTS = 6
"""Acts of one move that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What the player does, in parts; noun phrases keep their determiner and speak of "you".

    Attributes:
        family: a table of ``data/verbs.toml``; ``do`` for a verb that none holds; "" if not understood.
        verb: the plain form with its particle: "smash", "turn on".
        object: "the old maps"; a pronoun stays ("him") unless the move itself says who or what it is.
        person: whom it is said, given or done to, where that is not the object.
        instrument: "a knife" (with, using).
        where: with its preposition: "under the floorboards".
        manner: "slowly", "without a match".
        said: what is said, asked, written or thought; reported in the second person, or as spoken.
        is_quoted: ``said`` holds the words as spoken.
        clause: this act and those after it told back, without full stop: "you break it and run".
        then: the next act of a compound move.
        problem: "" or why it is no act: "empty", "numbers", "nonsense", "question" (to the game), "no verb".
    """

    family: str = ""
    verb: str = ""
    object: str = ""
    person: str = ""
    instrument: str = ""
    where: str = ""
    manner: str = ""
    said: str = ""
    is_quoted: bool = False
    clause: str = ""
    then: Act | None = None
    problem: str = ""


_TOKEN = re.compile(
    r"“[^”]*”?|(?:Mr|Mrs|Ms|Dr|St|Prof|Sgt|Capt|Lt)\.|\d[\d.,]*\d|[^\s“”,;:.!?…]+|[,;:.!?…]+"
)
_QUESTION = re.compile(
    r"(?:what(?! an? )|who|whom|whose|where|why|how|when|which)(?:['’](?:s|re|d|ll))?\b|"
    r"(?:is|are|am|was|were|does|did|do|has|have|can|could|will|would|should|shall|may|isn['’]t|aren['’]t|"
    r"don['’]t|doesn['’]t|didn['’]t|can['’]t|won['’]t) "
    r"(?:(?:i|you|he|she|we|they|there|any(?:one|body)|some(?:one|body))\b|[^?]+\?$)",
    re.I,
)
_ADDRESSED = re.compile(
    r"\b(?:you|your|yours|you['’]\w+|any(?:one|body)|some(?:one|body) there)\b", re.I
)
_VOCATIVE = re.compile(r"([A-Z][\w'’-]+(?: [A-Z][\w'’-]+)?|[Mm]y friend|[Ss]ir|[Mm]adam)[,:] (.+)")
_STARTS_SPEECH = re.compile(r"[^“”:]{2,80}?:\s+(?=\S)")
_MARKUP = re.compile(r"[<>{}\[\]()|`*_#~^\\]")
_SINGLE = re.compile(r"(?:(?<=^)|(?<=[\s:,]))[‘'](?=\w)([^‘]*?[\w.!?…])['’](?=[\s.,;!?]|$)")
_NUMBERS = re.compile(r"(?:(?:and|or|both|then|options?|choices?|numbers?|no)\b|[\W\d_])*", re.I)


def parse_act(words: str) -> Act:
    """The move behind the words; one that is no act says why in ``problem``. Never raises."""
    text = _cleaned(words)
    if any(ch.isdigit() for ch in text) and _NUMBERS.fullmatch(text):
        return Act(problem="numbers")
    letters = [ch for ch in text if ch.isalpha()]
    if not letters:
        is_nothing = not words.strip(" \t\r\n.…,;:!?-–—'\"“”")
        return Act(problem="empty" if is_nothing else "nonsense")
    if sum("LATIN" in unicodedata.name(ch, "") for ch in letters) * 2 < len(letters) or _is_foreign(
        text
    ):
        return Act(problem="no verb")
    found: list[tuple[str, Act]] = []
    for sentence in _sentences(text):
        found += _read(sentence)
    acts = _speech_in_one([(link, act) for link, act in found if not act.problem])
    if acts:
        return _chained(acts[:MOST_ACTS])
    if any(act.problem == "question" for _, act in found):
        return Act(problem="question")
    known = small_words("english") | small_words("determiners") | small_words("foreign")
    is_english = any(w in known or is_base(w) for w in re.findall(r"[a-z'’]+", text.lower()))
    return Act(problem="no verb" if is_english or _is_foreign(text) else "nonsense")


def _cleaned(words: str) -> str:
    text = unicodedata.normalize("NFKC", words[: 4 * LONGEST_READ]).replace("...", "…")
    text = re.sub(r"(?<=[^\W_])[ \t]*[\r\n]+\s*(?=\S)", ". ", text)
    text = re.sub(r"</?\w[^<>]{0,40}>", " ", text)
    text = _MARKUP.sub(" ", text)
    text = "".join(
        ch
        if ch.isprintable() and unicodedata.category(ch) not in ("So", "Sk", "Mn")
        else " " * ch.isspace()
        for ch in text
    )
    text = text.lower() if text.isupper() and len(text) > 3 else text
    text = " ".join(text.replace("«", "“").replace("»", "”").replace("„", "“").split())
    if len(text) > LONGEST_READ:
        text = text[:LONGEST_READ].rpartition(" ")[0] or text[:LONGEST_READ]
    text = re.sub(r"\"([^\"]*)(?:\"|$)", r"“\1”", text)
    text = text + "”" * (text.count("“") > text.count("”"))
    if "“" not in text:
        text = _SINGLE.sub(r"“\1”", text)
    return re.sub(r"\s+[-–—]+\s+", ", ", text)


def _is_foreign(text: str) -> bool:
    """True if more of the small words are another language's than English ones."""
    low = re.findall(r"[^\W\d_]+", text.lower())
    foreign = sum(word in small_words("foreign") or not word.isascii() for word in low)
    english = sum(word in small_words("english") or is_base(word) for word in low)
    return len(low) > 1 and foreign > 0 and (foreign > english or english == 0)


def _sentences(text: str) -> Iterator[list[str]]:
    """The tokens of each sentence; what follows a colon after a verb of speech is one quoted token."""
    opening = _STARTS_SPEECH.match(text)
    if opening and not _VOCATIVE.fullmatch(opening[0]):
        rest = text[opening.end() :]
        if any(_speaks(opening[0].split()[i:]) for i in range(len(opening[0].split()))):
            is_marked = rest.startswith("“")
            text = f"{opening[0].rstrip(' :')} {rest if is_marked else f'“{rest}”'}"
    tokens = _TOKEN.findall(text)
    sentence: list[str] = []
    for i, token in enumerate(tokens):
        sentence.append(token)
        if (
            token[-1] in ".!?…;"
            and not token[0].isalnum()
            and token[0] != "“"
            and i + 1 < len(tokens)
        ):
            yield sentence
            sentence = []
    yield sentence


def _speaks(words: Sequence[str]) -> bool:
    verb = verb_at([word.rstrip(":,") for word in words])
    return bool(verb) and (
        "said" in families()[verb.family].takes or verb.family in ("greet", "sing", "nod")
    )


# ------------------------------------------------------------------------------ speech and deeds


def _read(tokens: list[str]) -> list[tuple[str, Act]]:
    """The acts of one sentence, each with the link before it, or one that only has a problem."""
    words = [token for token in tokens if token[0].isalnum() or token[0] in "“'’"]
    low = [word.lower() for word in words]
    if not words:
        return []
    text = as_text(tokens)
    quoted = [token for token in tokens if token[0] == "“"]
    if quoted and len(quoted) == len(words):
        return [("", _spoken(" ".join(q.strip("“”") for q in quoted)))]
    if quoted and tokens[0] == quoted[0]:
        following = [t for t in tokens[1:] if t[0] != "“" and (t[0].isalnum())]
        lead = _Lead(following)
        is_tag = lead.verb and lead.subject and len(lead.rest) == lead.verb.words
        if lead.verb and (is_tag or _speaks(lead.rest)):
            tokens = [*following, "“" + " ".join(q.strip("“”") for q in quoted) + "”"]
        elif lead.verb:
            return [("", _spoken(quoted[0].strip("“”"))), *_read(following)]
    elif not quoted and (spoken := _bare_speech(text, tokens, low)):
        return [("", spoken)]
    acts = [(link, act) for link, part in _parts(tokens) if (act := _deed(part))]
    if not acts and text.endswith("!") and len(words) < 5:
        return [("", _spoken(text, "shout"))]
    return acts or [("", Act(problem="no verb"))]


def _bare_speech(text: str, tokens: list[str], low: list[str]) -> Act | None:
    """Words that are said rather than done; a question to the game is a problem."""
    for name, family in (("nothing", "wait"), ("game", "")):
        if phrase_length(name, low) == len(low):
            told = text if text.lower() not in ("nothing", "pass", "skip", "next") else "wait"
            told = re.sub(r"^(?:i|you) ", "", told, flags=re.I)
            clause = "you " + told.lower().replace("don't", "do not")
            return (
                Act(family=family, verb="wait", clause=clause)
                if family
                else Act(problem="question")
            )
    for name, family in (
        ("sorry", "apologise"),
        ("thanks", "thank"),
        ("no", "refuse"),
        ("yes", "accept"),
        ("greetings", "greet"),
    ):
        size = phrase_length(name, low)
        if not size:
            continue
        rest = low[size:]
        if not rest:
            return _spoken(text, family)
        if name in ("yes", "no") and (
            _Lead(rest).verb or name == "yes" or not re.match(r"\w+[,.!]", text)
        ):
            break
        if text.endswith("?"):
            return _spoken(text)
        person = joined(tokens[size:]) if family == "greet" and len(rest) < 4 else ""
        return replace(
            _spoken(text, family if person or family != "greet" else "say"), person=person
        )
    called = _VOCATIVE.fullmatch(text)
    if called and (
        is_somebody(called[1].lower().split()) or not _is_lead(called[1].lower().split())
    ):
        asks = text.endswith("?") or _QUESTION.match(called[2])
        return replace(_spoken(called[2], "ask" if asks else "tell"), person=called[1])
    is_clause = not text.endswith("?") and re.search(r", (?:I|i|we)\b", text)
    if (
        _QUESTION.match(text)
        and not is_clause
        and not phrase_length("openings", low)
        and not phrase_length("not", low)
    ):
        return (
            _spoken(text.rstrip("?") + "?") if _ADDRESSED.search(text) else Act(problem="question")
        )
    size = phrase_length("fillers", low)
    return _spoken(text) if _is_statement(low) or (size and _is_statement(low[size:])) else None


def _is_lead(low: list[str]) -> bool:
    return (
        bool(verb_at(low))
        or is_adverb(low[0])
        or any(
            phrase_length(name, low)
            for name in ("fillers", "openings", "game", "nothing", "wishes")
        )
        or low[0] in small_words("prepositions") | small_words("adverbs") | small_words("enders")
    )


def _is_statement(low: list[str]) -> bool:
    """True for "I am afraid", "the door is locked", "you should go": said, not done."""
    first, second, *more = [*low, "", ""]
    if first in ("i", "i'm", "i’m", "we", "we're", "we’re"):
        lead = _Lead(low)
        if first not in ("i", "we"):
            return not lead.verb or not (lead.weak or lead.is_denied or low[1].endswith("ing"))
        if (size := phrase_length("not", low[1:])) and set(low[1 + size : 2 + size]) & small_words(
            "states"
        ):
            return True
        if second in ("feel", "trust") and more[0] in small_words("determiners"):
            return False
        if second in ("would", "want") and more[0] in ("like", "love", "prefer") and not lead.verb:
            return True
        if second in ("want", "need") and lead.verb and lead.weak:
            return False
        is_doing = lead.verb is not None and (
            lead.weak > 0 or lead.is_denied or lead.verb.words > 1
        )
        return second in small_words("states") and not is_doing
    if first == "you":
        return second in small_words("finite") | small_words("states") or second == "need"
    if re.fullmatch(r"(?:he|she|it|they|you|that|there|this|these|those)(?:['’]\w+)?", first):
        return True
    subject = first in small_words("determiners")
    return subject and bool(small_words("finite") & set(low[1:6])) and not verb_at(low)


def _spoken(words: str, family: str = "") -> Act:
    """Words said as they stand."""
    words = words.strip()
    family = family or ("ask" if words.endswith("?") else "say")
    verb = {"ask": "ask", "tell": "tell", "shout": "shout"}.get(family, "say")
    clause = f"you {'say' if verb == 'tell' else verb}: “{words[:1].upper()}{words[1:]}”"
    return Act(family=family, verb=verb, said=words, is_quoted=True, clause=clause)


class _Lead:
    """What stands before the verb: the subject, wishes, fillers, manner; and whether it is denied."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self.manner: list[str] = []
        self.subject = ""
        self.is_denied = False
        self.weak = 0
        at, low = 0, [token.lower().replace("’", "'") for token in tokens]
        while at < min(len(low), LONGEST_LEAD):
            verb = verb_at(tokens[at:])
            longest = verb.words if verb else 0
            sizes = {
                name: phrase_length(name, low[at:])
                for name in ("not", "openings", "wishes", "fillers", "weak")
            }
            name = max(sizes, key=lambda kind: sizes[kind])
            size = sizes[name]
            following = low[at + size] if at + size < len(low) else ""
            does_go = low[at] in ("go", "come") and size == 1 and is_base(following)
            if name == "weak" and not following.endswith("ing") and not does_go:
                size = 0
            if name == "openings" and low[at] == "to" and not verb_at(tokens[at + 1 :]):
                size = 0
            is_equal = (name in ("not", "wishes") or low[at] == "lets") and verb_at(
                tokens[at + size :]
            )
            is_equal = is_equal and size == longest
            if size and (size > longest or is_equal):
                self.subject = self.subject or (low[at] if name == "openings" else "")
                self.is_denied = self.is_denied or name == "not"
                self.weak += size if name in ("weak", "wishes") else 0
            elif size and size == longest and name == "weak" and verb_at([following]):
                self.weak += size + 1
            elif not longest and (is_adverb(low[at]) or low[at] in small_words("adverbs")):
                self.manner += [tokens[at]] if is_adverb(low[at]) else []
                size = 1
            elif not low[at][0].isalnum() and low[at][0] != "“":
                size = 1
            else:
                break
            at += size
        self.rest = list(tokens[at:])
        self.verb = verb_at(self.rest)


# ------------------------------------------------------------------------- one act after another


def _parts(tokens: list[str]) -> Iterator[tuple[str, list[str]]]:
    """The sentence cut where another act begins, each part with the link before it."""
    begin, link, i = 0, "", 1
    while i < len(tokens):
        end = i
        while end < len(tokens) and _links(tokens[end]):
            end += 1
        if (
            end > i
            and end < len(tokens)
            and _begins_act(tokens[begin:i], tokens[end:], tokens[i:end])
        ):
            yield link, tokens[begin:i]
            begin, link = end, " ".join(tokens[i:end]).lower()
        i = max(end, i + 1)
    yield link, tokens[begin:]


def _links(token: str) -> bool:
    return token.lower() in small_words("conjunctions") or token in (",", ";", "—")


def _begins_act(before: list[str], after: list[str], link: list[str]) -> bool:
    lead, earlier = _Lead(after), _Lead(before)
    if not (earlier.verb or _unknown(earlier)):
        return False
    if not lead.verb:
        return bool(lead.subject in ("i", "i'll", "we") and lead.rest)
    if lead.subject in ("i", "i'll", "i'm", "we", "we'll"):
        return True
    first = lead.rest[0].lower()
    if lead.subject or before[-1].lower() in small_words("articles"):
        return False
    if not earlier.verb or (is_base(earlier.rest[0].lower()) and not is_base(first)):
        return False
    if "said" in families()[earlier.verb.family].takes and "then" not in [t.lower() for t in link]:
        low = [token.lower() for token in earlier.verb.rest]
        opener = next(
            (k for k, w in enumerate(low) if w in small_words("openers") or w == "to"), -1
        )
        if opener >= 0 and (
            low[opener] != "to" or (opener + 1 < len(low) and is_base(low[opener + 1]))
        ):
            is_open = (
                small_words("finite")
                & set(low)
                & {"will", "can", "must", "should", "would", "could"}
            )
            speaker = low[opener + 1 : opener + 2] in (["we"], ["they"], ["you"])
            if (
                is_open
                or speaker
                or (low[opener] == "to" and earlier.verb.family not in ("refuse", "try"))
            ):
                return False
    has_determiner = any(t.lower() in small_words("determiners") for t in earlier.verb.rest)
    is_last = len(lead.rest) == 1 or not lead.rest[1][0].isalnum() or lead.rest[1].lower() == "of"
    if len(lead.rest) == 1 and first in small_words("rather_nouns") and earlier.verb.rest:
        return False
    return not (
        is_last
        and earlier.verb.rest
        and not has_determiner
        and before[-1].islower()
        and _is_noun(before)
    )


def _is_noun(before: list[str]) -> bool:
    """True if the last word may be a noun, so that "and water" could go with it."""
    last = before[-1].lower()
    known = ("prepositions", "pronouns", "adverbs", "subjects", "particles")
    return not any(last in small_words(name) for name in known) and not is_adverb(last)


def _deed(tokens: list[str]) -> Act | None:
    """One act from the tokens of one part; None if they hold no verb."""
    lead = _Lead(tokens)
    verb = lead.verb or _unknown(lead)
    if not verb:
        return _without_verb(tokens, lead)
    takes = families()[verb.family].takes
    quoted = [token.strip("“” ,") for token in verb.rest if token[0] == "“"]
    rest = [token for token in verb.rest if token[0] != "“"]
    while rest and not rest[-1][0].isalnum():
        rest.pop()
    last = verb.name.split()[-1]
    if last in ("about", "that", "if", "whether") or (last == "for" and takes[0] == "person"):
        rest.insert(0, last)
    if not quoted and verb.family in ("say", "shout", "whisper", "answer"):
        quoted, rest = _own_words(verb.family, rest)
    found = arguments(verb.family, rest)
    if verb.keeps_noun and not found.get("object"):
        found["object"] = found.pop("person", "") or found.pop("said", "")
    if quoted:
        if found.get("said"):
            found.setdefault("object", found["said"])
        found["said"] = quoted[0]
    family, is_quoted = verb.family, bool(quoted)
    if (
        "said" in takes
        and lead.subject[:1] in ("i", "w")
        and {"you", "your"} & {t.lower() for t in rest}
    ):
        return _spoken(as_text(tokens), family)
    if (
        not lead.subject
        and not quoted
        and {found.get("object"), found.get("person")} & {"you", "yourself"}
    ):
        if "me" in [token.lower() for token in rest]:
            return _spoken(as_text(tokens), "say")
    if (
        is_quoted
        and found["said"].endswith("?")
        and family in ("say", "tell", "whisper", "shout", "write")
    ):
        family = "ask"
    manner = " ".join([*lead.manner, found.pop("manner", "")]).strip()
    told = joined([*lead.manner, verb.base, *(token for token in lead.rest[1:] if token[0] != "“")])
    told = told.rstrip("?")
    act = Act(family=family, verb=verb.name, is_quoted=is_quoted, manner=manner, **found)
    if lead.is_denied:
        said = to_second_person("to " + told)
        act = Act(family="refuse", verb="refuse", said=said, object=act.object, person=act.person)
        told = "do not " + told
    clause = to_second_person(f"you {told}")
    if quoted:
        told = joined([*lead.manner, verb.base, *(t for t in lead.rest[1:] if t in rest)])
        clause = to_second_person(f"you {told}") + f": “{act.said[:1].upper()}{act.said[1:]}”"
    return replace(act, clause=clause)


def _own_words(family: str, rest: list[str]) -> tuple[list[str], list[str]]:
    """ "say good night to the king": the words said as they stand, and what is left."""
    first = rest[0].lower() if rest else ""
    lists = ("openers", "prepositions", "determiners", "pronouns", "enders")
    if not first or is_adverb(first) or any(first in small_words(name) for name in lists):
        return [], rest
    to = families()[family].person_after
    ends = (k for k, t in enumerate(rest) if k and t.lower() in to and is_somebody(rest[k + 1 :]))
    end = next(ends, len(rest))
    return [joined(rest[:end])], rest[end:]


def _without_verb(tokens: list[str], lead: _Lead) -> Act | None:
    """ "North", "back to the harbour" (one goes there), "with the knife I cut it" (read on)."""
    low = [token.lower() for token in tokens]
    at = next(
        (k for k, word in enumerate(low) if k and word in ("i", "we") and _Lead(tokens[k:]).verb), 0
    )
    if at:
        is_phrase = low[0] in small_words("prepositions") - small_words("enders")
        return _deed([*tokens[at:], *((",", low[0], *tokens[1:at]) if is_phrase else ())])
    if (
        lead.rest
        and not lead.subject
        and lead.rest[0].lower() in small_words("where_alone") | {"to", "into", "towards"}
    ):
        if len(lead.rest) < 8 and small_words("english") & set(low) or len(lead.rest) == 1:
            where = to_second_person(joined(lead.rest))
            return Act(family="go", verb="go", where=where, clause=f"you go {where}")
    return None


_PLAUSIBLE = re.compile(r"(?!.*(.)\1\1)(?!.*[^aeiouy]{6})[a-z]*[aeiouy][a-z]*(?:-[a-z]+)?$")
_LOST_E = re.compile(r"(?:at|iz|is|ut|ov|av|uc|rg|v|c|u|bl|tl|dl|gl|ir|ur)$")


def _unknown(lead: _Lead) -> Verb | None:
    """A verb that no table holds, where it plainly is one: "I defenestrate the duke"."""
    if not lead.rest:
        return None
    word, *rest = lead.rest
    low, following = word.lower(), (rest[0].lower() if rest else "")
    lists = (
        "determiners",
        "pronouns",
        "subjects",
        "finite",
        "prepositions",
        "openers",
        "enders",
        "adverbs",
        "english",
        "hurried",
    )
    if any(low in small_words(name) for name in lists) or len(low) < 3 or not _PLAUSIBLE.match(low):
        return None
    is_argument = any(
        following in small_words(n) for n in ("determiners", "pronouns", "prepositions")
    )
    is_noun = any(singular(low) in word_list(name) for name in ("people", "places"))
    if not lead.subject and (not is_argument or is_noun):
        return None
    base = low
    if lead.subject and low.endswith("ed"):
        base = low[:-2] + "e" * bool(_LOST_E.search(low[:-2]))
    elif low.endswith("ing") and len(low) > 5:
        base = low[:-3] + "e" * bool(_LOST_E.search(low[:-3]))
    return Verb("do", base, base, rest)


# ----------------------------------------------------------------------- the move as a whole


def _speech_in_one(found: list[tuple[str, Act]]) -> list[tuple[str, Act]]:
    """Sentences spoken one after the other are one speech."""
    kept: list[tuple[str, Act]] = []
    for link, act in found:
        last = kept[-1][1] if kept else Act()
        if (
            act.is_quoted
            and last.is_quoted
            and act.verb in ("say", "ask")
            and last.verb in ("say", "ask")
        ):
            family = "ask" if "ask" in (act.family, last.family) else "say"
            both = _spoken(f"{_stopped(last.said)} {act.said}", family)
            kept[-1] = (kept[-1][0], replace(both, person=last.person or act.person))
        else:
            kept.append((link, act))
    return kept


def _stopped(said: str) -> str:
    return said if said[-1:] in ".!?…" else said + "."


def _chained(found: list[tuple[str, Act]]) -> Act:
    """The acts as one, each handed on to the next; a pronoun becomes what the move said before."""
    acts = [act for _, act in found]
    for i in range(1, len(acts)):
        acts[i] = _resolved(acts[i], acts[:i])
    for i in range(len(acts) - 1):
        is_bare = acts[i].clause == f"you {acts[i].verb}" and "and" in found[i + 1][0]
        if is_bare and families()[acts[i].family].needs_object and acts[i + 1].object:
            acts[i] = replace(acts[i], object=acts[i + 1].object)
    whole = replace(acts[-1], clause=_shortened(acts[-1].clause))
    for i in range(len(acts) - 2, -1, -1):
        rest = (
            whole.clause.removeprefix("you ")
            if not whole.is_quoted
            else whole.clause.removeprefix("you ")
        )
        link = (
            ", then"
            if "then" in found[i + 1][0]
            else ","
            if whole.then and "and" not in found[i + 1][0]
            else " and"
        )
        whole = replace(acts[i], clause=_shortened(f"{acts[i].clause}{link} {rest}"), then=whole)
    return whole


def _shortened(clause: str) -> str:
    if len(clause) <= LONGEST_TOLD:
        return clause
    cut = clause[:LONGEST_TOLD].rpartition(" ")[0].rstrip(" ,;:.“")
    return cut + "…" + "”" * (cut.count("“") > cut.count("”"))


def _resolved(act: Act, earlier: Sequence[Act]) -> Act:
    people: list[str] = []
    things: list[str] = []
    for one in earlier:
        goal = one.where.split() if not one.object and not one.person else []
        while goal and goal[0].lower() in small_words("prepositions"):
            goal.pop(0)
        for phrase in (one.object, one.person, " ".join(goal)):
            if phrase and phrase.lower() not in small_words("pronouns") | small_words(
                "where_alone"
            ):
                somebody = phrase == one.person or is_somebody(phrase.split())
                (people if somebody else things).append(phrase)

    def meant(words: str) -> str:
        if words in ("him", "her", "them") and people:
            return people[-1]
        is_many = bool(things) and singular(things[-1].split()[-1]) != things[-1].split()[-1]
        if (words == "it" and things and not is_many) or (words == "them" and is_many):
            return things[-1]
        return words

    return replace(act, object=meant(act.object), person=meant(act.person))


_SHIFTED = {
    "will": "would",
    "has": "had",
    "have": "had",
    "is": "was",
    "are": "were",
    "can": "could",
}


def clause_in_past(clause: str) -> str:
    """``you give Mara the key and run`` → ``you gave Mara the key and ran``; speech stays as it is."""
    parts = re.split(r"(“[^”]*”)", clause)
    for i in range(0, len(parts), 2):
        told, that, reported = parts[i].partition(" that ")
        words = told.split(" ")
        for k, word in enumerate(words):
            before = next((w for w in reversed(words[:k]) if w and not is_adverb(w)), "")
            is_first = before == "you" and k < 3 and i == 0
            if is_first or (is_base(word) and (before.endswith(",") or before in ("and", "then"))):
                plain = word.rstrip(",:;")
                if plain and not is_adverb(plain):
                    words[k] = past(plain) + word[len(plain) :]
        reported = re.sub(
            r"\b(?:will|has|have|is|are|can)\b", lambda m: _SHIFTED[m[0]], reported, count=1
        )
        parts[i] = " ".join(words) + that + reported
    return "".join(parts)
