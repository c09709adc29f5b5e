"""Conversations of chat clients played as stories: which move a request is, and where it is played.

A conversation is a tree of moves beside the story. What is said again by a client that lost the
answer is answered with the same turn; what is told anew or edited forks the story where it parts.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from weakref import WeakValueDictionary

from tta_rebuild.bootstrap.serving import Serving
from tta_rebuild.core import events as log
from tta_rebuild.core.conversations import Conversation, ConversationMove
from tta_rebuild.core.errors import StoryError, StoryNotFound, ValidationError
from tta_rebuild.core.story import Premise
from tta_rebuild.engine.premise_notes import premise_notes
from tta_rebuild.engine.session import Session
from tta_rebuild.server import door_text as shown
from tta_rebuild.server.access import Access, Principal
from tta_rebuild.server.door_answers import (
    BEGIN,
    Answer,
    Answers,
    AnswerStep,
    said_at_once,
    step_of,
)
from tta_rebuild.server.door_history import History, HistoryPoint, place_of, plain
from tta_rebuild.storage.story_store import MAIN, Branch

REPEATED_WITHIN = timedelta(seconds=5)
"""The same request so soon after its answer is a client's second try, not a wish for another."""

TELLS_NOTHING = ("undo", "gentler", "boundary")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMove:
    """A request of a chat client.

    Attributes:
        name: of the conversation, as the client gives it; "" is known by how it begins.
        world: the authored world that a new story is of.
        request_key: a digest of the client's own key of the request, "" for none.
        is_retry: whether the client says that it sends this again.
    """

    principal: Principal
    history: History
    name: str = ""
    world: str = ""
    request_key: str = ""
    is_retry: bool = False


class SaidInstead(Exception):
    """Nothing is played: this is said instead."""

    story_id = ""


