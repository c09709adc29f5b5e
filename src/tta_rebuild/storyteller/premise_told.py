"""A premise's own statements, told to the player, and what the player is after in them.

"Joe tends a lamp" → "You are Joe. You tend …". Called by ``premise`` once it knows who is played.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from tta_rebuild.storyteller.line_template import capital, tidy
from tta_rebuild.storyteller.noun_phrases import second_persons, tokens_of, words_in
from tta_rebuild.storyteller.premise_mentions import GENDERS, gender_of
from tta_rebuild.storyteller.premise_people import PremisePeople, PremisePerson
from tta_rebuild.storyteller.second_person import to_second_person
from tta_rebuild.storyteller.word_lists import mended, pattern, word_table

_MOST_WORDS_TOLD, _MOST_WORDS_OF_AN_AIM = 70, 14


def statements(
    sentences: Sequence[str],
    commands: Collection[str],
    cast: PremisePeople,
    you: PremisePerson,
) -> tuple[str, ...]:
    """What a premise states; an order to a writer (``commands``) and a question state nothing."""
    kept: list[str] = []
    for clause in sentences:
        if clause in commands:
            asked = pattern("clause_asked_for").search(clause)
            clause = asked["clause"] if asked else ""
        words = {w.lower() for w in tokens_of(clause)}
        is_label = len(clause.split()) == 1 and len(sentences) > 1  # "Comedy!!"
        is_empty = not re.search(r"\w", clause) or clause.endswith("?")
        if is_empty or words & words_in("meta") or is_label:
            continue
        if kept and len(" ".join([*kept, clause]).split()) > _MOST_WORDS_TOLD:
            break
        clause = to_second_person(capital(clause))
        if own := re.match(rf"Your (?:{'|'.join(words_in('my_own'))}) is ", clause):
            clause = f"You are {clause[own.end() :]}"
        clause = tidy(_with_pairs(clause))
        kept.append(clause if clause[-1] in '.!?…”"' else f"{clause}.")
    return _to_player(kept, cast, you) or tuple(kept)


def _with_pairs(clause: str) -> str:
    """A clause without the quotation marks of a speech that does not begin and end in it."""
    is_whole = clause.count("“") == clause.count("”") and not clause.count('"') % 2
    return clause if is_whole else re.sub('[“”"]', "", clause)


def _to_player(told: Sequence[str], cast: PremisePeople, you: PremisePerson) -> tuple[str, ...]:
    """The statements with a lone third person as "you", none where that may be wrong.

    Whoever is played opens the first of them, and is said once: "You are Joe, a keeper."
    """
    player = cast.player
    if not told or not player or cast.is_second or player.phrase.is_many:
        return ()
    is_sure = you.pronouns == gender_of(you.role, you.name)
    alike = {you.pronouns} if is_sure else {"", you.pronouns}
    others = [m for m in cast.mentions if m is not player and m.pronouns in alike]
    other = min((min(m.at) for m in others if not m.phrase.is_many), default=len(cast.tokens))
    last = max((i for i, t in enumerate(cast.tokens) if t.lower() in GENDERS), default=-1)
    gender = you.pronouns if you.pronouns in ("he", "she") and last <= other else ""
    said = {t.lower() for sentence in told for t in tokens_of(sentence)}
    if said & {*GENDERS, "they", "them", "their"} and not gender:
        return ()
    what = "" if player.phrase.is_name else player.phrase.text
    called = (what, you.name, you.name.split(" ")[0], gender)
    noun, name, first, he = (re.escape(word) or "(?!)" for word in called)
    subject = re.compile(
        rf"\b(?:{name}\b(?:, (?:an?|the) {noun}\b,?)?|{first}\b|{he}\b|"
        rf"(?:^an?|the|this) {noun}\b(?:,?(?: called| named)? {name}\b,?)?)",
        re.I,
    )
    opens, role = subject.match(told[0]), you.role
    if not opens:
        return ()
    rest = told[0][opens.end() :]
    if beside := pattern("beside").match(rest):  # a cook in the kitchen is ordered
        may = (w for w in beside["words"].split() if w in second_persons() or _is_same(w))
        verb = next(may, "")
        head, _, tail = rest.partition(f" {verb} ")
        role, rest = role + head, f" {verb} {tail}"
        if not verb or head.split()[-1] in words_in("determiners", "stops"):
            return ()
    turned = [_as_you(s, subject, gender) for s in (opens[0] + rest, *told[1:])]
    is_said = re.match(r"You (?:are|were) (?:an?|the) ", turned[0])
    line = ", ".join(filter(None, (you.name, "" if is_said else role)))
    return tuple([f"You are {line}."] * bool(line) + turned) if all(turned) else ()


def _as_you(sentence: str, subject: re.Pattern[str], gender: str) -> str:
    """A sentence with its subject and their pronouns as "you", "" where a verb is not known."""
    told, at, known = "", 0, second_persons()
    for found in subject.finditer(sentence):
        if pattern("says_what_one_is").search(sentence[: found.start()]) and " " in found[0]:
            continue  # Priya is the night pharmacist
        verb, end = pattern("verb_after").match(sentence, found.end()), found.end()
        you = "you"
        if sentence[end : end + 2] in ("'s", "’s"):
            you, end = "you're" if found[0].lower() == gender else "your", end + 2
        elif verb and verb["verb"] in known:
            you, end = f"you{verb['before']}{known[verb['verb']]}", verb.end()
        elif not found.start() and not (verb and _is_same(verb["verb"])):
            return ""
        told, at = told + sentence[at : found.start()] + you, end
    told += sentence[at:]
    if not at:
        return _with_yours(told, gender)
    start = max(0, told.find("you"))
    stop = start + len(pattern("of_another").split(told[start:], maxsplit=1)[0])

    def turn(found: re.Match[str]) -> str:
        is_verb = found["verb"] in known and found["verb"] not in words_in("noun_verbs")
        return found["before"] + (known[found["verb"]] if is_verb else found["verb"])

    rest = pattern("verb_after_comma").sub(turn, told[stop:])
    told = told[:start] + pattern("verb_joined").sub(turn, told[start:stop]) + rest
    return _with_yours(told, gender)


def _is_same(verb: str) -> bool:
    """Whether a verb has one form for all persons: "must", "found"."""
    return bool(pattern("same_with_you").match(verb))


def _with_yours(told: str, gender: str) -> str:
    told = mended(told, gender) if gender else told
    return capital(told)


def stated_aim(
    told: Sequence[str], name: str = "", pronouns: str = "", *, are_many: bool = False
) -> tuple[str, bool]:
    """The first thing that "you" must, want or try to do, a bare infinitive; "" if nothing is.

    Else what the premise tells the player to do: "Find out who did it." With it whether that is
    certain: it says "you must", and not "the girl is told to".

    ``name``: that of the player's character, where they are told of by it. ``are_many``: the
    player's character is one of several, who are told of as "they".
    """
    for sentence in told:
        for found in pattern("wanted").finditer(sentence):
            is_told = pattern("told_of_you").search(sentence[: found.end()])
            is_mine = is_told or (name and name in sentence[: found.start()])
            subject = sentence[: found.start()].rstrip().rpartition(" ")[2].lower()
            is_mine = is_mine or (pronouns in ("he", "she") and subject == pronouns)
            before, colon, after = sentence[found.end() :].partition(": ")
            aim = (colon and _bounded(after)) or _bounded(before)
            if are_many and not is_told:
                aim = re.sub(r"\btheir\b", "your", re.sub(r"\bthem\b", "you", aim))
            elif not is_mine:
                continue
            if aim:
                return aim, subject == "you"
    orders = (sentence[:1].lower() + sentence[1:] for sentence in told if conflict_of(sentence))
    order = next(filter(None, map(_bounded, orders)), "")
    return order, bool(order)


def conflict_of(aim: str) -> str:
    """The conflict that an aim by its first words belongs to, "" if to none."""
    words = aim.lower().split()[:3]
    rows = word_table("premise_topics")["conflict"].items()
    for begins in ("_".join(words[:n]) for n in range(len(words), 0, -1)):
        if found := next((name for name, row in rows if begins in row["aims"].split()), ""):
            return found
    return ""


def deadline_of(text: str) -> str:
    """By when it has to be done, as the player hears it, "" if nothing is said."""
    found = pattern("deadline").search(text)
    said = f"{found[0][:1].lower()}{found[0][1:]}" if found else ""
    return to_second_person(re.sub("^until |^till ", "by ", said))


def _bounded(text: str) -> str:
    """The clause that a text begins with, "" if it is none, negative or too long."""
    aim = pattern("aim_ends").split(text.strip(), maxsplit=1)[0]
    aim = pattern("aim_opens").sub("", aim).strip(" ,")
    if len(aim.split()) > _MOST_WORDS_OF_AN_AIM:
        aim = pattern("aim_goes_on").split(aim, maxsplit=1)[0].strip(" ,")
    while len(aim.split()) > _MOST_WORDS_OF_AN_AIM and pattern("aim_part").search(aim):
        aim = pattern("aim_part").sub("", aim)
    words = aim.split()
    is_verb = bool(words) and words[0].lower() in words_in("verbs") | words_in("states")
    is_whole = 1 < len(words) <= _MOST_WORDS_OF_AN_AIM and words[-1].lower() not in words_in(
        "determiners"
    )
    return aim if is_verb and is_whole else ""
