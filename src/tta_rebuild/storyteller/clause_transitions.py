"""The arc-hybrid transition system (Kuhlmann et al. 2011) over a whole text, one root a sentence.

Called by ``clause_parser`` and its trainer. A word waits in the buffer, is shifted on the stack,
and leaves it as a dependent of the next word of the buffer (left), of the word below it (right), or
as the root of a sentence, which it may only where it is alone there: sentences never interleave.
"""

from __future__ import annotations

from collections.abc import Sequence


class ParseState:
    """Stack, buffer and the arcs so far of one text.

    ``words`` and ``tags`` have one entry more than there are words, 0: what is asked of a place
    where nothing is. Actions are numbers: right with each label, shift, left with each label, root.
    """

    def __init__(self, words: Sequence[int], tags: Sequence[int], labels: int) -> None:
        self.words, self.tags, self.labels = words, tags, labels
        self.size = size = len(words) - 1
        self.stack = list[int]()
        self.next = 0
        self.heads = [*range(size)]
        self.ends = list[int]()
        """After which words a sentence is over."""
        self._edge = [*range(size)]  # the last word of what is below a word
        self.label = [0] * (size + 1)  # from 1; 0 for a root or none yet
        self.left1, self.left2 = [size] * (size + 1), [size] * (size + 1)
        self.right1, self.right2 = [size] * (size + 1), [size] * (size + 1)
        self.left_count, self.right_count = [0] * (size + 1), [0] * (size + 1)

    @property
    def is_over(self) -> bool:
        """True when every word has its place."""
        return self.next == self.size and not self.stack

    def allowed(self) -> tuple[int, int]:
        """The actions possible now: from the first up to the second, without it."""
        labels, depth = self.labels, len(self.stack)
        if self.next == self.size:
            return (0, labels) if depth > 1 else (2 * labels + 1, 2 * labels + 2)
        if not depth:
            return labels, labels + 1
        return (0, 2 * labels + 1) if depth > 1 else (labels, 2 * labels + 2)

    def apply(self, action: int) -> None:
        """Takes one step."""
        labels = self.labels
        if action == labels:
            self.stack.append(self.next)
            self.next += 1
            return
        word = self.stack.pop()
        if action < labels:
            head = self.stack[-1]
            self.heads[word], self.label[word] = head, action + 1
            self.right2[head], self.right1[head] = self.right1[head], word
            self.right_count[head] += 1
            self._edge[head] = self._edge[word]
        elif action <= 2 * labels:
            head = self.next
            self.heads[word], self.label[word] = head, action - labels
            self.left2[head], self.left1[head] = self.left1[head], word
            self.left_count[head] += 1
        else:
            self.ends.append(self._edge[word] + 1)

    def features(self) -> list[int]:
        """What the choice of the next step is made by."""
        none, stack, b0 = self.size, self.stack, self.next
        s0 = stack[-1] if stack else none
        s1 = stack[-2] if len(stack) > 1 else none
        return self._of_places(s0, s1, b0) + self._of_children(s0, s1, b0)

    def _of_places(self, s0: int, s1: int, b0: int) -> list[int]:
        """Words and tags of the top of the stack and the front of the buffer."""
        words, tags, none, stack = self.words, self.tags, self.size, self.stack
        s2 = stack[-3] if len(stack) > 2 else none
        b1, b2, b3 = min(b0 + 1, none), min(b0 + 2, none), min(b0 + 3, none)
        s0w, s1w, b0w, b1w = words[s0], words[s1], words[b0], words[b1]
        s0t, s1t, s2t = tags[s0], tags[s1], tags[s2]
        b0t, b1t, b2t, b3t = tags[b0], tags[b1], tags[b2], tags[b3]
        gap = min(b0 - s0, 7) if stack else 0
        gap1 = min(s0 - s1, 7) if s1 < none else 0
        before = tags[b0 - 1] if b0 - 1 > s0 or not stack else 0
        between = tags[s0 - 1] if s1 < s0 - 1 else 0
        depth = min(len(stack), 3)
        pair, pair1 = s0t << 6 | b0t, s1t << 6 | s0t
        trio, ahead = pair1 << 6 | b0t, b0t << 6 | b1t
        s0x, s1x, b0x = s0w << 17, s1w << 17, b0w << 17
        return [
            (s0x | s0t) << 7,
            (b0x | b0t) << 7 | 1,
            (s1x | s1t) << 7 | 2,
            (b1w << 17 | b1t) << 7 | 3,
            (s0t << 6 | depth) << 7 | 4,
            ahead << 7 | 5,
            pair << 7 | 6,
            (s0x | b0w) << 7 | 7,
            (s0x << 17 | pair << 17 | b0w) << 7 | 8,
            (s0x | pair) << 7 | 9,
            (b0x | pair) << 7 | 10,
            (s1x | s0w) << 7 | 11,
            (s1x | pair1) << 7 | 12,
            (s0x | pair1) << 7 | 13,
            pair1 << 7 | 14,
            (s1x | trio >> 6 << 2 | depth) << 7 | 15,
            (trio << 17 | b1t) << 7 | 16,
            (pair << 17 | b1t << 6 | b2t) << 7 | 17,
            (ahead << 17 | b2t << 6 | b3t) << 7 | 18,
            (s2t << 17 | trio) << 7 | 19,
            (s0x | trio >> 12 << 6 | b0t) << 7 | 20,
            (s1x << 17 | b0w << 17 | b0t) << 7 | 21,
            ((s1w << 17 | s0t) << 17 | b0w) << 7 | 22,
            ((s1w << 17 | s0w) << 17 | b0t) << 7 | 23,
            ((s1w << 17 | s0t) << 17 | b0t) << 7 | 24,
            ((s0w << 17 | b0t) << 17 | b1t) << 7 | 25,
            ((b0w << 17 | s0t) << 17 | b1t) << 7 | 26,
            (pair << 17 | gap << 6 | before) << 7 | 44,
            (pair1 << 17 | gap1 << 6 | between) << 7 | 45,
            (s0x | gap << 6 | b0t) << 7 | 46,
            (b0x | gap << 6 | s0t) << 7 | 47,
            ((s0x | gap1 << 6 | s1t) << 17 | s1w) << 7 | 48,
            (trio << 17 | gap << 3 | gap1) << 7 | 51,
            ((b0w << 17 | b1w) << 17 | s0t) << 7 | 53,
            (words[b2] << 17 | b0t << 6 | s0t) << 7 | 54,
            (trio << 17 | b1t << 6 | b2t) << 7 | 55,
        ]

    def _of_children(self, s0: int, s1: int, b0: int) -> list[int]:
        """What those have already got below them."""
        words, tags, label, stack = self.words, self.tags, self.label, self.stack
        s0w, s0t, s1t, b0t = words[s0], tags[s0], tags[s1], tags[b0]
        s0l, s0r, s1l, s1r = self.left1[s0], self.right1[s0], self.left1[s1], self.right1[s1]
        s0m, s0q, s1q, b0l = self.left2[s0], self.right2[s0], self.right2[s1], self.left1[b0]
        b0m = self.left2[b0]
        s0lt, s0rt, s1lt, s1rt, b0lt = tags[s0l], tags[s0r], tags[s1l], tags[s1r], tags[b0l]
        s0ll, s0rl, s1ll, s1rl, b0ll = label[s0l], label[s0r], label[s1l], label[s1r], label[b0l]
        s0rw, s1rw = words[s0r], words[s1r]
        left, right = min(self.left_count[s0], 3), min(self.right_count[s0], 3)
        left1, right1 = min(self.left_count[s1], 3), min(self.right_count[s1], 3)
        before = tags[b0 - 1] if b0 - 1 > s0 or not stack else 0
        depth = min(len(stack), 3)
        pair, pair1 = s0t << 6 | b0t, s1t << 6 | s0t
        trio = pair1 << 6 | b0t
        s0x, s1x, b0x = s0w << 17, words[s1] << 17, words[b0] << 17
        return [
            ((pair << 17) | s0lt << 6 | s0ll) << 7 | 27,
            ((pair << 17) | s0rt << 6 | s0rl) << 7 | 28,
            ((pair << 17) | b0lt << 6 | b0ll) << 7 | 29,
            ((pair1 << 17) | s0lt << 6 | s0ll) << 7 | 30,
            ((pair1 << 17) | s0rt << 6 | s0rl) << 7 | 31,
            ((pair1 << 17) | s1lt << 6 | s1ll) << 7 | 32,
            ((pair1 << 17) | s1rt << 6 | s1rl) << 7 | 33,
            (s0x | s0ll << 10 | s0rl << 4 | left << 2 | right) << 7 | 34,
            (s1x | s1ll << 10 | s1rl << 4 | left1 << 2 | right1) << 7 | 35,
            ((s0t << 6 | s0ll) << 17 | label[s0m] << 6 | s0rl) << 7 | 36,
            ((s1t << 6 | s1ll) << 17 | label[s1q] << 6 | s1rl) << 7 | 37,
            ((s0t << 6 | s0rl) << 17 | label[s0q] << 6 | b0t) << 7 | 38,
            ((b0t << 6 | b0ll) << 17 | label[b0m] << 6 | s0t) << 7 | 39,
            (b0x | b0ll << 6 | label[b0m]) << 7 | 40,
            ((s0rw << 17 | s0w) << 17 | s0rl) << 7 | 41,
            (s0rw << 17 | pair) << 7 | 42,
            ((s1rw << 17 | s1rl) << 17 | pair1) << 7 | 43,
            ((trio << 17) | before << 8 | left << 4 | left1 << 2 | depth) << 7 | 49,
            ((trio << 17) | s0rl << 6 | s1rl) << 7 | 50,
            ((s1t << 6 | s1rl) << 17 | s0t << 6 | s0rl) << 17 << 7 | b0t << 7 | 52,
        ]
