"""Files from a user: what is too deep, too large or broken is refused by name."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from tta_rebuild.core.data_files import parse_json, parse_toml, parse_yaml, read_text
from tta_rebuild.core.errors import UnreadableFile

DEEP = 50_000

Parse = Callable[[str, str], Any]


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (parse_yaml, "[" * DEEP),
        (parse_yaml, "cast: " + "[" * DEEP + "]" * DEEP),
        (parse_yaml, "{a: " * DEEP),
        (parse_yaml, "- " * DEEP),
        (parse_yaml, "? " * DEEP),
        (parse_yaml, "\n".join(" " * depth + "a:" for depth in range(1_000))),
        (parse_toml, "a = " + "[" * DEEP),
        (parse_toml, "a = " + "{b = " * DEEP),
        (parse_json, "[" * DEEP),
        (parse_json, '{"a": ' * DEEP),
    ],
)
def test_a_file_of_brackets_is_refused_by_name(parse: Parse, text: str) -> None:
    with pytest.raises(UnreadableFile, match=r"^mine is nested too deeply"):
        parse(text, "mine")


def test_aliases_that_multiply_are_refused_before_they_are_written_out() -> None:
    names = "abcdefghi"
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in pairwise(names)
    )
    with pytest.raises(UnreadableFile, match="mine holds more than 200,000 values"):
        parse_yaml(bomb, "mine")


def test_an_alias_inside_what_it_repeats_is_refused() -> None:
    with pytest.raises(UnreadableFile, match=r"'\*a' stands inside"):
        parse_yaml("b: &a [1, *a]\n", "mine")


def test_plain_aliases_are_read() -> None:
    assert parse_yaml("a: &a [1, {b: 2}]\nc: [*a, *a]\n", "mine") == {
        "a": [1, {"b": 2}],
        "c": [[1, {"b": 2}]] * 2,
    }


def test_a_toml_key_of_a_thousand_dots_is_refused_at_once() -> None:
    began = time.process_time()
    with pytest.raises(UnreadableFile, match="line 2 holds more than 100 dots"):
        parse_toml("b = 1\n" + ".".join(["a"] * 20_000) + " = 1\n", "mine")
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("parse", "text", "said"),
    [
        (parse_yaml, "a: [1", "mine is not valid YAML"),
        (parse_yaml, "a: 2020-99-99", "mine is not valid YAML"),
        (parse_yaml, "a: !!python/object:os.system x", "mine is not valid YAML"),
        (parse_toml, "a = 1\nb = = 2\n", "mine is not valid TOML: .*line 2"),
        (parse_toml, "a = " + "9" * 5_000, "mine is not valid TOML"),
        (parse_json, '{"a": ', "mine is not valid JSON"),
    ],
)
def test_a_broken_file_says_what_is_wrong(parse: Parse, text: str, said: str) -> None:
    with pytest.raises(UnreadableFile, match=said):
        parse(text, "mine")


def test_what_the_parser_gives_is_what_yaml_gives() -> None:
    text = "a: 1\nb: [x, y]\nc: {d: null}\ne: |\n  two\n  lines\n"
    assert parse_yaml(text, "mine") == yaml.safe_load(text)
    assert parse_yaml("", "mine") is None


def test_a_text_is_read_without_its_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(b"\xef\xbb\xbfone\r\ntwo\n")
    assert read_text(file, max_bytes=100) == "one\ntwo\n"


def test_a_file_that_is_no_text_or_too_large_or_not_there_is_named(tmp_path: Path) -> None:
    latin = tmp_path / "latin.txt"
    latin.write_bytes(b"caf\xe9")
    with pytest.raises(UnreadableFile, match=r"latin\.txt is not UTF-8 text \(byte 3\)"):
        read_text(latin, max_bytes=100)
    with pytest.raises(UnreadableFile, match=r"latin\.txt is larger than"):
        read_text(latin, max_bytes=3)
    with pytest.raises(UnreadableFile, match=r"none\.txt cannot be read: No such file"):
        read_text(tmp_path / "none.txt", max_bytes=3)
    with pytest.raises(UnreadableFile, match="cannot be read: Is a directory"):
        read_text(tmp_path, max_bytes=3)
