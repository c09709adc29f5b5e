"""What holds for every executor, wherever it runs the code; each one's tests subclass it."""

from __future__ import annotations

import pytest

from tta_rebuild.integrations.code_executor import CodeExecutor


class CodeExecutorContract:
    """Subclasses give an ``executor`` fixture with a wall limit of at most a second."""

    async def test_code_that_runs_to_its_end_is_valid(self, executor: CodeExecutor) -> None:
        verdict = await executor.run("total = sum(range(5))\nprint('total', total)")
        assert verdict.verdict == "valid"
        assert verdict.output.strip() == "total 10"

    async def test_code_that_raises_is_invalid_and_says_what_it_raised(
        self, executor: CodeExecutor
    ) -> None:
        verdict = await executor.run("spell = {}\nspell['light']")
        assert (verdict.verdict, verdict.error) == ("invalid", "KeyError")
        assert "light" in verdict.reason

    @pytest.mark.parametrize("code", ["def door(:\n    pass", "return 3", "for x in range(3)\n  x"])
    async def test_code_that_no_python_takes_is_invalid(
        self, executor: CodeExecutor, code: str
    ) -> None:
        verdict = await executor.run(code)
        assert (verdict.verdict, verdict.error) == ("invalid", "SyntaxError")

    async def test_a_name_that_nothing_defines_is_invalid(self, executor: CodeExecutor) -> None:
        assert (await executor.run("open_gate(3)")).verdict == "invalid"

    async def test_leaving_before_the_wrong_line_is_not_valid(self, executor: CodeExecutor) -> None:
        verdict = await executor.run("import sys\nsys.exit(0)\n1 / 0")
        assert verdict.verdict == "unverified"

    async def test_a_missing_package_says_nothing_about_the_code(
        self, executor: CodeExecutor
    ) -> None:
        verdict = await executor.run("import dragon_lore_9000")
        assert verdict.verdict == "unverified"
        assert "dragon_lore_9000" in verdict.reason

    async def test_asking_the_player_says_nothing_about_the_code(
        self, executor: CodeExecutor
    ) -> None:
        assert (await executor.run("name = input('Who goes there? ')")).verdict == "unverified"

    async def test_code_without_an_end_is_neither_valid_nor_invalid(
        self, executor: CodeExecutor
    ) -> None:
        verdict = await executor.run("while True:\n    pass")
        assert verdict.verdict in {"blocked", "unverified"}

    async def test_output_is_capped(self, executor: CodeExecutor) -> None:
        count = executor.limits.output_bytes + 1000
        verdict = await executor.run(f"import enum\nprint('x' * {count})")
        assert verdict.truncated
        assert len(verdict.output) <= executor.limits.output_bytes

    async def test_snippets_do_not_see_each_other(self, executor: CodeExecutor) -> None:
        assert (await executor.run("key = 'brass'")).verdict == "valid"
        assert (await executor.run("print(key)")).error == "NameError"

    async def test_every_verdict_names_its_engine_and_its_limits(
        self, executor: CodeExecutor
    ) -> None:
        verdict = await executor.run("print(1)")
        assert verdict.engine
        assert verdict.version
        assert verdict.limits == executor.limits
        assert verdict.duration_s > 0

    @pytest.mark.parametrize(
        ("language", "text", "expected"),
        [
            ("json", '{"door": "open", "keys": [1, 2]}', "valid"),
            ("json", '{"door": open}', "invalid"),
            ("json", "9" * 10_000, "valid"),
            ("json", "[" * 60_000, "unverified"),
            ("toml", '[door]\nstate = "open"', "valid"),
            ("toml", "[door\nstate = open", "invalid"),
            ("YAML", "door:\n  state: !worn open\n---\nnext: 1", "valid"),
            ("yml", "door: [open", "invalid"),
            ("js", "const door = 'open'", "unverified"),
            ("befunge", ">25*", "unverified"),
            ("", "words", "unverified"),
        ],
    )
    async def test_other_languages_are_parsed_or_left_alone(
        self, executor: CodeExecutor, language: str, text: str, expected: str
    ) -> None:
        assert (await executor.run(text, language)).verdict == expected

    async def test_code_beyond_the_length_limit_is_not_run(self, executor: CodeExecutor) -> None:
        verdict = await executor.run("#" * (executor.limits.source_chars + 1))
        assert (verdict.verdict, verdict.engine) == ("unverified", "")

    async def test_closing_twice_is_fine(self, executor: CodeExecutor) -> None:
        await executor.run("print(1)")
        await executor.aclose()
        await executor.aclose()
