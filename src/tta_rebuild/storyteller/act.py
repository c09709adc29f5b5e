"""What the player does, in parts: the words of a move read by rules and no model.

Called by ``teller`` once a turn. ``act_grammar`` knows the verbs and what follows them; this file
cuts a move into its acts, tells speech from deeds, and tells the move back.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tta_rebuild.core.english import past, singular
from tta_rebuild.storyteller.act_grammar import (
    Verb,
    as_text,
    families,
    is_adverb,
    is_base,
    is_one,
    is_somebody,
    joined,
    phrase_length,
    small_words,
    verb_at,
)
from tta_rebuild.storyteller.deed import Act, Lead, deed, spoken, unknown

__all__ = ["Act", "clause_in_past", "parse_act"]

LONGEST_READ = 400
"""Characters of a move that are read; the rest of a very long one is passed over."""
LONGEST_TOLD = 240
"""Characters of a move told back."""
MOST_ACTS = 6
"""Acts of one move that are kept."""


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
_STOPPED = re.compile(r"\w+[,.!]")
_SAID_AT_ONCE = {
    "sorry": "apologise",
    "thanks": "thank",
    "no": "refuse",
    "yes": "accept",
    "greetings": "greet",
}
_DROPPED = frozenset(("So", "Sk", "Mn"))
"""Unicode's categories of pictures, marks for skin and accents that stand alone."""
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
    latin = sum("LATIN" in unicodedata.name(ch, "") for ch in letters)
    if latin * 2 < len(letters) or _is_foreign(text):
        return Act(problem="no verb")
    found: list[tuple[str, Act]] = []
    for sentence in _sentences(text):
        found += _read(sentence)
    acts = _speech_in_one([(link, act) for link, act in found if not act.problem])
    if acts:
        return _chained(acts[:MOST_ACTS])
    if any(act.problem == "question" for _, act in found):
        return Act(problem="question")
    low = re.findall(r"[a-z'’]+", text.lower())
    is_known = any(is_one(w, "english determiners foreign") or is_base(w) for w in low)
    return Act(problem="no verb" if is_known else "nonsense")


def _cleaned(words: str) -> str:
    text = unicodedata.normalize("NFKC", words[: 4 * LONGEST_READ]).replace("...", "…")
    text = re.sub(r"(?<=[^\W_])[ \t]*[\r\n]+\s*(?=\S)", ". ", text)
    text = re.sub(r"</?\w[^<>]{0,40}>", " ", text)
    text = _MARKUP.sub(" ", text)
    kept = [ch.isprintable() and unicodedata.category(ch) not in _DROPPED for ch in text]
    text = "".join(ch if keep else " " * ch.isspace() for ch, keep in zip(text, kept, strict=True))
    text = text.lower() if text.isupper() and len(text) > 3 else text
    text = " ".join(text.replace("«", "“").replace("»", "”").replace("„", "“").split())
    if len(text) > LONGEST_READ:
        text = text[:LONGEST_READ].rpartition(" ")[0] or text[:LONGEST_READ]
    text = re.sub(r"\"([^\"]*)(?:\"|$)", r"“\1”", text)
    text = text + "”" * (text.count("“") > text.count("”"))
    if "“" not in text:
        text = _SINGLE.sub(r"“\1”", text)
    text = re.sub(r"(?<=\w), (?:please|thanks|thank you)\W*$", "", text)
    return re.sub(r"\s+[-–—]+\s+", ", ", text)


def _is_foreign(text: str) -> bool:
    """True if more of the small words are another language's than English ones."""
    low = re.findall(r"[^\W\d_]+", text.lower())
    foreign = sum(word in small_words("foreign") or not word.isascii() for word in low)
    english = sum(word in small_words("english") or is_base(word) for word in low)
    return len(low) > 1 and foreign > 0 and (foreign > english or english == 0)


def _sentences(text: str) -> Iterator[list[str]]:
    """The tokens of each sentence; what follows "say:" is one quoted token."""
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
        if token[0] in ".!?…;" and i + 1 < len(tokens):
            yield sentence
            sentence = []
    yield sentence


