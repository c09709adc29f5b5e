"""What a chat client sends, read as a story's player speaks: the premise, and what was said since.

A client sends its whole history each time, or the end of it. Where that stands in the story is
found by what was said, and among several tellings of the same by how the answer ends.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from tta_rebuild.core.conversations import ConversationMove
from tta_rebuild.server.problems import Problem

Role = Literal["system", "developer", "user", "assistant", "tool", "function"]

QUERIES = frozenset("help h ? look l who facts why cost".split())
"""Commands that change nothing: they are no moves, wherever they stand in a history."""


class Message(BaseModel):
    """One message of a chat, as OpenAI has it."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    role: Role
    content: str | list[dict[str, Any]] | None = None

    @property
    def text(self) -> str:
        """Its words; pictures and sound are passed over."""
        parts = self.content or ""
        if not isinstance(parts, str):
            parts = "\n".join(str(p.get("text") or "") for p in parts if p.get("type") == "text")
        return parts.replace("\x00", "").strip()


class StreamOptions(BaseModel):
    """What a stream holds beside the text."""

    model_config = ConfigDict(extra="ignore")

    include_usage: StrictBool | None = False


class ChatIn(BaseModel):
    """A request for the next message; what is not named here is taken and does nothing."""

    model_config = ConfigDict(
        extra="ignore",
        hide_input_in_errors=True,
        json_schema_extra={
            "examples": [
                {
                    "model": "tta",
                    "messages": [
                        {"role": "user", "content": "A lighthouse keeper finds a hidden door."}
                    ],
                }
            ]
        },
    )

    model: str = Field(max_length=200, examples=["tta"])
    messages: list[Message] = Field(min_length=1, max_length=20_000)
    stream: StrictBool | None = False
    stream_options: StreamOptions | None = None
    user: str | None = Field(None, max_length=500)
    n: StrictInt | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """Something that the player said, and the answer that it came after, "" for none."""

    text: str
    after: str = ""

    @property
    def command(self) -> tuple[str, str]:
        """The command and what follows it; ("", "") for words of the story."""
        if not self.text.startswith("/"):
            return "", ""
        word, _, rest = self.text.partition(" ")
        return word[1:].lower(), rest.strip()

    @property
    def is_query(self) -> bool:
        """Whether it changes nothing."""
        return self.command[0] in QUERIES

    @property
    def digest(self) -> str:
        """What is kept of it."""
        return digest(self.text)


@dataclass(frozen=True, slots=True)
class History:
    """A conversation as its client has it.

    Attributes:
        setting: what the client says before the player does: its system message, and a greeting.
        said: what the player said, in order; the last is what is asked now.
    """

    setting: str
    said: tuple[Said, ...]

    @property
    def now(self) -> Said:
        """What is asked now."""
        return self.said[-1]

    @property
    def first(self) -> Said | None:
        """What is said first that is no command."""
        return next((said for said in self.said if not said.command[0]), None)

    @property
    def premise(self) -> str:
        """What the story is to be about: the setting, or without one what is said first."""
        return self.setting or (self.first.text if self.first else "")

    @property
    def name(self) -> str:
        """The name of a conversation that has no other: a digest of how it begins."""
        return f"begins {digest(self.setting, self.said[0].text)}"


def history_of(messages: Sequence[Message]) -> History:
    """Read a client's messages. Raises Problem: the player does not have the last word."""
    setting, said, before = list[str](), list[Said](), ""
    last = ""
    for message in messages:
        text = message.text
        if message.role in ("system", "developer"):
            if not said and text:
                setting.append(text)  # later ones remind a model: nothing of them is new
            continue
        last = message.role
        if message.role == "user":
            said.append(Said(text, before))
            before = ""
        elif message.role == "assistant":
            before = text
            if not said and text:
                setting.append(text)
    if not said or last != "user" or not said[-1].text:
        detail = "The last message must be the user's: what the player of the story says or does."
        raise Problem(400, "Nothing to play", detail, do="Add one.", kind="NoUserMessage")
    return History("\n\n".join(setting), tuple(said))


def digest(*texts: str) -> str:
    """A digest of texts that blanks at their ends and between words do not change."""
    return hashlib.sha256("\0".join(map(plain, texts)).encode()).hexdigest()


def plain(text: str) -> str:
    """A text without what clients change in it: its blanks."""
    return " ".join(text.split())


@dataclass(frozen=True, slots=True)
class HistoryPoint:
    """Where a request stands among the moves of its conversation.

    Attributes:
        after: the move before it; None: none, or not of this conversation.
        tellings: the moves of the same parent that say the same, the oldest first.
        latest: the last move of all, where that says the same and the client does not tell enough
            to know whether it means that one, or the same words once more.
    """

    after: ConversationMove | None
    tellings: tuple[ConversationMove, ...] = ()
    latest: ConversationMove | None = None


Ends = Callable[[ConversationMove, str], Awaitable[bool]]
"""Whether what was told for a move is an answer that the client has, by its end."""


async def place_of(
    history: History, moves: Sequence[ConversationMove], ends: Ends, *, is_named: bool
) -> HistoryPoint:
    """Find where a request stands.

    A client that sends only what is new, in a conversation with a name, goes on from the last move;
    so does one whose history is no longer what was told.
    """
    by_number, cursor = {move.number: move for move in moves}, 0
    for index, said in enumerate(history.said[:-1]):
        if said.is_query:
            continue
        tellings = _tellings(moves, cursor, said)
        if not tellings and said.command[0]:
            continue  # it came to nothing
        if not tellings:
            return await _found_again(history, moves, ends)
        cursor = (await _told(tellings, history.said[index + 1].after, ends)).number
    tellings = _tellings(moves, cursor, history.now)
    is_opening = bool(tellings) and tellings[0].turn_before == 0
    sends_only_new = is_named and len(history.said) == 1 and not history.now.after
    if sends_only_new and moves and not is_opening:
        return await _found_again(history, moves, ends)
    return HistoryPoint(by_number.get(cursor), tellings)


async def _found_again(
    history: History, moves: Sequence[ConversationMove], ends: Ends
) -> HistoryPoint:
    """Where a history stands that was cut or changed: by its last answer, else at the end."""
    if not moves:
        return HistoryPoint(None)
    last = moves[-1]
    if answer := history.now.after:
        for move in reversed(moves):
            if await ends(move, answer):
                return HistoryPoint(move, _tellings(moves, move.number, history.now))
    return HistoryPoint(last, (), last if last.said == history.now.digest else None)


def _tellings(
    moves: Sequence[ConversationMove], parent: int, said: Said
) -> tuple[ConversationMove, ...]:
    return tuple(move for move in moves if move.parent == parent and move.said == said.digest)


async def _told(tellings: Sequence[ConversationMove], answer: str, ends: Ends) -> ConversationMove:
    """The telling whose answer the client has; the latest, where that cannot be seen."""
    if len(tellings) > 1 and answer:
        for move in reversed(tellings):
            if await ends(move, answer):
                return move
    return tellings[-1]
