"""Learn ``storyteller/data/clause_parser.bin``, the weights of ``clause_parser``.

    python tools/train_clause_parser.py trees FILE… > trees.jsonl
    python tools/train_clause_parser.py learn trees.jsonl …/storyteller/data/clause_parser.bin
    python tools/train_clause_parser.py measure trees.jsonl …/storyteller/data/clause_parser.bin

``trees`` has spaCy's pipeline (extra ``parser``) read the premises and texts of JSONL files
(``tools/premises``) and the prose of plots. One premise in ten is held out by its text: ``learn``
never sees it, ``measure`` tells how far the weights agree with spaCy there, on the premises as they
are and on careless copies of them.

Both perceptrons are averaged; the parser follows its own steps in training, and learns from a
dynamic oracle what is best from there (Goldberg and Nivre 2013).
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

from clause_silver import PUNCT, Tree, as_written, careless, silver, texts_of, token_exceptions

from tta_rebuild.storyteller.clause_features import (
    FIRST_KNOWN,
    NONE,
    Form,
    form_of,
    normal,
    tag_features,
)
from tta_rebuild.storyteller.clause_parser import (
    ClauseModel,
    WordTree,
    read_model,
    tagged,
    text_flags,
    tree_of,
)
from tta_rebuild.storyteller.clause_tokens import Exceptions, sentence_cuts
from tta_rebuild.storyteller.clause_transitions import ParseState
from tta_rebuild.storyteller.packed_weights import LANE, join_sections, packed, scores

COPIES = 3
TAG_EPOCHS, STEP_EPOCHS = (2, 4), (2, 5)  # to find what matters, and with that alone
TAG_FEATURES, STEP_FEATURES = 75_000, 190_000  # that are kept
LEAST_SEEN = 2  # times that a word of the vocabulary occurs
LEAST_TAG_FEATURE, LEAST_STEP_FEATURE = 3, 5  # times that a feature occurs
SCALE, LEAST_CELL = 2.5, 2  # of a weight; the least, scaled
MOST_PLOT_WORDS = 250_000
Example = tuple[list[Form], list[int], int]
"""Forms, tags from 1, flags."""


class Perceptron:
    """Averaged weights, a packed row for each feature; of no others it learns."""

    def __init__(self, labels: int, allowed: Iterable[int]) -> None:
        self.labels = labels
        self.rows = Rows.fromkeys(allowed, 0)
        self.late = dict[int, int]()  # feature * 256 + label → weight times the step it came at
        self.step = 1

    def update(self, features: Sequence[int], right: int, wrong: int) -> None:
        delta = (1 << (LANE * right)) - (1 << (LANE * wrong))
        rows, late, step = self.rows, self.late, self.step
        for feature in features:
            if feature not in rows:
                continue
            rows[feature] += delta
            key = feature << 8
            late[key | right] = late.get(key | right, 0) + step
            late[key | wrong] = late.get(key | wrong, 0) - step

    def averaged(self) -> dict[int, dict[int, int]]:
        """The averages, scaled and rounded, without those that hardly matter."""
        found, half = dict[int, dict[int, int]](), 1 << (LANE - 1)
        bias = half * (((1 << (LANE * self.labels)) - 1) // ((1 << LANE) - 1))
        for key, late in self.late.items():
            feature, label = key >> 8, key & 255
            now = ((self.rows[feature] + bias) >> (LANE * label) & ((1 << LANE) - 1)) - half
            weight = round(SCALE * (now - late / self.step))
            if abs(weight) >= LEAST_CELL:
                found.setdefault(feature, {})[label] = weight
        return found

    def strongest(self, most: int) -> list[int]:
        """The features that matter most."""
        found = self.averaged()
        return sorted(found, key=lambda f: (-max(map(abs, found[f].values())), f))[:most]


class Rows(dict[int, int]):
    """Rows, 0 where nothing was learned."""

    def __missing__(self, feature: int) -> int:
        return 0


def packed_rows(weights: Mapping[int, Mapping[int, int]]) -> Rows:
    rows = Rows()
    for feature, row in weights.items():
        rows[feature] = sum(weight << (LANE * label) for label, weight in row.items())
    return rows


def learn_tags(examples: Sequence[Sequence[Example]], labels: int, rng: Random) -> Perceptron:
    """The tagger, from the features that mattered most in a first round."""
    allowed = common(tag_rows_of(examples), LEAST_TAG_FEATURE)
    first = tag_round(examples, labels, allowed, TAG_EPOCHS[0], rng)
    return tag_round(examples, labels, first.strongest(TAG_FEATURES), TAG_EPOCHS[1], rng)


def tag_round(
    examples: Sequence[Sequence[Example]],
    labels: int,
    allowed: Iterable[int],
    epochs: int,
    rng: Random,
) -> Perceptron:
    """Of each text its copies, one an epoch beside the first."""
    learned = Perceptron(labels, allowed)
    edge = Form(NONE, NONE, NONE, NONE, NONE)
    row_of = learned.rows.__getitem__
    for epoch in range(epochs):
        wrong = total = 0
        chosen = [one for copies in examples for one in epoch_copies(copies, epoch)]
        rng.shuffle(chosen)
        for forms, tags, flags in chosen:
            around, before, before2 = [*forms, edge, edge], NONE, NONE
            for at, tag in enumerate(tags):
                features = tag_features(around, at, before, before2, flags | (not at) << 1)
                told = scores(sum(map(row_of, features)), labels).tolist()
                guess = told.index(max(told)) + 1
                if guess != tag:
                    learned.update(features, tag - 1, guess - 1)
                    wrong += 1
                learned.step += 1
                before, before2 = guess, before
            total += len(tags)
        log(f"tags {epoch}: {1 - wrong / total:.4f}")
    return learned


def common(rows: Iterable[list[int]], least: int) -> list[int]:
    """The features that are there often enough."""
    seen = Counter[int]()
    for row in rows:
        seen.update(row)
    return [feature for feature, times in seen.items() if times >= least]


def tag_rows_of(examples: Sequence[Sequence[Example]]) -> Iterator[list[int]]:
    """The features of each word, with the tags that it is to find."""
    edge = Form(NONE, NONE, NONE, NONE, NONE)
    for copies in examples:
        for forms, tags, flags in epoch_copies(copies, 0):
            around, before = [*forms, edge, edge], [NONE, NONE, *tags]
            for at in range(len(forms)):
                look = flags | (not at) << 1
                yield tag_features(around, at, before[at + 1], before[at], look)


def step_rows_of(golds: Sequence[Copies], labels: int) -> Iterator[list[int]]:
    """The features at each step that leads to the tree that it is to find."""
    for copies in golds:
        for gold in (one for parts in epoch_copies(copies, 0) for one in parts):
            state = ParseState(gold.words, gold.tags, labels)
            while not state.is_over:
                first, end = state.allowed()
                if end > first + 1:
                    yield state.features()
                state.apply(best_steps(state, gold)[0].start)


def epoch_copies(copies: Sequence[Any], epoch: int) -> list[Any]:
    """The first and another one."""
    return [copies[0], *copies[1:][epoch % max(1, len(copies) - 1) :][:1]]


@dataclass(frozen=True)
class Gold:
    """What the parser is to find: heads (-1: a root), labels from 1, the last dependent of each."""

    words: list[int]
    tags: list[int]
    heads: list[int]
    labels: list[int]
    last: list[int]


Copies = list[list[Gold]]
"""Of one text each copy, as the parts that are parsed at once."""


def gold_of(
    forms: Sequence[Form], tags: Sequence[int], tree: Tree, label_ids: Mapping[str, int]
) -> Gold:
    last = [-1] * (len(forms) + 1)
    for at, head in enumerate(tree.heads):
        if head >= 0:
            last[head] = max(last[head], at)
    labels = [label_ids.get(label, 1) for label in tree.labels]
    return Gold([*(f.word for f in forms), NONE], [*tags, NONE], tree.heads, labels, last)


def parts_of(gold: Gold, cuts: Sequence[int]) -> Iterator[Gold]:
    """What is parsed at once, where no arc goes over a cut."""
    first = 0
    for cut in cuts:
        heads = [head if head < 0 else head - first for head in gold.heads[first:cut]]
        if all(-1 <= head < cut - first for head in heads) and max(gold.last[:cut]) < cut:
            words, tags = gold.words[first:cut], gold.tags[first:cut]
            last = [max(-1, one - first) for one in gold.last[first:cut]]
            yield Gold([*words, NONE], [*tags, NONE], heads, gold.labels[first:cut], [*last, -1])
            first = cut


def best_steps(state: ParseState, gold: Gold) -> list[range]:
    """The actions after which no arc of the gold tree is lost that was still to be had."""
    labels, stack, b, size = state.labels, state.stack, state.next, state.size
    good, heads = list[range](), gold.heads
    if stack:
        s0 = stack[-1]
        head, is_done = heads[s0], gold.last[s0] < b
        s1 = stack[-2] if len(stack) > 1 else -2
        if is_done and s1 >= 0 and head < b:
            exact = gold.labels[s0] - 1
            good.append(range(exact, exact + 1) if head == s1 else range(labels))
        if is_done and s1 < 0 and head < b:
            good.append(range(2 * labels + 1, 2 * labels + 2))
        if is_done and b < size and head != s1 and head <= b and not (head == -1 and s1 < 0):
            exact = gold.labels[s0] + labels
            good.append(range(exact, exact + 1) if head == b else range(labels + 1, 2 * labels + 1))
    if b < size:
        head = heads[b]
        is_lost = any(heads[one] == b for one in stack) or head in stack[:-1]
        if not is_lost and not (head == -1 and stack):
            good.append(range(labels, labels + 1))
    first, end = state.allowed()
    found = [r for r in good if first <= r.start and r.stop <= end]
    return found or [range(first, end)]


def learn_steps(golds: Sequence[Copies], labels: int, rng: Random) -> Perceptron:
    """The parser, from the features that mattered most in a first round."""
    allowed = common(step_rows_of(golds, labels), LEAST_STEP_FEATURE)
    log(f"{len(allowed)} features")
    first = step_round(golds, labels, allowed, STEP_EPOCHS[0], rng)
    return step_round(golds, labels, first.strongest(STEP_FEATURES), STEP_EPOCHS[1], rng)


def step_round(
    golds: Sequence[Copies], labels: int, allowed: Iterable[int], epochs: int, rng: Random
) -> Perceptron:
    """Over the copies of each text."""
    count = 2 * labels + 2
    learned = Perceptron(count, allowed)
    row_of = learned.rows.__getitem__
    for epoch in range(epochs):
        wrong = total = 0
        chosen = [one for copies in golds for parts in epoch_copies(copies, epoch) for one in parts]
        rng.shuffle(chosen)
        for gold in chosen:
            state = ParseState(gold.words, gold.tags, labels)
            while not state.is_over:
                first, end = state.allowed()
                if end == first + 1:
                    state.apply(first)
                    continue
                features = state.features()
                told = scores(sum(map(row_of, features)), count).tolist()
                within = told[first:end]
                guess = first + within.index(max(within))
                good = best_steps(state, gold)
                step = guess
                if not any(guess in r for r in good):
                    best = max((a for r in good for a in r), key=told.__getitem__)
                    learned.update(features, best, guess)
                    wrong += 1
                    step = guess if epoch and rng.random() < 0.9 else best
                learned.step += 1
                total += 1
                state.apply(step)
        log(f"steps {epoch}: {1 - wrong / total:.4f}")
    return learned


def log(text: str) -> None:
    print(f"{time.process_time():.0f} s  {text}", file=sys.stderr, flush=True)


def trees_in(path: Path) -> list[Tree]:
    return [Tree(**json.loads(line)) for line in path.read_text("utf-8").splitlines()]


def learn(trees: Sequence[Tree], target: Path) -> None:
    """Write the weights learned from all trees that are not held out."""
    rng, exceptions = Random(7), token_exceptions()
    training = [tree for tree in trees if not tree.is_held_out]
    seen = Counter(normal(word) for tree in training for word in tree.words)
    words = sorted(word for word, times in seen.items() if times >= LEAST_SEEN)
    tags = sorted({tag for tree in training for tag in tree.tags})
    labels = sorted({label for tree in training for label in tree.labels} - {"ROOT"})
    log(
        f"{len(training)} texts, {sum(seen.values())} words, {len(words)} known, "
        f"{len(tags)} tags, {len(labels)} labels"
    )
    vocabulary = {word: number for number, word in enumerate(words, FIRST_KNOWN)}
    copies = [[t, *(careless(t, rng, exceptions) for _ in range(COPIES))] for t in training]
    examples = [[example_of(t, vocabulary, tags) for t in some] for some in copies]
    halves = [learn_tags(examples[part::2], len(tags), rng) for part in (0, 1)]
    head = head_of(tags, labels, words, exceptions)
    label_ids = {label: number for number, label in enumerate(labels, 1)}
    golds: list[Copies] = []
    rows = [packed_rows(half.averaged()) for half in halves]
    for at, (some, told) in enumerate(zip(copies, examples, strict=True)):
        model = ClauseModel(vocabulary, exceptions, tags, labels, rows[1 - at % 2], {})
        golds.append(
            [
                [
                    *parts_of(
                        gold_of(forms, tagged(model, forms, flags), tree, label_ids),
                        sentence_cuts(tree.words, tree.spaces),
                    )
                ]
                for tree, (forms, _, flags) in zip(some, told, strict=True)
            ]
        )
    log("tagged by the other half")
    tagger = packed(learn_tags(examples, len(tags), rng).averaged())
    steps = packed(learn_steps(golds, len(labels), rng).averaged())
    target.write_bytes(join_sections([head, tagger, steps]))
    log(f"{target.stat().st_size} bytes; {len(tagger)} of tags, {len(steps)} of steps unpacked")


def example_of(tree: Tree, vocabulary: Mapping[str, int], tags: Sequence[str]) -> Example:
    forms = [form_of(word, vocabulary) for word in tree.words]
    number = {tag: at for at, tag in enumerate(tags, 1)}
    return forms, [number.get(tag, 1) for tag in tree.tags], text_flags(tree.words)


def head_of(
    tags: Sequence[str], labels: Sequence[str], words: Sequence[str], exceptions: Exceptions
) -> bytes:
    cut = []
    for key, lengths in exceptions.items():
        ends = [sum(lengths[: n + 1]) for n in range(len(lengths))]
        cut.append(" ".join(key[e - n : e] for e, n in zip(ends, lengths, strict=True)))
    return "\n\n".join("\n".join(part) for part in (tags, labels, words, sorted(cut))).encode()


def measure(trees: Sequence[Tree], path: Path) -> None:
    """Print how far the weights agree with spaCy on what was held out; marks are left out."""
    model, rng = read_model(path.read_bytes()), Random(11)
    held = [tree for tree in trees if tree.is_held_out]
    bad = [careless(tree, rng, model.exceptions) for tree in held]
    for name, some in (("as written", held), ("careless", bad)):
        begin = time.process_time()
        own = [tree_of(model, tree.words, tree.spaces) for tree in some]
        each = 1e6 * (time.process_time() - begin) / sum(len(tree.words) for tree in some)
        print(f"{name}: {agreement(some, own)}; {each:.0f} µs a word", flush=True)
    by_spacy = [
        WordTree(t.tags, [at if h < 0 else h for at, h in enumerate(t.heads)], t.labels, [])
        for t in as_written(bad)
    ]
    ended = [t._replace(ends=[*sentence_ends(roots_out(t.heads))]) for t in by_spacy]
    print(f"careless, by spaCy itself: {agreement(bad, ended)}", flush=True)


def roots_out(heads: Sequence[int]) -> list[int]:
    """Heads with -1 for a root."""
    return [-1 if head == at else head for at, head in enumerate(heads)]


def agreement(trees: Sequence[Tree], found: Sequence[WordTree]) -> str:
    """Which part of the words has the tag, the head, and head and label; how sentences end."""
    hits, ends = Counter[str](), Counter[str]()
    for tree, own in zip(trees, found, strict=True):
        heads = roots_out(own.heads)
        for at, label in enumerate(tree.labels):
            if label == PUNCT:
                continue
            hits["n"] += 1
            hits["tag"] += own.tags[at] == tree.tags[at]
            hits["head"] += heads[at] == tree.heads[at]
            hits["both"] += heads[at] == tree.heads[at] and own.relations[at] == label
        gold = set(sentence_ends(tree.heads))
        ends.update(gold=len(gold), own=len(own.ends), both=len(gold & set(own.ends)))
    n, f1 = hits["n"], 2 * ends["both"] / (ends["gold"] + ends["own"])
    return (
        f"{len(trees)} texts, {n} words: tags {hits['tag'] / n:.1%}, heads {hits['head'] / n:.1%}, "
        f"with label {hits['both'] / n:.1%}, ends of sentences F1 {f1:.1%}"
    )


def sentence_ends(heads: Sequence[int]) -> Iterator[int]:
    """After which words the sentence of a root is over."""
    root = list(range(len(heads)))
    for at in range(len(heads)):
        while heads[root[at]] >= 0:
            root[at] = heads[root[at]]
    yield from (
        at for at in range(1, len(heads) + 1) if at == len(heads) or root[at] != root[at - 1]
    )


def main() -> None:
    task, *paths = sys.argv[1:]
    if task == "trees":
        exceptions, plot_words, seen = token_exceptions(), 0, set[str]()

        def texts() -> Iterator[tuple[str, bool]]:
            nonlocal plot_words
            for path in map(Path, paths):
                for text, is_premise in texts_of(path):
                    plot_words += len(text.split()) if path.suffix != ".jsonl" else 0
                    if text not in seen and (
                        path.suffix == ".jsonl" or plot_words < MOST_PLOT_WORDS
                    ):
                        seen.add(text)
                        yield text, is_premise

        for tree in silver(texts(), exceptions):
            print(json.dumps(asdict(tree), ensure_ascii=False))
    elif task == "learn":
        learn(trees_in(Path(paths[0])), Path(paths[1]))
    else:
        measure(trees_in(Path(paths[0])), Path(paths[1]))


if __name__ == "__main__":
    main()
