"""Learn ``storyteller/data/premise_*.txt``, the weights of ``premise_tagger``.

    python tools/train_premise_tagger.py places|people > …/storyteller/data/premise_people.txt
    python tools/train_premise_tagger.py places|people --folds

From the premises of ``tools/premises``, written and labelled by hand for this, a file for each
writer. Those in its folder ``read`` have the very words that bring somebody in; those in ``people``
have the people labelled by a reader, whoever is played as the reading took them, and no places.
With ``--folds`` it learns nothing for keeps but tells what is found of each writer's by what the
others have written.
"""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from tta_rebuild.storyteller.noun_phrases import Phrase, noun_phrases, one_of, tokens_of, without_s
from tta_rebuild.storyteller.premise_people import head_of
from tta_rebuild.storyteller.premise_tagger import spans_of, tags_of
from tta_rebuild.storyteller.premise_text import readable
from tta_rebuild.storyteller.tagger_features import features_of
from tta_rebuild.storyteller.token_tree import TokenTree
from tta_rebuild.storyteller.word_lists import Weights, pattern

EPOCHS, SEEDS = 8, 4
OFTEN = {"places": 2, "people": 3}  # texts that must have a feature
LEAST_WEIGHT = {"places": 1.2, "people": 2.2}
Example = tuple[list[list[str]], list[str]]
ENDS = set(  # words that end the part of a phrase that is tagged
    "of behind who that whose in with at on under , whom which called named from to for by near "
    "above upstairs outside inside into than we next over across opposite . ; : "
    "and or is was has i you he she they".split()
)
NO_HEADS = set("one ones of i you me we us it he she they them this that all everybody".split())


def main() -> None:
    """Print the weights, or what is found of each writer's."""
    label_set = sys.argv[1]
    parts = [examples_of(rows, label_set) for rows in rows_by_writer(label_set)]
    if "--folds" in sys.argv:
        for left_out in parts:
            others = [one for part in parts if part is not left_out for one in part]
            _validate(learned_from(others, label_set), left_out, label_set)
        return
    print("# Weights in hundredths, made by tools/train_premise_tagger.py: feature tag:weight …")
    weights = learned_from([one for part in parts for one in part], label_set)
    for feature, row in sorted(weights.items()):
        print(feature, *(f"{tag}:{round(100 * weight)}" for tag, weight in row.items()))


def rows_by_writer(label_set: str) -> list[list[dict[str, Any]]]:
    """The labelled premises, file by file."""
    folder = Path(__file__).with_name("premises")
    found = [*folder.glob("*.jsonl"), *folder.glob("read/*")]
    found += folder.glob("people/*") if label_set == "people" else ()
    return [[json.loads(line) for line in f.read_text("utf-8").splitlines()] for f in sorted(found)]


def examples_of(rows: Sequence[Mapping[str, Any]], label_set: str) -> list[Example]:
    """Features and gold tags of labelled premises."""
    found = list[Example]()
    for row in rows:
        text = readable(row["premise"])
        tokens = tokens_of(text)
        phrases = noun_phrases(tokens)
        gold = _places(row, tokens) if label_set == "places" else _people(row, tokens, phrases)
        found.append((features_of(TokenTree.of(text, tokens), tokens, phrases), gold))
    return found


def learned_from(examples: Sequence[Example], label_set: str) -> Weights:
    """The mean of some averaged perceptrons (Collins 2002), each in an order of its own.

    Features of few texts and small weights are left out.
    """
    often = Counter(f for rows, _ in examples for f in {f for row in rows for f in row})
    order = [
        ([[f for f in row if often[f] >= OFTEN[label_set]] for row in rows], gold)
        for rows, gold in examples
    ]
    mean = defaultdict[str, Counter[str]](Counter)
    for seed in range(SEEDS):
        for feature, row in _perceptron(order, label_set, Random(seed)).items():
            for tag, weight in row.items():
                mean[feature][tag] += weight / SEEDS
    kept = {
        f: {t: w for t, w in row.items() if abs(w) >= LEAST_WEIGHT[label_set]}
        for f, row in mean.items()
    }
    return {feature: row for feature, row in kept.items() if row}


