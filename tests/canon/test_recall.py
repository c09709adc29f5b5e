"""What a move names of all that the story knows."""

from __future__ import annotations

from tta_rebuild.canon import Canon
from tta_rebuild.canon.recall import subjects_named
from tta_rebuild.core.events import FactAsserted
from tta_rebuild.core.story import Claim


def test_things_of_several_words_are_named_by_all_of_them_the_longest_name_first() -> None:
    canon = Canon()
    things = ("key", "silver_key", "old_oak_door", "big_iron_sea_chest")
    for position, thing in enumerate(things, 1):
        claim = Claim(subject=thing, relation="located_in", value="mill")
        canon.apply(position, FactAsserted(claim=claim))

    said = "Old oak door, silver key, big iron sea chest: which?"
    assert subjects_named(canon, said) == [*reversed(things[1:]), "key"]
    assert subjects_named(canon, "I take the silver spoon") == []
