"""Derive ``storyteller/data/lexicon.toml``: kinds of nouns, and first names.

    python tools/lexicon.py DICT NAMES > …/storyteller/data/lexicon.toml

DICT is the ``dict`` folder of WordNet 3.0, NAMES a folder with the first and last names of the
United States census of 1990 (``dist.female.first``, ``dist.male.first``, ``dist.all.last``: public
domain); those of the rest of the world stand in ``first_names.txt`` beside this file.
Nouns of one word stand under what their most frequent sense is a kind of; one whose senses are of
several kinds is left out, and so is a name that is a common word or, more often, a family name.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path
from textwrap import wrap

Senses = dict[str, list[tuple[int, int]]]
ENOUGH = 0.6  # the share of a noun's uses that are of its kind
FORMS = set(
    "a an and as at be by do for he her his i in it me my no of on or so the to us we you".split()
)
MORE = 5  # how many times commoner a name is with its own gender

ROOTS = {  # kind: the synsets that head it, by one of their words and the number of its sense
    "she": ("woman.1", "female.2", "girl.1", "mother.1", "sister.1", "wife.1", "daughter.1"),
    "he": ("man.1", "male.2", "boy.1", "father.1", "brother.1", "husband.1", "son.1"),
    "person": ("person.1",),
    "animal": ("animal.1",),
    "vehicle": ("vehicle.1", "vessel.2"),
    "place": (
        "location.1", "building.1", "room.1", "way.6", "area.5", "land.4", "body_of_water.1",
        "geological_formation.1", "establishment.4", "shop.1", "enclosure.1", "shelter.1",
        "bridge.1", "tower.1", "housing.1", "facility.1",
    ),
    "portable": (  # what somebody can carry off
        "document.1", "piece_of_writing.1", "book.1", "book.2", "graphic_art.1", "photograph.1",
        "map.1", "container.1", "implement.1", "device.1", "musical_instrument.1", "weapon.1",
        "clothing.1", "adornment.1", "food.1", "food.2", "dish.2", "plaything.1", "coin.1",
        "bed_clothing.1", "telephone.1", "gem.2", "flower.1", "sculpture.1", "ball.1", "fabric.1",
    ),
    "": ("entity.1",),  # whatever else: it takes part in the vote, and is not printed
}  # fmt: skip


def main(folder: Path, names: Path) -> None:
    """Print the table: for each kind its words in the order of the alphabet."""
    senses = _senses(folder)
    print("# Made by tools/lexicon.py. Nouns: WordNet 3.0, (c) 2006 by Princeton University, whose")
    print("# licence stands in licenses/wordnet.txt. Names: US census of 1990, public domain.")
    for kind, words in {**_nouns(folder, senses), **_names(names, senses)}.items():
        print(f'{kind} = """', *wrap(" ".join(words), 98), '"""', sep="\n")


def _nouns(folder: Path, senses: Senses) -> dict[str, list[str]]:
    parents, words = _synsets(folder)
    heads = {k: {_of(root, senses) for root in roots} for k, roots in ROOTS.items()}
    found = defaultdict[str, list[str]](list)
    for word, ranked in sorted(senses.items()):
        if not (word.isascii() and word.isalpha()) or len(word) < 3:
            continue
        votes = defaultdict[str, float](float)
        for place, (synset, count) in enumerate(ranked):
            if word in words[synset]:  # else a proper name
                above = _above(synset, parents)
                kind = next(k for k, roots in heads.items() if above & roots)
                votes[kind] += (count + 0.5) / (1 + place)
        kind, share = max(votes.items(), key=lambda vote: vote[1], default=("", 0))
        if kind and share >= ENOUGH * sum(votes.values()):
            found[kind].append(word)
    return found


def _names(folder: Path, senses: Senses) -> dict[str, list[str]]:
    def read(name: str) -> dict[str, float]:
        rows = (line.split() for line in (folder / f"dist.{name}").read_text("utf-8").splitlines())
        return {row[0].capitalize(): float(row[1]) for row in rows}

    she, he, family = read("female.first"), read("male.first"), read("all.last")
    common = {word for word, ranked in senses.items() if any(count for _, count in ranked)} | FORMS

    def only(one: dict[str, float], other: dict[str, float]) -> list[str]:
        more = {n: max(other.get(n, 0), family.get(n, 0) / 5) * MORE for n in one}
        return sorted(n for n, share in one.items() if share > more[n] and n.lower() not in common)

    text = Path(__file__).with_name("first_names.txt").read_text("utf-8")
    more = {"she": set[str](), "he": set[str]()}
    for line in text.splitlines():
        more.get(line.partition(":")[0], set()).update(line.split()[1:])
    capitals = {word.capitalize() for word in FORMS}
    return {
        "she_names": sorted({*only(she, he), *more["she"]} - more["he"] - capitals),
        "he_names": sorted({*only(he, she), *more["he"]} - more["she"] - capitals),
    }


def _synsets(folder: Path) -> tuple[dict[int, set[int]], dict[int, set[str]]]:
    parents, words = defaultdict[int, set[int]](set), dict[int, set[str]]()
    for file in sorted(folder.glob("data.noun*")):
        for line in file.read_text("latin-1").splitlines():
            if line.startswith(" ") or not line[:8].isdigit():
                continue
            parts = line.split("|")[0].split()
            synset, many = int(parts[0]), int(parts[3], 16)
            words[synset] = {parts[4 + 2 * i] for i in range(many)}
            rest = parts[5 + 2 * many :]
            parents[synset] = {
                int(rest[i + 1])
                for i, p in enumerate(rest)
                if p in ("@", "@i") and i + 1 < len(rest)
            }
    return parents, words


def _senses(folder: Path) -> Senses:
    """Per noun its synsets with how often each was met in tagged texts, the commonest first."""
    found = defaultdict[str, list[tuple[int, int, int]]](list)
    for line in (folder / "index.sense").read_text("latin-1").splitlines():
        key, synset, number, count = line.split()
        word, _, rest = key.partition("%")
        if rest.startswith("1:"):  # a noun
            found[word].append((int(number), int(synset), int(count)))
    return {word: [(s, n) for _, s, n in sorted(rows)] for word, rows in found.items()}


def _of(root: str, senses: Senses) -> int:
    word, _, number = root.partition(".")
    return senses[word][int(number) - 1][0]


def _above(synset: int, parents: dict[int, set[int]]) -> set[int]:
    seen, todo = set[int](), [synset]
    while todo:
        one = todo.pop()
        if one not in seen:
            seen.add(one)
            todo += parents.get(one, ())
    return seen


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
