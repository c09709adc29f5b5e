"""Boundaries, levels, spellings that hide, phrases that are harmless, warnings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tta_rebuild.core.errors import ValidationError
from tta_rebuild.safety import BoundaryFinding, SafetyGate
from tta_rebuild.safety.categories import THRESHOLDS, category_names, level_of


def held(text: str, before: str = "", **boundaries: str) -> BoundaryFinding | None:
    return SafetyGate(boundaries).finding(text, before)


@pytest.mark.parametrize(
    ("text", "lets_pass"),
    [
        ("He drew his sword.", {"low", "medium", "high"}),
        ("He murdered the guard.", {"medium", "high"}),
        ("They tortured him for days.", {"high"}),
        ("They baked bread.", {"none", "low", "medium", "high"}),
    ],
)
def test_a_level_names_the_heaviest_that_passes(text, lets_pass):
    assert {level for level in THRESHOLDS if held(text, violence=level) is None} == lets_pass


@pytest.mark.parametrize(
    ("word", "level"),
    [
        ("off", "none"),
        ("No", "none"),
        ("FALSE", "none"),
        ("0", "none"),
        ("mild", "low"),
        ("moderate", "medium"),
        (" strong ", "high"),
        ("yes", "high"),
        ("not at all", "none"),
        (True, "high"),
        (False, "none"),
    ],
)
def test_other_vocabularies_for_levels_are_understood(word, level):
    assert level_of("violence", word) == level


@pytest.mark.parametrize("level", ["purple", "", None, "none of your business", "lowish"])
def test_a_level_that_means_nothing_is_refused_with_what_to_write(level):
    with pytest.raises(ValidationError, match="none, low, medium or high"):
        SafetyGate({"violence": level})


@pytest.mark.parametrize("name", ["", "  ", "!!!", "x" * 80])
def test_a_category_without_a_word_is_refused(name):
    with pytest.raises(ValidationError, match="word or two"):
        SafetyGate({name: "none"})


def test_aliases_and_ways_of_writing_a_category_mean_the_same():
    for name in ("self_harm", "self-harm", "Self Harm", "suicide", "selfharm"):
        assert held("She thought of suicide.", **{name: "none"}) is not None


def test_two_categories_in_one_name_are_both_bound():
    gate = SafetyGate({"fear/horror and gore": "none"})
    assert gate.finding("A ghost walked the hall.") is not None
    assert gate.finding("Blood ran down the wall.") is not None


def test_of_two_boundaries_for_one_category_the_stricter_counts():
    for order in ({"gore": "high", "blood": "none"}, {"blood": "none", "gore": "high"}):
        assert SafetyGate(order).finding("A drop of blood fell.") is not None


def test_no_before_a_category_is_turned_around():
    assert held("He drew his sword.", no_violence="yes") is not None
    with pytest.raises(ValidationError, match="violence=none"):
        SafetyGate({"no_violence": "low"})


@pytest.mark.parametrize(
    ("category", "text", "harmless"),
    [
        ("dragons", "A dragon slept on the hill.", "A drag queen sang."),
        ("cats", "The cat's tail twitched.", "The catalogue lay open."),
        ("teeth", "One tooth was loose.", "The tea was hot."),
        ("loud_noises", "A loud noise woke her.", "A loud shirt hung there."),
        ("fear_of_mirrors", "The mirrors gleamed.", "A mirage shimmered."),
        ("wolves", "A wolf howled.", "The woolen cap was warm."),
    ],
)
def test_an_unknown_category_is_taken_at_its_word_and_its_family(category, text, harmless):
    assert held(text, **{category: "none"}) is not None
    assert held(harmless, **{category: "none"}) is None
    assert held(text, **{category: "high"}) is None


@pytest.mark.parametrize(
    "text",
    [
        "He k\u200bi\u200bl\u200bl\u200be\u200bd the guard.",
        "He mur\u00addered the guard.",
        "He \u043aill\u0435d the guard.",  # Cyrillic k and e
        "He \uff4b\uff49\uff4c\uff4c\uff45\uff44 the guard.",
        "He \U0001d48c\U0001d48a\U0001d48d\U0001d48d\U0001d486\U0001d485 the guard.",
        "He k\u0338i\u0338l\u0338l\u0338e\u0338d the guard.",
        "He k1ll3d the guard.",
        "He K I L L E D the guard.",
        "He k.i.l.l.e.d the guard.",
        "He k-i-l-l-e-d the guard.",
        "He kiiillled the guard.",
        "He murrdered the guard.",
        "He k\u00edll\u00e9d the guard.",
        "He KiLlEd the guard.",
        "He **k**illed the guard.",
        "He k_i_l_l_e_d the guard.",
        "He mur-dered the guard.",
        "He was killin' the guard.",
        "The guard\u2019s killer ran.",
        "WE KILLED THEM ALL.",
    ],
)
def test_spelling_hides_nothing(text):
    found = held(text, violence="low")
    assert found is not None
    assert found.category == "violence"


@pytest.mark.parametrize(
    "text", ["What the f*** is that?", "Oh sh*t.", "$hit!", "a$$hole", "F u c k"]
)
def test_stars_and_signs_in_oaths_are_read(text):
    assert held(text, profanity="low") is not None


def test_look_alike_letters_do_not_make_oaths_of_another_language():
    assert held("Он шёл домой по тихой улице и пел песню.", profanity="none", sexual="none") is None


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("They were killing time.", "violence"),
        ("The people of Scunthorpe cheered.", "profanity"),
        ("Her grave voice filled the hall.", "death"),
        ("Mr Graves locked up.", "death"),
        ("He saw the 1st of 3 boats at 5pm.", "profanity"),
        ("She knows C. S. Lewis and J. R. R. Tolkien.", "profanity"),
        ("The U.S. and U.K. teams met.", "sexual"),
    ],
)
def test_harmless_look_alikes_pass(text, category):
    assert held(text, **{category: "none"}) is None


@pytest.mark.parametrize(
    ("meant", "looks_alike", "category"),
    [
        ("He fondled her.", "“Still here,” he said fondly.", "sexual"),
        ("He groped her.", "He groped for a match.", "sexual"),
        ("She sleeps with her boss.", "She sleeps with her face to the wall.", "sexual"),
        ("He wants to off himself.", "He scrapes it off himself.", "self_harm"),
        ("He burned the seal.", "He burned the sealed letter.", "animal_harm"),
        ("He crucified the thief.", "A crucifix hung by the door.", "violence"),
    ],
)
def test_a_word_that_only_begins_like_a_heavy_one_is_light(meant, looks_alike, category):
    assert held(meant, **{category: "none"}) is not None
    assert held(looks_alike, **{category: "none"}) is None


def test_an_idiom_excuses_only_itself():
    assert held("They were killing time, and then killed the guard.", violence="low") is not None


def test_what_nobody_did_is_one_step_lighter_but_still_touches():
    assert held("Nobody was killed.", violence="low") is None
    assert held("Nobody was killed.", violence="none") is not None
    assert held("She would not stop; she killed him.", violence="low") is not None
    assert held("He did not only wound the man but killed him.", violence="low") is not None


def test_a_phrase_across_a_seam_is_found_in_what_ends_it():
    assert held("in the guard.", "He put a bullet", violence="low") is not None
    assert held("dered the king.", "They mur", violence="low") is not None
    assert held("The sun rose.", "He killed the guard.", violence="low") is None


def test_a_finding_says_what_was_found_and_which_boundary_it_breaks():
    found = held("The assassin st4bbed the duke.", violence="mild")
    assert found is not None
    assert found.weight == 2
    assert "violence" in found.reason
    assert "'mild'" in found.reason


def test_the_heaviest_thing_in_a_text_is_named():
    found = held("He drew a knife and murdered the guard.", violence="none")
    assert found is not None
    assert found.weight == 2


def test_a_warning_comes_for_what_a_set_boundary_lets_pass_from_weight_two():
    gate = SafetyGate({"violence": "high"})
    assert gate.warnings("He murdered the guard.") == ["content warning: violence"]
    assert gate.warnings("He drew his sword.") == []
    assert SafetyGate({"violence": "low"}).warnings("He murdered the guard.") == []


def test_a_player_who_set_nothing_is_warned_of_the_heaviest_and_of_the_tenderest():
    gate = SafetyGate({})
    assert gate.warnings("He murdered the guard.") == []
    assert gate.warnings("They tortured him for days.") == ["content warning: violence"]
    assert gate.warnings("She thought of suicide.") == ["content warning: self harm"]
    assert gate.finding("They tortured him for days.") is None


def test_a_refusal_is_kind_and_names_the_boundary():
    refusal = SafetyGate({"violence": "none"}).refusal("I stab him")
    assert refusal is not None
    assert "violence" in refusal
    assert SafetyGate({"violence": "none"}).refusal("I greet him") is None


def test_a_gate_without_boundaries_holds_nothing_back():
    assert SafetyGate({}).finding("Blood everywhere, and a corpse.") is None


@given(st.text(max_size=200), st.text(max_size=60))
def test_no_text_breaks_the_gate(text, before):
    gate = SafetyGate(dict.fromkeys(category_names(), "none"))
    gate.finding(text, before)
    gate.warnings(text)


@given(st.text(alphabet=" .-_*/kil1\u200b\u0301'\"", max_size=60))
def test_no_play_with_separators_breaks_the_gate(text):
    SafetyGate({"violence": "none"}).finding(text, text)


@given(st.sampled_from(["murdered", "tortured", "strangled"]), st.data())
def test_an_invisible_character_anywhere_hides_nothing(word, data):
    at = data.draw(st.integers(1, len(word) - 1))
    mark = data.draw(st.sampled_from("\u200b\u200c\u200d\u00ad\u2060\ufeff\u034f"))
    assert held(f"They {word[:at]}{mark}{word[at:]} him.", violence="low") is not None
