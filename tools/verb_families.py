"""Derive ``storyteller/data/more_verbs.txt``: verbs of WordNet by families of acts.

    python tools/verb_families.py DICT > …/storyteller/data/more_verbs.txt

DICT is the ``dict`` folder of WordNet. A verb of one word that ``verbs.txt`` does not hold goes to
the family of the verbs that share its most frequent meaning; it is left out where they are of
several.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from pathlib import Path
from textwrap import wrap

from tta_rebuild.storyteller.act_grammar import verb_at

_NEVER = {"do", "become"}


def main(folder: Path) -> None:
    """Print the table: a family a line, its verbs after it."""
    words = dict[int, list[str]]()
    for line in (folder / "data.verb").read_text("ascii", "replace").splitlines():
        if line.startswith(" "):
            continue
        parts = line.split(" | ")[0].split()
        number, at = int(parts[0]), 4 + 2 * int(parts[3], 16)
        words[number] = [word.lower() for word in parts[4:at:2]]
    found = defaultdict[str, list[str]](list)
    for line in (folder / "index.verb").read_text("ascii").splitlines():
        word, *rest = line.split()
        if line.startswith(" ") or not word.isalpha() or len(word) < 4 or verb_at([word]):
            continue
        family = _family(words[int(rest[-int(rest[1])])])
        if family and family not in _NEVER:
            found[family].append(word)
    print("# Made by tools/verb_families.py: verbs of WordNet, (c) 2006 by Princeton University,")
    print("# whose licence stands in licenses/wordnet.txt, by families of verbs.txt.")
    for family, listed in sorted(found.items()):
        print(*wrap(f"{family}: {' '.join(listed)}", 98, subsequent_indent="  "), sep="\n")


def _family(words: list[str]) -> str:
    """The one family of the verbs that the table holds; for going it takes two."""
    verbs = (verb_at(word.split("_")) for word in words)
    votes = Counter(verb.family for verb in verbs if verb and not verb.rest)
    family = next(iter(votes)) if len(votes) == 1 else ""
    return "" if family == "go" and votes.total() < 2 else family


if __name__ == "__main__":
    main(Path(sys.argv[1]))