def _perceptron(examples: Sequence[Example], label_set: str, random: Random) -> Weights:
    weights, sums = (defaultdict[str, Counter[str]](Counter) for _ in range(2))
    order, seen = [*examples], 1
    for _ in range(EPOCHS):
        random.shuffle(order)
        for rows, gold in order:
            told = tags_of(rows, weights, label_set)
            changes = [*_changes(rows, gold, 1), *_changes(rows, told, -1)] if told != gold else []
            for feature, tag, change in changes:
                weights[feature][tag] += change
                sums[feature][tag] += change * seen
            seen += 1
    return {f: {t: w - sums[f][t] / seen for t, w in row.items()} for f, row in weights.items()}


def _changes(
    rows: Sequence[Sequence[str]], tags: Sequence[str], change: int
) -> Iterator[tuple[str, str, int]]:
    for before, row, tag in zip(["^", *tags], rows, tags, strict=False):
        for feature in (*row, f"T:{before}"):
            yield feature, tag, change


def _validate(weights: Weights, examples: Sequence[Example], label_set: str) -> None:
    found = Counter[str]()
    for rows, gold in examples:
        wanted, told = (
            {end for _, end, _ in spans_of(tags)}
            for tags in (gold, tags_of(rows, weights, label_set))
        )
        found.update(wanted=len(wanted), told=len(told), right=len(wanted & told))
    precision, recall = (found["right"] / found[one] for one in ("told", "wanted"))
    print(f"precision {precision:.3f}, recall {recall:.3f} of {found['wanted']}")


def _places(row: Mapping[str, Any], tokens: Sequence[str]) -> list[str]:
    """The tags that a row's places say."""
    tags = ["O"] * len(tokens)
    for begin, end in filter(None, (_place_of(phrase, tokens) for phrase in row["places"])):
        tags[begin:end] = ["B", *["I"] * (end - begin - 1)]
    return tags


def _people(row: Mapping[str, Any], tokens: Sequence[str], phrases: Sequence[Phrase]) -> list[str]:
    """The tags of a row's people, by name, mention and head of the role, wherever they stand."""
    tags, bare = ["O"] * len(tokens), [without_s(t.lower().replace("’", "'")) for t in tokens]

    def note(begin: int, end: int, kind: str) -> None:
        if end > begin and {*tags[begin:end]} == {"O"} and bare[end - 1] not in NO_HEADS:
            tags[begin:end] = [f"B{kind}", *[f"I{kind}"] * (end - begin - 1)]

    rows = [(row["you"], "Y"), *((person, "") for person in row["people"])]
    for person, kind in rows:
        name = readable(person["name"]).lower().replace("’", "'").split()
        for begin, word in enumerate(bare):
            end = begin + 1
            while name and word in name and bare[end : end + 1] and bare[end] in name:
                end += 1
            if word in name and word not in ("the", "of", "and"):
                note(begin, end, kind)
    for person, kind in rows:
        head = one_of(head_of(person["role"])) if person["role"] else ""
        mention = readable(person.get("mention", ""))
        if found := _place_of(mention, tokens):
            begin, end = found
            last = begin + len(tokens_of(mention))
            heads = [i for i in range(begin, last) if head and one_of(bare[i]) == head]
            within = [p for p in phrases if begin <= p.start < last and p.head == head]
            if within:
                begin, end = within[0].start, within[0].end
            elif heads:
                begin, end = (begin if heads[0] < end else heads[0]), heads[0] + 1
            while tags[begin:end] != ["O"] * (end - begin):  # my sister | Ruby
                end -= 1
            note(begin, end, kind)
        for phrase in phrases:
            if head and phrase.head == head:
                note(phrase.start, phrase.end, kind)
    for phrase in phrases:
        before = " ".join(t.lower() for t in tokens[max(0, phrase.start - 8) : phrase.start])
        is_open = phrase.determiner in ("a", "an", "the", "")
        if is_open and phrase.kind == "person" and pattern("you_are").search(before):
            note(phrase.start, phrase.end, "Y")
    return tags


def _place_of(phrase: str, tokens: Sequence[str]) -> tuple[int, int] | None:
    """Where a phrase stands in a text, up to its noun; None where it does not."""
    wanted, low = ([t.lower().replace("’", "'") for t in ts] for ts in (tokens_of(phrase), tokens))
    for begin in range(len(low) - len(wanted) + 1 if wanted else 0):
        if low[begin : begin + len(wanted)] == wanted:
            end = begin + 1
            while end < begin + len(wanted) and low[end] not in ENDS:
                end += 1
            return begin, end
    return None


if __name__ == "__main__":
    main()
