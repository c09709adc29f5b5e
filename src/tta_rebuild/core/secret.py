"""A value that must never be seen, and is masked wherever objects are shown: a key."""

from __future__ import annotations

from typing import Any, Final, NoReturn, final

MASK: Final = "********"


@final
class Secret:
    """A text that shows itself only when asked by name (``reveal``); empty is false."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself: for the one place that sends it."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        # The same for all: a hash that depends on the text would tell something about it.
        return hash(Secret)

    def __repr__(self) -> str:
        return f"Secret({MASK!r})" if self._text else "Secret('')"

    def __str__(self) -> str:
        return MASK if self._text else ""

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a secret is not stored: pass it on in memory, or read it again")

    def __deepcopy__(self, memo: object = None) -> Secret:
        return self

    __copy__ = __deepcopy__


def reveal(value: str | Secret | None) -> str:
    """The text of something that may be a secret, stripped; "" for None."""
    text = value.reveal() if isinstance(value, Secret) else value
    return (text or "").strip()
