"""The player's "I" told back as "you": what ``act`` and ``premise`` do to every phrase they keep.

Works by rules on words; quoted speech stays as it was spoken.
"""

from __future__ import annotations

import re

_QUOTED = re.compile(
    r"(“[^”]*”|\"[^\"]*\"|(?<![^\s(,:])[‘'](?=\w)[^‘'’]*(?:['’]\w[^‘'’]*)*[.!?,]['’])"
)
_YOURS = {
    "i": "you",
    "me": "you",
    "my": "your",
    "mine": "yours",
    "myself": "yourself",
    "we": "you",
    "us": "you",
    "our": "your",
    "ours": "yours",
    "ourselves": "yourselves",
    "am": "are",
}
_PRONOUN = re.compile(
    r"(?<![\w'’-])(?:"
    r"[Ii](?![./]\w)|[Mm]e|[Mm]y|[Mm]yself|[Ww]e|us|Us|[Oo]urs?|[Oo]urselves"
    r"|(?P<mine>[Mm]ine)|(?<!\d )am|Am(?= I\b))(?![\w-])"
)
_A_MINE = re.compile(
    r"\b(?:an?|the|th(?:is|at|ese|ose)|my|your|his|her|its|our|their|every|each|one|no|old|deep|lost|"
    r"coal|gold|silver|iron|salt|copper|tin|diamond|land|abandoned|flooded|dark)\s+$",
    re.I,
)
_ROMAN = re.compile(
    r"(?:\b(?:War|Part|Chapter|Act|Book|Volume|Type|Phase|Class|Level|World|Elizabeth|Henry|Charles|"
    r"James|George|Edward|Richard|William|Francis|Frederick|Leopold|Napoleon|Nicholas|Wilhelm)) $"
)
_OPENS = re.compile(r"(?:^|[.!?…][”’)]*\s+|[\n(])\s*$")
_I_AM = re.compile(r"(?<![\w'’])([Ii])(['’])m\b")
_NOT_I_AM = re.compile(r"(?<![\w'’])([Ii])['’]m not\b")
_WE_TWO = re.compile(r"(?:(?<=^)|(?<=[.!?] ))([Mm]y|[Tt]he) ((?:[\w'’-]+ )?[\w'’-]+) and I\b")
_WAS = (
    (re.compile(r"\b([Ww])as(n['’]t)? (?=I\b)"), r"\1ere\2 "),
    (
        re.compile(
            r"(?<![\w'’])([Ii],?(?: (?:who|never|always|once|also|still|just|already|only|really|"
            r"ever|alone|myself|too|\w+ly)){0,2},? )was(?=n['’]t\b|\b)"
        ),
        r"\1were",
    ),
    (
        re.compile(
            r"(?<!, )(?<!that )(\bI (?!(?:\w+ ){0,6}(?:he|she|it|that|they|who|which|what|how)\b)"
            r"[^.!?;,:]{1,60}? (?:and|but|then) (?:\w+ly )?)was\b"
        ),
        r"\1were",
    ),
)


def to_second_person(text: str) -> str:
    """The text with its first person (I, my, we …) turned to the second, verbs included.

    ``My cat knew I was alone`` → ``Your cat knew you were alone``. Words in quotation marks stay,
    and so do numbers of kings and wars and the mine that one digs. A sentence keeps its capital.
    """
    told = ""
    for i, part in enumerate(_QUOTED.split(text)):
        told += part if i % 2 else _turned(part, told)
    return told


def _turned(text: str, told: str) -> str:
    text = _WE_TWO.sub(_you_and, text)
    text = _NOT_I_AM.sub(r"\1 are not", text)
    text = _I_AM.sub(r"\1\2re", text)
    for pattern, instead in _WAS:
        text = pattern.sub(instead, text)

    def turn(found: re.Match[str]) -> str:
        word, before = found[0], told + text[: found.start()]
        if (found["mine"] and _A_MINE.search(before)) or (word == "I" and _ROMAN.search(before)):
            return word
        is_capital = bool(_OPENS.search(before)) if word == "I" else word[0].isupper()
        new = _YOURS[word.lower()]
        return new.capitalize() if is_capital else new

    return _PRONOUN.sub(turn, text)


def _you_and(found: re.Match[str]) -> str:
    owner = "your" if found[1].lower() == "my" else "the"
    return f"{'You' if found[1][0].isupper() else 'you'} and {owner} {found[2]}"