def _speaks(words: Sequence[str]) -> bool:
    verb = verb_at([word.rstrip(":,") for word in words])
    if verb is None:
        return False
    return "said" in families()[verb.family].takes or verb.family in ("greet", "sing", "nod")


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
        return [("", spoken(" ".join(q.strip("“”") for q in quoted)))]
    if quoted and tokens[0] == quoted[0]:
        following = [t for t in tokens[1:] if t[0] != "“" and (t[0].isalnum())]
        lead = Lead(following)
        is_tag = lead.verb and lead.subject and len(lead.rest) == lead.verb.words
        if lead.verb and (is_tag or _speaks(lead.rest)):
            tokens = [*following, "“" + " ".join(q.strip("“”") for q in quoted) + "”"]
        elif lead.verb:
            return [("", spoken(quoted[0].strip("“”"))), *_read(following)]
    elif not quoted and (bare := _bare_speech(text, tokens, low)):
        return [("", bare)]
    acts = [(link, act) for link, part in _parts(tokens) if (act := deed(part))]
    if not acts and text.endswith("!") and len(words) < 5:
        return [("", spoken(text, "shout"))]
    return acts or [("", Act(problem="no verb"))]


def _bare_speech(text: str, tokens: list[str], low: list[str]) -> Act | None:
    """Words that are said rather than done; a question to the game is a problem."""
    if phrase_length("game", low) == len(low):
        return Act(problem="question")
    if phrase_length("nothing", low) == len(low):
        told = re.sub(r"^(?:i|you) |^(?:nothing|pass|skip|next)$", "", text.lower()) or "wait"
        return Act(family="wait", verb="wait", clause="you " + told.replace("don't", "do not"))
    for name, family in _SAID_AT_ONCE.items():
        size = phrase_length(name, low)
        if not size:
            continue
        rest = low[size:]
        if not rest:
            return spoken(text, family)
        if name == "yes" or (name == "no" and (Lead(rest).verb or not _STOPPED.match(text))):
            break
        if text.endswith("?") or (family == "greet" and len(rest) > 3):
            return spoken(text)
        person = joined(tokens[size:]) if family == "greet" else ""
        return replace(spoken(text, family), person=person)
    called = _VOCATIVE.fullmatch(text)
    name_low = called[1].lower().split() if called else []
    if called and (is_somebody(name_low) or not _is_lead(name_low)):
        asks = text.endswith("?") or _QUESTION.match(called[2])
        return replace(spoken(called[2], "ask" if asks else "tell"), person=called[1])
    is_clause = not text.endswith("?") and re.search(r", (?:I|i|we)\b", text)
    is_act = is_clause or phrase_length("openings", low) or phrase_length("not", low)
    if _QUESTION.match(text) and not is_act:
        is_said = _ADDRESSED.search(text)
        return spoken(text.rstrip("?") + "?") if is_said else Act(problem="question")
    size = phrase_length("fillers", low)
    return spoken(text) if _is_statement(low) or (size and _is_statement(low[size:])) else None


def _is_lead(low: list[str]) -> bool:
    lists = ("fillers", "openings", "game", "nothing", "wishes")
    if verb_at(low) or is_adverb(low[0]) or any(phrase_length(name, low) for name in lists):
        return True
    return is_one(low[0], "prepositions adverbs enders")


def _is_statement(low: list[str]) -> bool:
    """True for "I am afraid", "the door is locked", "you should go": said, not done."""
    first, second, third, *_ = [*low, "", "", ""]
    if first in ("i", "i'm", "i’m", "we", "we're", "we’re"):
        lead = Lead(low)
        is_doing = bool(lead.verb) and (lead.weak > 0 or lead.is_denied)
        if first not in ("i", "we"):
            return not is_doing and not (lead.verb and second.endswith("ing"))
        if (size := phrase_length("not", low[1:])) and is_one(
            "".join(low[1 + size :][:1]), "states"
        ):
            return True
        if second in ("feel", "trust") and is_one(third, "determiners"):
            return False
        if second == "would":
            return third in ("like", "love", "prefer") and not lead.verb
        return is_one(second, "states") and not is_doing and not (lead.verb and lead.verb.words > 1)
    if first == "you":
        return is_one(second, "finite states") or second == "need"
    if re.fullmatch(r"(?:he|she|it|they|you|that|there|this|these|those)(?:['’]\w+)?", first):
        return True
    has_finite = any(is_one(word, "finite") for word in low[1:6])
    return is_one(first, "determiners") and has_finite and not verb_at(low)


# ------------------------------------------------------------------------- one act after another


