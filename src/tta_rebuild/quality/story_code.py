"""Code in a story: finding it, having it checked, and what that means for the story's quality.

Code is a fenced block of Markdown wherever it stands, never indented text, which in a story is
verse. A block without a language counts only if it is clearly Python that does something.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import re
import textwrap
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tta_rebuild.integrations.code_executor import CodeExecutor, CodeVerdict, Verdict, language_of

INVALID_CODE_FACTOR = 0.8
"""What a story's quality is multiplied with if any of its code is invalid."""

_LANGUAGE = re.compile(r"\{?\s*\.?([A-Za-z][\w+#-]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """A block of code in a story, without console prompts and common indentation.

    ``language``: as ``language_of`` names it, or the author's word in lower case; ``line``: where
    its fence opens, from 1; ``truncated``: the fence never closes (the story was cut off).
    """

    code: str
    language: str
    line: int
    truncated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedSnippet:
    """A snippet and what is known about it; ``needs_earlier``: it runs only after the others."""

    snippet: Snippet
    verdict: CodeVerdict
    needs_earlier: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryCodeReport:
    """All code of one story, in order."""

    checked: tuple[CheckedSnippet, ...]

    def count(self, verdict: Verdict) -> int:
        """How many snippets got this verdict."""
        return sum(c.verdict.verdict == verdict for c in self.checked)

    def lowered(self, quality: float) -> float:
        """The quality with this code counted in: × 0.8 if any is invalid, else as it was."""
        return quality * INVALID_CODE_FACTOR if self.count("invalid") else quality


def find_code(story: str) -> list[Snippet]:
    """The code blocks of a story in Markdown, in order. Never raises for any text."""
    from markdown_it import MarkdownIt

    found = []
    blocks_only = MarkdownIt("commonmark").disable(["inline", "text_join"])
    for token in blocks_only.parse(story):
        if token.type == "fence" and token.map is not None:
            first, end = token.map
            # the opening fence and the content; one line more only if a closing fence was found
            lines = token.content.removesuffix("\n").count("\n") + bool(token.content)
            truncated = end - first < lines + 2
            if snippet := _snippet(token.content, token.info, first + 1, truncated):
                found.append(snippet)
    return found


async def check_code(story: str, executor: CodeExecutor, *, at_most: int = 20) -> StoryCodeReport:
    """Every snippet of the story with its verdict; those after ``at_most`` stay unverified.

    Snippets run apart from each other. One that fails only for a name that an earlier valid one
    defines is run once more with the earlier ones before it.
    """
    unread = CodeVerdict(
        verdict="unverified", reason="", engine="", version="", limits=executor.limits
    )
    checked: list[CheckedSnippet] = []
    for number, snippet in enumerate(find_code(story)):
        if snippet.truncated or number >= at_most:
            too_many = f"only the first {at_most} are checked"
            reason = "cut off before its end" if snippet.truncated else too_many
            checked.append(CheckedSnippet(snippet=snippet, verdict=replace(unread, reason=reason)))
        else:
            checked.append(await _checked(snippet, executor, checked))
    return StoryCodeReport(checked=tuple(checked))


async def _checked(
    snippet: Snippet, executor: CodeExecutor, earlier: Sequence[CheckedSnippet]
) -> CheckedSnippet:
    alone = await executor.run(snippet.code, snippet.language)
    valid = [one.snippet for one in earlier if one.verdict.verdict == "valid"]
    before = [one.code for one in valid if one.language == "python"]
    if snippet.language == "python" and alone.error == "NameError" and before:
        together = await executor.run("\n".join((*before, snippet.code)), "python")
        if together.verdict == "valid":
            verdict = replace(together, reason="ran to its end after the story's earlier code")
            return CheckedSnippet(snippet=snippet, verdict=verdict, needs_earlier=True)
    return CheckedSnippet(snippet=snippet, verdict=alone)


def _snippet(content: str, info: str, line: int, truncated: bool) -> Snippet | None:
    """The block as a snippet; None if it is no code."""
    tag = _LANGUAGE.match(info.strip())
    if tag is None and (truncated or not _is_python_at_work(content)):
        return None
    language = (language_of(tag[1]) or tag[1].lower()) if tag else "python"
    code = _as_it_would_run(content) if language == "python" else content
    return Snippet(code=code, language=language, line=line, truncated=truncated)


def _as_it_would_run(code: str) -> str:
    """Without the common indentation, and without the prompts and answers of a console session."""
    code = textwrap.dedent(code)
    if code.lstrip().startswith(">>>"):
        import doctest  # only what looks like a session needs it

        with contextlib.suppress(ValueError):
            return "".join(one.source for one in doctest.DocTestParser().get_examples(code))
    return code


_AT_WORK = (
    ast.Assign | ast.AugAssign | ast.FunctionDef | ast.ClassDef | ast.For | ast.While | ast.With
    | ast.If | ast.Try | ast.Match | ast.Import | ast.ImportFrom | ast.Assert
)  # fmt: skip


def _is_python_at_work(text: str) -> bool:
    """Whether a text is Python beyond doubt: it parses, does something, and knows its own names."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
        nodes = list(ast.walk(tree))
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    at_work = any(
        isinstance(s, _AT_WORK) or (isinstance(s, ast.Expr) and isinstance(s.value, ast.Call))
        for s in tree.body
    )
    read = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    bound = {*dir(builtins), "__name__", "__file__"}
    for node in nodes:
        if isinstance(node, ast.alias):
            bound.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
        elif not isinstance(node, ast.keyword):  # arguments, functions, classes, caught errors
            bound |= {str(getattr(node, part, "")) for part in ("arg", "name")}
    return at_work and read <= bound
