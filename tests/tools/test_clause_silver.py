"""What the clause parser learns from: trees without crossing arcs, and careless copies of them."""

from __future__ import annotations

from random import Random

import pytest

pytest.importorskip("spacy")

from tools.clause_silver import Tree, careless, projective

EXCEPTIONS = {"dont": (2, 2), "don't": (2, 3)}
TREE = Tree(
    words=["I", "do", "n't", "see", "Dad", "'s", "car", ",", "Ann", "."],
    spaces=[True, False, True, True, False, True, False, True, False, False],
    tags=["PRP", "VBP", "RB", "VB", "NNP", "POS", "NN", ",", "NNP", "."],
    labels=["nsubj", "aux", "neg", "ROOT", "poss", "case", "dobj", "punct", "npadvmod", "punct"],
    heads=[3, 3, 3, -1, 6, 4, 3, 3, 3, 3],
)


def test_a_crossing_arc_is_lifted_to_the_word_above() -> None:
    assert projective([1, -1, 4, 1, 1]) == [1, -1, 1, 1, 1]


def test_a_tree_without_crossing_arcs_stays_as_it_is() -> None:
    assert projective([1, -1, 3, 1]) == [1, -1, 3, 1]


def test_the_words_of_a_careless_copy_keep_their_relations() -> None:
    rng, said = Random(1), set[str]()
    for _ in range(200):
        copy = careless(TREE, rng, EXCEPTIONS)
        said.add(" ".join(copy.words))
        verb = copy.heads.index(-1)
        found = dict(zip(copy.labels, copy.heads, strict=True))
        assert copy.labels[verb] == "ROOT"
        assert found["dobj"] == found["nsubj"] == found["neg"] == verb
        assert copy.heads[copy.labels.index("poss")] == copy.labels.index("dobj")

    assert "i do nt see dads car ann" in said
    assert "I do n't see Dad 's car , Ann ." in said
