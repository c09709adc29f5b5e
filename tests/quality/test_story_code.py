"""Code in a story is found where it is code, checked apart, and lowers quality only if invalid."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tta_rebuild.integrations.code_executor import CodeExecutor, CodeVerdict
from tta_rebuild.quality.story_code import Snippet, check_code, find_code


def only(story: str) -> Snippet:
    (snippet,) = find_code(story)
    return snippet


class CompilingExecutor(CodeExecutor):
    """Runs nothing for real: what does not compile is invalid, names are looked up by ``exec``."""

    def __init__(self) -> None:
        super().__init__()
        self.ran: list[str] = []

    async def _run_python(self, code: str) -> CodeVerdict:
        self.ran.append(code)
        if self._compiled(code) is not None:
            return self._verdict("invalid", "SyntaxError", engine="fake", error="SyntaxError")
        try:
            exec(code, {})
        except NameError:
            return self._verdict("invalid", "NameError", engine="fake", error="NameError")
        return self._verdict("valid", "ran", engine="fake")


class TestFinding:
    @pytest.mark.parametrize(
        ("info", "language"),
        [
            ("python", "python"),
            ("Python", "python"),
            ("py3", "python"),
            ("pycon", "python"),
            ("python title='the lock' {3}", "python"),
            ("{.python .numberLines}", "python"),
            ("{python}", "python"),
            ("python:lock.py", "python"),
            ("js", "javascript"),
            ("yml", "yaml"),
            ("json", "json"),
            ("TOML", "toml"),
            ("brainfuck", "brainfuck"),
        ],
    )
    def test_the_language_is_read_from_the_fence(self, info: str, language: str) -> None:
        assert only(f"```{info}\nx\n```\n").language == language

    @pytest.mark.parametrize(
        "story",
        [
            "~~~python\nx = 1\n~~~",
            "````python\nx = 1\n````",
            "- a list\n\n  ```python\n  x = 1\n  ```\n",
            "1. one\n   - two\n\n     ```python\n     x = 1\n     ```\n",
            "> A voice:\n>\n> ```python\n> x = 1\n> ```\n",
            "> - deep\n>   ```python\n>   x = 1\n>   ```\n",
            "Text\r\n\r\n```python\r\nx = 1\r\n```\r\nMore\r\n",
            "   ```python\n   x = 1\n   ```",
            "```python\n    x = 1\n```",
            "```pycon\n>>> x = 1\n>>> x\n1\n```",
        ],
    )
    def test_blocks_are_found_wherever_they_stand(self, story: str) -> None:
        found = only(story)
        assert found.code.strip().startswith("x = 1")
        assert not found.truncated
        compile(found.code, "<story>", "exec")

    @pytest.mark.parametrize(
        "story",
        [
            "Verse:\n\n    x = 1\n    print(x)\n",
            "She said `x = 1` and left.",
            "```\nThe door is open.\nThe lamp is lit.\n```",
            "```\nhello\n```",
            "```\nN = north\nS = south\n```",
            "```\nsing(softly)\n```",
            "```\n42\n```",
            "\\```python\nx = 1\n\\```",
            "<pre>```python</pre>",
            "```\nx = 1\nprint(x)",
        ],
    )
    def test_what_is_not_clearly_code_is_left_alone(self, story: str) -> None:
        assert find_code(story) == []

    @pytest.mark.parametrize(
        "code",
        [
            "x = 3\nprint(x)",
            "for n in range(3):\n    print(n)",
            "import math\nprint(math.pi)",
            "def f(a, *b, **c):\n    return a\nf(1)",
            "class A:\n    pass",
            "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    print(e)",
        ],
    )
    def test_an_untagged_block_counts_if_it_is_python_at_work(self, code: str) -> None:
        assert only(f"```\n{code}\n```").language == "python"

    @pytest.mark.parametrize(
        "story",
        [
            "```python\nx = 1\nif x",
            "```python\nx = 1\n``",
            "~~~~python\nx = 1\n~~~",
            "> ```python\n> x = 1\n\nThe end.",
            "```python\n",
        ],
    )
    def test_an_unclosed_fence_is_truncated(self, story: str) -> None:
        assert only(story).truncated

    def test_an_empty_block_is_whole(self) -> None:
        assert not only("```python\n```").truncated

    def test_the_line_is_where_the_fence_opens(self) -> None:
        story = "One.\n\n```python\nx = 1\n```\n\nTwo.\n\n```json\n{}\n```\n"
        assert [s.line for s in find_code(story)] == [3, 9]

    @given(st.text(alphabet="`~> -#\n\tpyx=1()\"'\\{}.é\r", max_size=200))
    def test_no_text_breaks_it(self, story: str) -> None:
        for snippet in find_code(story):
            assert 1 <= snippet.line <= story.count("\n") + story.count("\r") + 1


class TestChecking:
    async def test_only_invalid_code_lowers_the_quality_and_only_once(self) -> None:
        executor = CompilingExecutor()
        sound = await check_code("```python\nx = 1\n```\n```js\nlet x\n```", executor)
        wrong = await check_code("```python\nx =\n```\n```json\n{\n```", executor)
        assert sound.lowered(0.9) == 0.9
        assert wrong.count("invalid") == 2
        assert wrong.lowered(0.9) == pytest.approx(0.72)

    async def test_a_story_without_code_is_left_as_it_is(self) -> None:
        report = await check_code("Nothing but words.", CompilingExecutor())
        assert report.checked == ()
        assert report.lowered(0.5) == 0.5

    async def test_a_truncated_block_is_not_judged(self) -> None:
        executor = CompilingExecutor()
        report = await check_code("```python\nif x", executor)
        assert report.count("unverified") == 1
        assert executor.ran == []

    async def test_a_later_block_may_use_what_an_earlier_one_defines(self) -> None:
        story = "```python\ndef lit():\n    return True\n```\nLater:\n```python\nassert lit()\n```"
        report = await check_code(story, CompilingExecutor())
        assert report.count("valid") == 2
        assert [c.needs_earlier for c in report.checked] == [False, True]

    async def test_a_name_that_no_block_defines_stays_invalid(self) -> None:
        story = "```python\nx = 1\n```\n```python\nprint(y)\n```"
        assert (await check_code(story, CompilingExecutor())).count("invalid") == 1

    async def test_a_flood_of_blocks_is_checked_up_to_a_bound(self) -> None:
        executor = CompilingExecutor()
        report = await check_code("```python\nx = 1\n```\n" * 50, executor, at_most=5)
        assert (len(report.checked), len(executor.ran)) == (50, 5)
        assert report.count("unverified") == 45
