"""Lasting lines: what is kept at hand, and which of them a prompt gets."""

from __future__ import annotations

from tta_rebuild.canon.lines import MOST_IN_FORCE, cut_line, lines_for, with_line
from tta_rebuild.core.story import LINE_CHARS, LastingLine


def line(text: str, *about: str, weight: int = 1) -> LastingLine:
    return LastingLine(text=text, about=about, weight=weight)


def test_a_line_said_again_takes_the_new_number() -> None:
    lines = with_line(with_line({}, 3, line("Tom is hurt.")), 8, line("Tom is hurt."))
    assert list(lines) == [8]


def test_the_lightest_oldest_line_leaves_when_there_are_too_many() -> None:
    lines: dict[int, LastingLine] = {}
    for number in range(1, MOST_IN_FORCE + 1):
        lines = with_line(lines, number, line(f"Fact {number}.", weight=3 if number == 1 else 1))
    lines = with_line(lines, 9_999, line("One more."))
    assert len(lines) == MOST_IN_FORCE
    assert 1 in lines
    assert 2 not in lines


def test_lines_about_who_is_in_play_come_before_all_others_within_the_budget() -> None:
    lines = {n: line(f"The mill has {n} sails.", "mill", weight=2) for n in range(1, 40)}
    lines[50] = line("Tom owes Mara a boat.", "tom", "mara")
    chosen = lines_for(lines, ["tom"], "", budget_tokens=60)
    assert 50 in chosen
    assert len(chosen) < 10
    assert list(chosen) == sorted(chosen)


def test_a_line_that_shares_words_with_the_move_is_found_without_a_name() -> None:
    lines = {n: line(f"The mill has {n} sails.", "mill", weight=2) for n in range(1, 40)}
    lines[50] = line("A lantern hangs behind the chapel.", "lantern")
    assert 50 in lines_for(lines, [], "I take the lantern from the chapel", budget_tokens=60)


def test_a_long_sentence_is_cut_between_words_and_shows_it() -> None:
    cut = cut_line("word " * 100)
    assert len(cut) <= LINE_CHARS
    assert cut.endswith("word…")