class DoorPlay:
    """Plays what chat clients ask for."""

    def __init__(self, served: Serving, access: Access) -> None:
        self._served, self._access = served, access
        self._stories, self._runner = served.application.stories, served.runner
        self._records, self._answers = served.application.conversations, Answers(served)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def answer(self, asked: ChatMove) -> Answer:
        """Find out what is meant, and begin to answer it. Raises as the engine does."""
        name = asked.name or asked.history.name
        lock = self._locks.setdefault(f"{asked.principal.player_id}\n{name}", asyncio.Lock())
        async with lock:
            try:
                found = await self._answer(asked, name)
            except SaidInstead as said:
                found = Answer(said_at_once(str(said)), said.story_id)
        found.player_id = asked.principal.player_id
        return found

    async def sent(self, answer: Answer) -> None:
        """Note that an answer has gone out to its last word."""
        if answer.move is not None:
            with suppress(StoryNotFound):
                await self._records.answered(answer.move, self._access.now())

    async def _answer(self, asked: ChatMove, name: str) -> Answer:
        now = asked.history.now
        word, rest = now.command
        talk = await self._conversation(asked, name)
        if talk is None and word != "new":
            if word and (word != "begin" or not asked.history.premise):
                raise SaidInstead(shown.helped() if now.is_query else shown.words("no_story"))
            return await self._begun(asked, name, "")
        if talk is None:
            return await self._begun(asked, name, rest)
        try:
            return await self._gone_on(asked, name, talk)
        except SaidInstead as said:
            said.story_id = talk.story_id
            raise

    async def _gone_on(self, asked: ChatMove, name: str, talk: Conversation) -> Answer:
        """The answer in a conversation that has begun."""
        now = asked.history.now
        word, rest = now.command
        moves = await self._records.moves(talk)
        ends, is_named = self._answers.ends, bool(asked.name)
        place = await place_of(asked.history, moves, ends, is_named=is_named)
        if now.is_query:
            branch, _ = await self._base(asked, talk, replace(place, tellings=()))
            return await self._answers.said(branch.branch_id, now.command)
        if (same := self._same(asked, place)) is not None:
            return await self._once_more(asked, moves, same)
        if word == "new":
            return await self._begun(asked, name, rest)
        branch, turn = await self._base(asked, talk, place)
        if word in TELLS_NOTHING:
            return await self._told_nothing(asked, talk, moves, place, branch, turn)
        return await self._moved(asked, talk, moves, place, branch, turn)

    # ------------------------------------------------------------------ which conversation

    async def _conversation(self, asked: ChatMove, name: str) -> Conversation | None:
        """The conversation of that name, or a new one on the story that the name names."""
        player = asked.principal.player_id
        if found := await self._records.find(player, name):
            return found
        with suppress(StoryNotFound):
            row = await self._stories.story(asked.name.partition(".")[0])
            owner = await self._access.records.owner(row.story_id)
            if owner is not None and asked.principal.owns(owner):
                return await self._records.begin(player, name, row.story_id)
        return None

    async def _begun(self, asked: ChatMove, name: str, about: str) -> Answer:
        """Begin a story; what is said first is its premise, or its first move after a setting."""
        history, now = asked.history, asked.history.now
        word, _ = now.command
        if word == "new" and not about:
            raise SaidInstead(shown.words("new_how"))
        is_premise = bool(about) or (not history.setting and history.first is now)
        themes = [about or history.premise]
        if not (word or is_premise or history.setting):
            themes.append(now.text)  # should what was said first be no premise
        session, talk = await self._opened(asked, name, themes, "" if about else asked.world)
        premise = session.state.premise
        is_premise = is_premise or [premise.theme] == themes[1:]
        steps = [BEGIN] if is_premise or word == "begin" else [BEGIN, step_of(now)]
        move = await self._added(asked, talk, None, session.branch, (0, len(steps)))
        notes = premise_notes(premise, self._served.application.models[0])
        return self._answers.playing(move, dict(enumerate(steps, 1)), list(notes))

    async def _opened(
        self, asked: ChatMove, name: str, themes: Sequence[str], world: str
    ) -> tuple[Session, Conversation]:
        """A story of the first of the themes that can be one. Raises SaidInstead."""
        player, wrong = asked.principal.player_id, ""
        for theme in themes:
            try:
                premise = Premise(theme=theme, world=world, seed=secrets.randbelow(2**31))
                async with self._access.records.together():
                    session = await self._stories.open(premise)
                    await self._access.records.own(session.story_id, player)
                    talk = await self._records.begin(player, name, session.story_id)
            except ValidationError as error:
                wrong = str(error)
                continue
            self._served.sessions.keep(session)
            return session, talk
        raise SaidInstead(wrong)

    # ------------------------------------------------------------------ which move

    def _same(self, asked: ChatMove, place: HistoryPoint) -> ConversationMove | None:
        """The move that a request means once more; None where it is a new one, or a new telling."""
        known = [*place.tellings, *([place.latest] if place.latest else [])]
        for move in known:
            if asked.request_key and move.request_key == asked.request_key and not move.is_void:
                return move
        newest = place.tellings[-1] if place.tellings else place.latest
        if newest is None or newest.is_void:
            return None
        at = newest.answered_at
        if at is None or asked.is_retry or self._access.now() - at < REPEATED_WITHIN:
            return newest
        is_told_anew = not place.tellings or newest.turn_after > newest.turn_before
        return None if is_told_anew else newest

    async def _once_more(
        self, asked: ChatMove, moves: Sequence[ConversationMove], move: ConversationMove
    ) -> Answer:
        """The answer to a move that is known: what is stored of it, and the rest played."""
        word, _ = asked.history.now.command
        if word in TELLS_NOTHING:
            return await self._answers.stands(move, self._head(word, move))
        numbers = range(move.turn_before + 1, move.turn_after + 1)
        reached = (await self._answers.branch(move.branch_id)).turn
        if numbers and reached >= move.turn_after:
            return self._answers.playing(move, {})
        parent = next((one for one in moves if one.number == move.parent), None)
        steps = [BEGIN] if word == "new" else await self._steps(asked, parent, move.branch_id)
        if len(numbers) == 2 and len(steps) == 1:
            steps = [BEGIN, *steps]
        if move.turn_before == 0 and len(numbers) == 1:
            steps = [BEGIN]
        return self._answers.playing(
            move, dict(zip(numbers or [move.turn_before], steps, strict=True))
        )

    async def _moved(
        self,
        asked: ChatMove,
        talk: Conversation,
        moves: Sequence[ConversationMove],
        place: HistoryPoint,
        branch: Branch,
        turn: int,
    ) -> Answer:
        """A new move, or another telling: on a branch where it is the first after its turn."""
        word = asked.history.now.command[0]
        steps = await self._steps(asked, place.after, branch.branch_id)
        is_aside = steps[0].kind == "ask"
        if word == "again" and place.after is not None:
            branch = await self._answers.branch(place.after.branch_id)
            turn = place.after.turn_before
        elif place.tellings and not (older := place.tellings[-1]).is_void:
            steps = [BEGIN, *steps][-(older.turn_after - older.turn_before) :]
            steps = [BEGIN] if turn == 0 and len(steps) == 1 else steps
        elif turn == 0 and steps != [BEGIN] and not is_aside:
            premise = (await self._answers.session(branch.branch_id)).state.premise
            is_premise = plain(premise.theme) == plain(asked.history.now.text)
            steps = [BEGIN] if is_premise else [BEGIN, *steps]
        if word == "begin" and turn:
            raise SaidInstead(shown.words("begun"))
        if await self._is_taken(branch, turn, moves):
            fork = self._stories.fork
            branch = await fork(talk.story_id, turn=turn, branch=branch.branch_id)
        if word == "again" or any(not older.is_void for older in place.tellings):
            steps = [replace(step, is_retold=True) for step in steps]
        ends = turn if is_aside else turn + len(steps)
        move = await self._added(asked, talk, place.after, branch, (turn, ends))
        numbers = [turn] if is_aside else range(turn + 1, ends + 1)
        return self._answers.playing(move, dict(zip(numbers, steps, strict=True)))

    async def _is_taken(self, branch: Branch, turn: int, moves: Sequence[ConversationMove]) -> bool:
        """Whether something else comes after a turn of a branch, or is being told there."""
        is_taken = branch.turn != turn or any(
            move.branch_id == branch.branch_id and move.turn_after > turn and not move.is_void
            for move in moves
        )
        return is_taken or await self._runner.running_on(branch.branch_id) is not None

    async def _base(
        self, asked: ChatMove, talk: Conversation, place: HistoryPoint
    ) -> tuple[Branch, int]:
        """The branch and the turn that a request goes on from."""
        if place.tellings:
            older = place.tellings[-1]
            turn = older.turn_after if older.is_void else older.turn_before
            return await self._answers.branch(older.branch_id), turn
        if place.after is not None:
            branch = await self._answers.branch(place.after.branch_id)
            reached = min(branch.turn, place.after.turn_after)
            return branch, max(reached, place.after.turn_before)
        row = await self._stories.story(talk.story_id)
        is_branch = asked.name.startswith(f"{row.story_id}.")
        branch = await self._stories.find_branch(row, asked.name if is_branch else MAIN)
        return branch, branch.turn

    async def _steps(
        self, asked: ChatMove, after: ConversationMove | None, branch_id: str
    ) -> list[AnswerStep]:
        """What the last words ask for. Raises SaidInstead."""
        now = asked.history.now
        word, rest = now.command
        match word:
            case "":
                return [step_of(now)]
            case "begin":
                return [BEGIN]
            case "end":
                return [AnswerStep("end", rest)]
            case "ask":
                return [AnswerStep("ask", rest)]
            case "again":
                return await self._told_steps(after)
            case "go-on":
                return [await self._after_note(branch_id)]
        raise SaidInstead(shown.words("unknown", word=f"/{word[:20]}"))

    async def _told_steps(self, move: ConversationMove | None) -> list[AnswerStep]:
        """What was played for a move, from the log. Raises SaidInstead."""
        steps = []
        if move is not None:
            branch, count = (
                await self._answers.branch(move.branch_id),
                move.turn_after - move.turn_before,
            )
            turns = await self._stories.turns(branch, after=move.turn_before, limit=count)
            for turn in turns if count else ():
                acted = [r.event for r in turn if isinstance(r.event, log.PlayerActed)]
                steps.append(_step_again(acted[0]) if acted else BEGIN)
        if not steps:
            raise SaidInstead(shown.words("nothing_told"))
        return steps

    async def _after_note(self, branch_id: str) -> AnswerStep:
        """What paused with a note, to be played as it was meant. Raises SaidInstead."""
        latest = await self._runner.latest_on(branch_id)
        was = latest.request if latest and latest.state == "paused" else None
        if was is None or (was.kind in ("say", "ask") and not was.text):  # not kept for long
            raise SaidInstead(shown.words("nothing_waits"))
        return AnswerStep(was.kind, was.text, was.choice, after_note=True)

    # ------------------------------------------------------------------ moves that tell nothing

    async def _told_nothing(
        self,
        asked: ChatMove,
        talk: Conversation,
        moves: Sequence[ConversationMove],
        place: HistoryPoint,
        branch: Branch,
        turn: int,
    ) -> Answer:
        """A move that tells nothing: on a fork where it would have to wait for what is told."""
        word, rest = asked.history.now.command
        if word == "undo":
            back = int(rest[:9]) if rest.isdecimal() else 0 if rest else 1
            if back < 1:
                raise SaidInstead(shown.words("undo_number"))
            if back >= turn:
                raise SaidInstead(shown.words("nothing_to_undo", turn=turn))
            turn -= back
        name, _, level = rest.rpartition(" ")
        if word == "boundary" and not name:
            raise SaidInstead(shown.words("boundary_how"))
        if word == "undo" or await self._is_taken(branch, turn, moves):
            fork = self._stories.fork
            branch = await fork(talk.story_id, turn=turn, branch=branch.branch_id)
        session = await self._answers.session(branch.branch_id)
        try:
            if word == "gentler":
                await session.make_gentler()
            elif word == "boundary":
                await session.tighten({name: level})
        except (ValidationError, StoryError) as error:
            raise SaidInstead(str(error)) from error
        move = await self._added(asked, talk, place.after, branch, (turn, turn))
        return await self._answers.stands(move, self._head(word, move))

    @staticmethod
    def _head(word: str, move: ConversationMove) -> str:
        return shown.words({"undo": "undone"}.get(word, word), turn=move.turn_after)

    async def _added(
        self,
        asked: ChatMove,
        talk: Conversation,
        after: ConversationMove | None,
        branch: Branch,
        turns: tuple[int, int],
    ) -> ConversationMove:
        move = ConversationMove(
            number=0,
            parent=after.number if after else 0,
            said=asked.history.now.digest,
            request_key=asked.request_key,
            branch_id=branch.branch_id,
            turn_before=turns[0],
            turn_after=turns[1],
        )
        return await self._records.add(talk, move)


def _step_again(acted: log.PlayerActed) -> AnswerStep:
    """The move that the log has, to be made once more."""
    if acted.wants_end:
        return AnswerStep("end", acted.text)
    if acted.choice:
        return AnswerStep("choose", choice=acted.choice)
    return AnswerStep("say", acted.text)
