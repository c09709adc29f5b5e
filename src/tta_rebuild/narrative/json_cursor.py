"""Follows the JSON of a scene reply as it grows: where its passages stand, whether it is closed.

Used by ``scene_parser`` alone. It decodes nothing; it only tells strings from brackets.
"""

from __future__ import annotations

import re

OBJECT_START = re.compile(r'\{(?=\s*(?:["}]|$))')
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\],:]|[^\s"{}\[\],:]+', re.DOTALL)


class Cursor:
    """Follows JSON as it grows: where the passages stand, whether the object is closed."""

    def __init__(self) -> None:
        self.at = 0  # everything before has been followed
        self.start = -1  # of the top-level object
        self.end = -1  # one past it, -1 while it is open
        self.stack: list[str] = []
        self.key = ""  # the top-level key whose value we are in
        self._last_string = ""
        self.closed: list[tuple[int, int]] = []  # passages, as spans
        self.open_passage = -1
        self.flat_start = -1  # where the string of ``narrative_text`` begins
        self.flat_end = -1

    def follow(self, text: str) -> None:
        """Go on to the end of the text, or to the start of a string that is not closed yet."""
        if self.start < 0:
            found = OBJECT_START.search(text, self.at)
            if found is None or not text[found.end() :].strip():
                self.at = found.start() if found else len(text)
                return
            self.start = self.at = found.start()
        while self.end < 0:
            match = _TOKEN.search(text, self.at)
            if match is None:
                self._note_open_string(text)
                return
            token = match.group()
            if token[0] not in '"{}[],:' and match.end() == len(text):
                return  # it may go on
            gap = text.find('"', self.at, match.start())
            if gap >= 0:  # a string began before this token and is not closed
                self._note_open_string(text)
                return
            self._take(token, match.start(), match.end())
            self.at = match.end()

    def _note_open_string(self, text: str) -> None:
        quote = text.find('"', self.at)
        if quote >= 0:
            self.at = quote
            if self.stack == ["{"] and self.key == "narrative_text" and self.flat_end < 0:
                self.flat_start = quote

    def _take(self, token: str, start: int, end: int) -> None:
        is_top = len(self.stack) == 1
        match token[0]:
            case "{" | "[" as opening:
                is_passage = opening == "{" and self.key == "passages"
                if is_passage and self.stack == ["{", "["] and self.open_passage < 0:
                    self.open_passage = start
                self.stack.append(opening)
            case "}" | "]" as closing:
                self.stack[-1:] = []
                if closing == "}" and self.open_passage >= 0 and len(self.stack) == 2:
                    self.closed.append((self.open_passage, end))
                    self.open_passage = -1
                if not self.stack:
                    self.end = end
            case ":" if is_top:
                self.key = self.key or self._last_string
            case "," if is_top:
                self.key = ""
            case '"' if is_top and self.key == "narrative_text" and self.flat_end < 0:
                self.flat_start, self.flat_end = start, end
            case '"' if is_top and not self.key:
                self._last_string = token[1:-1]
