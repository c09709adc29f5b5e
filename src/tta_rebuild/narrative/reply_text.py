"""The words of a reply without what is no story: thoughts, markup, escapes, refusals.

Used by ``reply_values`` for every text of a reply, and for replies that came as plain prose.
"""

from __future__ import annotations

import html
import re

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_ANSI = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_TAGS = "a|b|big|blockquote|body|center|code|div|em|font|h[1-6]|html|i|img|li|mark|ol|pre|s|script"
_TAGS += "|small|span|strong|style|sub|sup|table|t[dhr]|u|ul"
_TAG = re.compile(rf"</?(?:{_TAGS})(?:\s[^<>]*)?/?>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_BREAK = re.compile(r"<(br|hr|/?p)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|hellip|mdash|ndash|[lr][sd]quo|#\d{1,6});")
_FENCE = re.compile(r"(```.*?(?:```|$)|`[^`\n]+`)", re.DOTALL)

_THINK = r"(?:think|thinking|thought|reasoning)"
THOUGHT_BEGINS = re.compile(rf"\s*<{_THINK}>", re.IGNORECASE)
THOUGHT_ENDS = re.compile(rf"</{_THINK}>|<\|channel\|>final<\|message\|>", re.IGNORECASE)
"""What comes before it is no part of the answer."""
_THOUGHT = re.compile(rf"<{_THINK}>.*?(?:</{_THINK}>|\Z)", re.IGNORECASE | re.DOTALL)

_SORRY = re.compile(
    r"\W*(?:(?:i(?:['’]m| am) (?:very |really )?)?sorry|i apologi[sz]e|unfortunately|as an ai\b"
    r"|i (?:can(?:['’]t|not)|won['’]t|will not)|i(?:['’]m| am) (?:unable|not able))",
    re.IGNORECASE,
)
_WILL_NOT = re.compile(
    r"\b(?:can(?:['’]t|not)|won['’]t|will not|unable to|not able to|not comfortable)\s+"
    r"(?:\w+\s+){0,3}?"
    r"(?:help|assist|continue|write|creat|generat|fulfil|comply|provid|engag|produc|do that)"
    r"|\blanguage model\b|\bas an ai\b|\bguidelines\b",
    re.IGNORECASE,
)
_LONGEST_REFUSAL = 500
_JSON = re.compile(r'^\s*(?:[{\[]\s*["{\[\]}]|"\w+"\s*:)|"\w{2,}"\s*:\s*["\[{]', re.MULTILINE)


def clean(text: str, limit: int) -> str:
    """Without control characters, escapes of terminals, markup and thoughts, cut to a length.

    Code between backticks keeps its brackets.
    """
    text = _ANSI.sub("", text.replace("\r\n", "\n"))
    text = _CONTROL.sub("", text.replace("\r", "\n"))
    if "<" in text or "&" in text:
        parts = _FENCE.split(text)
        parts[::2] = [_without_markup(part) for part in parts[::2]]
        text = "".join(parts)
    return text[:limit]


def _without_markup(text: str) -> str:
    text = _BREAK.sub(lambda m: "" if m[1].lower() == "p" else "\n", _THOUGHT.sub("", text))
    return _ENTITY.sub(lambda m: html.unescape(m[0]).replace("\xa0", " "), _TAG.sub("", text))


def settled(text: str) -> str:
    """Of a text that still grows: what comes before a tag, entity or escape that is not closed."""
    thought = THOUGHT_BEGINS.search(text)
    if thought and not THOUGHT_ENDS.search(text, thought.end()):
        text = text[: thought.start()]
    for opening, closing in (("\x1b", "m"), ("<", ">"), ("&", ";")):
        at = text.rfind(opening, max(0, len(text) - 80))
        if at >= 0 and closing not in text[at:]:
            text = text[:at]
    return text.removesuffix("\r")


def is_thinking(text: str) -> bool:
    """Whether a reply so far is thinking aloud, and has not come to its answer."""
    return bool(THOUGHT_BEGINS.match(text)) and not THOUGHT_ENDS.search(text)


def is_refusal(text: str) -> bool:
    """Whether a short text is a model's own no, and not a story."""
    told = text.strip()
    return bool(len(told) <= _LONGEST_REFUSAL and _SORRY.match(told) and _WILL_NOT.search(told))


def is_json(text: str) -> bool:
    """Whether a text holds JSON, or what was meant as JSON, where prose belongs."""
    return bool(_JSON.search(text))
