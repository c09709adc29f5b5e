"""What the player does, in parts: the words of a move read by rules and no model.

Called by ``teller`` once a turn. ``deed`` reads one act; this file cuts a move into its acts, tells
speech from deeds, and tells the move back.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tta_rebuild.core.english import past, singular
from tta_rebuild.storyteller import act_grammar as grammar
from tta_rebuild.storyteller.act_grammar import is_adverb, is_base, is_one, phrase_length
from tta_rebuild.storyteller.deed import Act, Lead, deed, spoken, unknown

__all__ = ["Act", "clause_in_past", "parse_act"]

LONGEST_READ = 400
"""Characters of a move that are read; the rest of a very long one is passed over."""
MOST_ACTS = 6
"""Acts of one move that are kept."""

_MENDED = (
    (r"\.\.\.", "…"),
    (r"(?<=[^\W_])[ \t]*[\r\n]+\s*(?=\S)", ". "),
    (r"</?\w[^<>]{0,40}>|[<>{}\[\]()|`*_#~^\\]", " "),
    (r"[«„]", "“"),
    ("»", "”"),
    (r"\"([^\"]*)(?:\"|$)", r"“\1”"),
    (r"^([^“]*\s|)[‘'](?=\w)([^‘“]*?[\w.!?…])['’](?=[\s.,;!?]|$)", r"\1“\2”"),
    (r"(?<=\w), (?:please|thanks|thank you)\W*$", ""),
    (r"\s+[-–—]+\s+", ", "),
    (r"\s+", " "),
)
_TOKEN = re.compile(
    r"“[^”]*”?|(?:Mr|Mrs|Ms|Dr|St|Prof|Sgt|Capt|Lt)\.|\d[\d.,]*\d|[^\s“”,;:.!?…]+|[,;:.!?…]+"
)
_NUMBERS = re.compile(r"(?:(?:and|or|both|then|options?|choices?|numbers?|no)\b|[\W\d_])*", re.I)
_QUESTION = re.compile(
    r"(?:what(?! an? )|who|whom|whose|where|why|how|when|which)(?:['’](?:s|re|d|ll))?\b|"
    r"(?:is|are|am|was|were|does|did|do|has|have|can|could|will|would|should|shall|may)(?:n['’]t)? "
    r"(?:(?:i|you|he|she|we|they|there|any(?:one|body)|some(?:one|body))\b|[^?]+\?$)",
    re.I,
)
_ADDRESSED = re.compile(r"\b(?:you|your|yours|any(?:one|body)|some(?:one|body) there)\b", re.I)
_CALLED = re.compile(r"([A-Z][\w'’-]+(?: [A-Z][\w'’-]+)?|[Mm]y friend|[Ss]ir|[Mm]adam)[,:] (.+)")
_SAID_AT_ONCE = ("apologise", "thank", "refuse", "accept", "greet")
_SHIFTED = {
    "will": "would",
    "has": "had",
    "have": "had",
    "is": "was",
    "are": "were",
    "can": "could",
}


def parse_act(words: str) -> Act:
    """The move behind the words; one that is no act says why in ``problem``. Never raises."""
    text = _cleaned(words)
    letters = [ch for ch in text if ch.isalpha()]
    if any(ch.isdigit() for ch in text) and _NUMBERS.fullmatch(text):
        return Act(problem="numbers")
    if not letters:
        return Act(problem="nonsense" if words.strip(" \t\r\n.…,;:!?-–—'\"“”") else "empty")
    low = re.findall(r"[^\W\d_]+", text.lower())
    english = sum(is_one(word, "english determiners") or is_base(word) for word in low)
    foreign = sum(is_one(word, "foreign") or not word.isascii() for word in low)
    latin = sum("LATIN" in unicodedata.name(ch, "") for ch in letters)
    if latin * 2 < len(letters) or (len(low) > 1 and foreign > english):
        return Act(problem="no verb")
    found = [act for sentence in _sentences(text) for act in _read(sentence)]
    if acts := [act for act in found if not act.problem]:
        return _chained(acts[:MOST_ACTS])
    if any(act.problem == "question" for act in found):
        return Act(problem="question")
    return Act(problem="no verb" if english or foreign else "nonsense")


def _cleaned(words: str) -> str:
    text = unicodedata.normalize("NFKC", words[: 4 * LONGEST_READ])
    text = "".join(ch if ch.isprintable() or ch.isspace() else "" for ch in text)
    text = "".join(ch for ch in text if unicodedata.category(ch) not in ("So", "Sk", "Mn"))
    text = text.lower() if text.isupper() and len(text) > 3 else text
    for pattern, instead in _MENDED:
        text = re.sub(pattern, instead, text)
    if len(text) > LONGEST_READ:
        text = text[:LONGEST_READ].rpartition(" ")[0] or text[:LONGEST_READ]
    return text.strip() + "”" * (text.count("“") > text.count("”"))


def _sentences(text: str) -> Iterator[list[str]]:
    """The tokens of each sentence; what follows "say:" is one quoted token."""
    before, colon, said = text.partition(": ")
    words = before.split()
    if colon and "“" not in text and not _CALLED.fullmatch(f"{before}: -"):
        if any(_speaks(words[i:]) for i in range(len(words))):
            text = f"{before} “{said}”"
    sentence: list[str] = []
    for token in _TOKEN.findall(text):
        if sentence and sentence[-1][0] in ".!?…;":
            yield sentence
            sentence = []
        sentence.append(token)
    yield sentence


def _speaks(words: Sequence[str]) -> bool:
    verb = grammar.verb_at(words)
    family = verb.family if verb else ""
    return family in ("greet", "sing", "nod") or _reports(family)


def _reports(family: str) -> bool:
    return bool(family) and "said" in grammar.families()[family].takes


# ------------------------------------------------------------------------------ speech and deeds


def _read(tokens: list[str]) -> list[Act]:
    """The acts of one sentence, or one that only has a problem."""
    words = [token for token in tokens if token[0].isalnum() or token[0] in "“'’"]
    quoted = [token.strip("“”") for token in tokens if token[0] == "“"]
    text = grammar.joined(tokens, keeps_mark=True)
    if not words:
        return []
    if len(quoted) == len(words):
        return [spoken(" ".join(quoted))]
    if tokens[0][0] == "“":
        following = [token for token in tokens if token[0].isalnum()]
        lead = Lead(following)
        is_tag = lead.verb and lead.subject and len(lead.rest) == lead.verb.words
        if lead.verb and not (is_tag or _speaks(lead.rest)):
            return [spoken(quoted[0]), *_read(following)]
        tokens = [*following, f"“{' '.join(quoted)}”"]
    elif not quoted and (bare := _bare_speech(text, tokens, [word.lower() for word in words])):
        return [bare]
    acts = [act for part in _parts(tokens) if (act := deed(part))]
    if not acts and text.endswith("!") and len(words) < 5:
        return [spoken(text, "shout")]
    return acts or [Act(problem="no verb")]


def _bare_speech(text: str, tokens: list[str], low: list[str]) -> Act | None:
    """Words that are said rather than done; a question to the game is a problem."""
    if phrase_length("game", low) == len(low):
        return Act(problem="question")
    if phrase_length("nothing", low) == len(low):
        told = re.sub(r"^(?:i|you) |^(?:nothing|pass|skip|next)$", "", text.lower()) or "wait"
        return Act(family="wait", verb="wait", clause="you " + told.replace("don't", "do not"))
    for family in _SAID_AT_ONCE:
        size = phrase_length(family, low)
        if size == len(low):
            return spoken(text, family)
        if size and family not in ("accept", "refuse"):
            is_short = family != "greet" or len(low) - size < 4
            person = grammar.joined(tokens[size:]) if family == "greet" and is_short else ""
            is_other = text.endswith("?") or not is_short
            return replace(spoken(text, "" if is_other else family), person=person)
    called = _CALLED.fullmatch(text)
    if called and not _may_lead(called[1].lower().split()):
        asks = text.endswith("?") or _QUESTION.match(called[2])
        return replace(spoken(called[2], "ask" if asks else "tell"), person=called[1])
    is_act = phrase_length("openings", low) or phrase_length("not", low)
    if _QUESTION.match(text) and not is_act and not re.search(r", (?:I|i|we)\b(?!.*\?$)", text):
        said = text.rstrip("?") + "?"
        return spoken(said) if _ADDRESSED.search(text) else Act(problem="question")
    is_said = _is_statement(low) or _is_statement(low[phrase_length("fillers", low) :])
    return spoken(text) if is_said else None


def _may_lead(low: list[str]) -> bool:
    """True if what looks like a name begins an act: "Quickly, …", "Inside, …"."""
    if grammar.is_somebody(low):
        return False
    lists = ("fillers", "openings", "game", "nothing", "wishes")
    is_phrase = bool(grammar.verb_at(low)) or any(phrase_length(name, low) for name in lists)
    return is_phrase or is_adverb(low[0]) or is_one(low[0], "prepositions adverbs enders")


def _is_statement(low: list[str]) -> bool:
    """True for "I am afraid", "the door is locked", "you should go": said, not done."""
    first, second, *rest = [*low, "", ""]
    if re.fullmatch(r"(?:i|we)(?:['’](?:m|re))?", first):
        lead = Lead(low)
        is_doing = bool(lead.verb) and (lead.weak > 0 or lead.is_denied)
        if len(first) > 2:
            return not is_doing
        denied = low[1 + phrase_length("not", low[1:]) :]
        if lead.is_denied and is_one("".join(denied[:1]), "states"):
            return True
        if second in ("feel", "trust") and is_one(rest[0], "determiners"):
            return False
        is_state = is_one(second, "states") or (second == "would" and not lead.weak)
        return is_state and not is_doing and not (lead.verb and lead.verb.words > 1)
    if first == "you":
        return is_one(second, "finite states") or second == "need"
    if re.fullmatch(r"(?:he|she|it|they|you|that|there|this|these|those)(?:['’]\w+)?", first):
        return True
    has_finite = any(is_one(word, "finite") for word in low[1:6])
    return is_one(first, "determiners") and has_finite and not grammar.verb_at(low)


# ------------------------------------------------------------------------- one act after another


def _parts(tokens: list[str]) -> Iterator[list[str]]:
    """The sentence cut where another act begins."""
    begin = 0
    for i in range(1, len(tokens)):
        end = i
        while end < len(tokens) and (
            tokens[end] in ",;—" or is_one(tokens[end].lower(), "conjunctions")
        ):
            end += 1
        if (
            i < end < len(tokens)
            and begin < i
            and _begins_act(tokens[begin:i], tokens[end:], tokens[i:end])
        ):
            yield tokens[begin:i]
            begin = end
    yield tokens[begin:]


def _begins_act(before: list[str], after: list[str], link: list[str]) -> bool:
    lead, earlier = Lead(after), Lead(before)
    verb, last = earlier.verb, before[-1].lower()
    if not (verb or unknown(earlier)):
        return False
    if lead.subject in ("i", "i'll", "i'm", "we", "we'll"):
        return bool(lead.rest)
    if not lead.verb or lead.subject or is_one(last, "articles"):
        return False
    first, *following = (token.lower() for token in lead.rest)
    if not verb or (is_base(earlier.rest[0].lower()) and not is_base(first)):
        return False
    if "then" not in link and _reports(verb.family) and _still_reports(verb, lead.verb.family):
        return False
    if not following and is_one(first, "rather_nouns") and verb.rest:
        return False
    is_bare = bool(verb.rest) and not any(is_one(t.lower(), "determiners") for t in verb.rest)
    is_noun = not is_one(last, "prepositions pronouns adverbs subjects") and not is_adverb(last)
    is_last = not following or not following[0][0].isalnum() or following[0] == "of"
    return not (is_last and is_bare and is_noun and before[-1].islower())


def _still_reports(verb: grammar.Verb, following: str) -> bool:
    """True if "and" goes on with what is reported: "tell him to run and hide"."""
    low = [*(token.lower() for token in verb.rest), ""]
    for k, word in enumerate(low[:-1]):
        if word == "to" and is_base(low[k + 1]):
            told = grammar.verb_at(low[k + 1 : -1])
            is_left = (
                told and told.family == "wait" and following in ("go", "enter", "climb", "leave")
            )
            return verb.family not in ("refuse", "try") and not is_left
        if is_one(word, "openers"):
            return low[k + 1] in ("we", "they", "you") or any(is_one(w, "modals") for w in low)
    return False


# ----------------------------------------------------------------------- the move as a whole


def _chained(acts: list[Act]) -> Act:
    """The acts as one, each handed on to the next; speeches in a row are one."""
    kept: list[Act] = []
    for act in acts:
        last = kept[-1] if kept else Act()
        if all(one.is_quoted and one.verb in ("say", "ask") for one in (act, last)):
            both = spoken(f"{last.said}{'' if last.said[-1:] in '.!?…' else '.'} {act.said}")
            kept[-1] = replace(both, person=last.person or act.person)
            continue
        needs = bool(kept) and "needs_object" in grammar.families()[last.family].after
        if needs and act.object and last.clause == f"you {last.verb}":
            kept[-1] = replace(last, object=act.object)
        kept.append(_resolved(act, kept))
    whole = kept.pop()
    for act in reversed(kept):
        clause = f"{act.clause}{',' if whole.then else ' and'} {whole.clause.removeprefix('you ')}"
        whole = replace(act, clause=clause, then=whole)
    return whole


def _resolved(act: Act, earlier: Sequence[Act]) -> Act:
    """A pronoun becomes what the move said before: "open the box and burn it"."""
    meant: dict[str, str] = {}
    for one in earlier:
        goal = re.sub(r"^.*?(?=\b(?:the|a|an|my|your|his|her|their)\b|$)", "", one.where)
        for phrase in (one.object, one.person, "" if one.object or one.person else goal):
            if not phrase or is_one(phrase.lower(), "pronouns"):
                continue
            last = phrase.split()[-1]
            is_many = singular(last) != last
            if phrase == one.person or grammar.is_somebody(phrase.split()):
                meant |= dict.fromkeys(("him", "her", "them"), phrase)
            else:
                meant["them" if is_many else "it"] = phrase
    return replace(
        act,
        object=meant.get(act.object, act.object),
        person=meant.get(act.person, act.person),
    )


def clause_in_past(clause: str) -> str:
    """``you give Mara the key and run`` → ``you gave Mara the key and ran``; speech stays."""
    parts = re.split(r"(“[^”]*”)", clause)
    for i in range(0, len(parts), 2):
        told, that, reported = parts[i].partition(" that ")
        words = told.split(" ")
        for k, word in enumerate(words):
            before = next((w for w in reversed(words[:k]) if w and not is_adverb(w)), "")
            is_first = before == "you" and k < 3 and i == 0
            plain = word.rstrip(",:;")
            is_next = is_base(plain) and (before.endswith(",") or before in ("and", "then"))
            if plain and not is_adverb(plain) and (is_first or is_next):
                words[k] = past(plain) + word[len(plain) :]
        shifted = "|".join(_SHIFTED)
        reported = re.sub(rf"\b(?:{shifted})\b", lambda m: _SHIFTED[m[0]], reported, count=1)
        parts[i] = " ".join(words) + that + reported
    return "".join(parts)
