"""Words of a text as spaCy's English tokenizer cuts them: "ca" "n't", "Dad" "'s", "do" "nt".

Called by ``clause_parser`` and its trainer. The order of the steps is spaCy's: whole exceptions
first, then marks off the front and the end, then inside. The exceptions come with the weights.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

Exceptions = Mapping[str, Sequence[int]]
"""What is cut in a way of its own → the lengths of its parts: "dont" → (2, 2)."""

_QUOTES = "'\"”“`‘´’‚„»«「」『』（）【】《》〈〉"
_UNITS = "km|kg|cm|mm|mph|kmh|km/h|ha|yd|in|ft|lb|oz|[mgtTGMK]|[mkgt][bB]|[MGT]B|%"
_PREFIX = re.compile(
    rf"\.\.+|(?:US|C|A)\$|\+(?![0-9])|[§%=—–…,:;!?¿¡()\[\]{{}}<>_#*&·~{_QUOTES}]|[$£€¥₹]"
)
_SUFFIX = re.compile(
    rf"(?:'s|'S|’s|’S|\.\.+|[…,:;!?¿¡()\[\]{{}}<>_#*&·—–{_QUOTES}]|(?<=[0-9])\+"
    rf"|(?<=[0-9])(?:[$£€¥₹]|{_UNITS})|(?<=[0-9%²+\-….,:;!?)\]{_QUOTES}])\."
    rf"|(?<=[^\W\d_A-Z])\.|(?<=[A-Z][A-Z])\.)\Z"
)
_INFIX = re.compile(
    rf"\.\.+|…|(?<=[0-9])[+\-*^](?=[0-9-])|(?<=[a-zà-öø-ÿ{_QUOTES}])\.(?=[A-ZÀ-ÖØ-Þ{_QUOTES}])"
    r"|(?<=[^\W\d_]),(?=[^\W\d_])|(?<=[^\W_])(?:---|--|——|[-–—~])(?=[^\W\d_])"
    r"|(?<=[^\W_])[:<>=/](?=[^\W\d_])"
)
_CLOSING, _MARKS = frozenset("”’»)]"), frozenset(".!?,;:…-–—")
_ICON = re.compile(r"[\u2190-\u2bff\U0001f000-\U0001faff]")
_LONGEST = 100  # characters of what may be an exception or an address
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\w+")


def tokens(text: str, exceptions: Exceptions) -> list[tuple[int, int]]:
    """Begin and end of each token; white space belongs to none. Linear in the text's length."""
    return [
        span
        for found in re.finditer(r"\S+", text)
        for span in _cut(text, found.start(), found.end(), exceptions)
    ]


def _cut(text: str, begin: int, end: int, exceptions: Exceptions) -> Iterator[tuple[int, int]]:
    """The tokens of what stands between two spaces."""
    behind = list[tuple[int, int]]()
    while begin < end:
        if end - begin <= _LONGEST and (parts := _exception(text[begin:end], exceptions)):
            for length in parts:
                yield begin, begin + length
                begin += length
            break
        if found := _PREFIX.match(text, begin, end) or _ICON.match(text, begin, end):
            yield found.span()
            begin = found.end()
            continue
        # a suffix looks a character back at most two, and is at most four long
        window = text[max(begin, end - 40) : end]
        if (mark := _SUFFIX.search(window)) or (mark := _ICON.match(window, len(window) - 1)):
            length = len(window) - mark.start()
            behind.append((end - length, end))
            end -= length
            continue
        yield from _inside(text, begin, end)
        break
    yield from reversed(behind)


def _exception(piece: str, exceptions: Exceptions) -> Sequence[int]:
    key = piece.replace("’", "'")
    return exceptions.get(key) or (exceptions.get(key.lower(), ()) if key.isupper() else ())


def _inside(text: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """A word, cut at the marks inside it: "well" "-" "known"."""
    if end - begin <= _LONGEST and _ADDRESS.fullmatch(text, begin, end):
        yield begin, end
        return
    for found in _INFIX.finditer(text, begin, end):
        if found.start() > begin:
            yield begin, found.start()
            yield found.span()
            begin = found.end()
    if begin < end:
        yield begin, end


def sentence_cuts(words: Sequence[str], spaces: Sequence[bool]) -> list[int]:
    """Before which words a sentence begins for certain, and after the last; one at least.

    After a full stop, and after "!" or "?" where no small letter follows; marks that close what is
    quoted belong to what is before them. ``spaces`` tells whether a space follows each word. Where
    else a sentence begins, the parser finds.
    """
    cuts, at = list[int](), 0
    while at < len(words):
        mark, at = words[at], at + 1
        if mark not in (".", "!", "?"):
            continue
        is_quoted = False
        while at < len(words) and (
            words[at] in _CLOSING or (words[at] in "'\"" and not spaces[at - 1])
        ):
            at, is_quoted = at + 1, True
        is_over = mark == "." and not is_quoted
        if at < len(words) and (is_over or not words[at][0].islower()) and words[at] not in _MARKS:
            cuts.append(at)
    return [*cuts, len(words)]