def _parts(tokens: list[str]) -> Iterator[tuple[str, list[str]]]:
    """The sentence cut where another act begins, each part with the link before it."""
    begin, link, i = 0, "", 1
    while i < len(tokens):
        end = i
        while end < len(tokens) and _links(tokens[end]):
            end += 1
        is_link = i < end < len(tokens)
        if is_link and _begins_act(tokens[begin:i], tokens[end:], tokens[i:end]):
            yield link, tokens[begin:i]
            begin, link = end, " ".join(tokens[i:end]).lower()
        i = max(end, i + 1)
    yield link, tokens[begin:]


def _links(token: str) -> bool:
    return token.lower() in small_words("conjunctions") or token in (",", ";", "—")


def _begins_act(before: list[str], after: list[str], link: list[str]) -> bool:
    lead, earlier = Lead(after), Lead(before)
    if not (earlier.verb or unknown(earlier)):
        return False
    is_own = lead.subject in ("i", "i'll", "i'm", "we", "we'll")
    if not lead.verb or is_own:
        return is_own and bool(lead.rest)
    first = lead.rest[0].lower()
    if lead.subject or is_one(before[-1].lower(), "articles"):
        return False
    if not earlier.verb or (is_base(earlier.rest[0].lower()) and not is_base(first)):
        return False
    if "then" not in [t.lower() for t in link] and _still_reports(earlier.verb):
        return False
    rest = earlier.verb.rest
    if len(lead.rest) == 1 and is_one(first, "rather_nouns") and rest:
        return False
    is_last = len(lead.rest) == 1 or not lead.rest[1][0].isalnum() or lead.rest[1].lower() == "of"
    is_bare = bool(rest) and not any(is_one(t.lower(), "determiners") for t in rest)
    return not (is_last and is_bare and before[-1].islower() and _is_noun(before[-1].lower()))


def _still_reports(verb: Verb) -> bool:
    """True if "and" may go on with what is reported: "tell him to run and hide"."""
    if "said" not in families()[verb.family].takes:
        return False
    low = [*(token.lower() for token in verb.rest), ""]
    for k, word in enumerate(low[:-1]):
        if word == "to" and is_base(low[k + 1]):
            return verb.family not in ("refuse", "try")
        if is_one(word, "openers"):
            return low[k + 1] in ("we", "they", "you") or any(is_one(w, "modals") for w in low)
    return False


def _is_noun(word: str) -> bool:
    """True if the word may be a noun, so that "and water" could go with it."""
    return not is_one(word, "prepositions pronouns adverbs subjects particles") and not is_adverb(
        word
    )


# ----------------------------------------------------------------------- the move as a whole


def _speech_in_one(found: list[tuple[str, Act]]) -> list[tuple[str, Act]]:
    """Sentences spoken one after the other are one speech."""
    kept: list[tuple[str, Act]] = []
    for link, act in found:
        last = kept[-1][1] if kept else Act()
        if all(one.is_quoted and one.verb in ("say", "ask") for one in (act, last)):
            family = "ask" if "ask" in (act.family, last.family) else "say"
            stop = "" if last.said[-1:] in ".!?…" else "."
            both = spoken(f"{last.said}{stop} {act.said}", family)
            kept[-1] = (kept[-1][0], replace(both, person=last.person or act.person))
        else:
            kept.append((link, act))
    return kept


def _chained(found: list[tuple[str, Act]]) -> Act:
    """The acts as one, each handed on to the next; a pronoun becomes what the move said before."""
    acts = [act for _, act in found]
    for i in range(1, len(acts)):
        acts[i] = _resolved(acts[i], acts[:i])
    for i in range(len(acts) - 1):
        is_bare = acts[i].clause == f"you {acts[i].verb}" and "and" in found[i + 1][0]
        if (
            is_bare
            and families()[acts[i].family].after.keys() >= {"needs_object"}
            and acts[i + 1].object
        ):
            acts[i] = replace(acts[i], object=acts[i + 1].object)
    whole = replace(acts[-1], clause=_shortened(acts[-1].clause))
    for i in range(len(acts) - 2, -1, -1):
        before, rest = found[i + 1][0], whole.clause.removeprefix("you ")
        link = "," if whole.then and "and" not in before else " and"
        link = ", then" if "then" in before else link
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
            if phrase and not is_one(phrase.lower(), "pronouns where_alone"):
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
    """``you give Mara the key and run`` → ``you gave Mara the key and ran``; speech stays."""
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
