"""What a chat client is answered: turns as they are told or as they are stored, and commands."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field

from tta_rebuild.bootstrap.serving import Serving
from tta_rebuild.bootstrap.spending import spent_of_budgets
from tta_rebuild.core.conversations import ConversationMove
from tta_rebuild.core.usage import Usage
from tta_rebuild.engine.session import Session
from tta_rebuild.engine.turn_runner import RunningTurn, TurnKind, TurnRequest
from tta_rebuild.engine.turn_values import Values
from tta_rebuild.server import door_text as shown
from tta_rebuild.server.door_history import Said, plain
from tta_rebuild.storage.story_store import Branch

HEARTBEAT_S = 15.0
BETWEEN_TURNS = "---"


class TurnFailed(Exception):
    """A turn that came to nothing; ``values`` are those of its last update."""

    def __init__(self, values: Values) -> None:
        super().__init__(values.get("detail", ""))
        self.values = values


@dataclass(slots=True)
class Answer:
    """What is answered: its text piece by piece ("" says that more still comes), and the usage.

    ``move`` is what was moved by it, None for what is only said; ``wait_s`` is how long nothing may
    come before that is said, ``player_id`` whose budget its turns fall under.
    """

    pieces: AsyncGenerator[str, None]
    story_id: str = ""
    branch_id: str = ""
    move: ConversationMove | None = None
    usage: Usage = field(default_factory=Usage)
    wait_s: float = HEARTBEAT_S
    player_id: str = ""


@dataclass(frozen=True, slots=True)
class AnswerStep:
    """A turn to be asked for."""

    kind: TurnKind
    text: str = ""
    choice: int = 0
    after_note: bool = False
    is_retold: bool = False


BEGIN = AnswerStep("begin")


def step_of(said: Said) -> AnswerStep:
    """The move that words mean: a bare number takes a choice."""
    number = said.text.strip("()[]. ")
    if number.isdecimal() and number.isascii() and len(number) < 4 and int(number):
        return AnswerStep("choose", choice=int(number))
    return AnswerStep("say", said.text)


class Answers:
    """Tells chat clients of the stories that are served."""

    def __init__(self, served: Serving) -> None:
        self._served, self._stories = served, served.application.stories
        self._records = served.application.conversations

    async def branch(self, branch_id: str) -> Branch:
        """A branch as it stands. Raises StoryNotFound, BranchNotFound."""
        row = await self._stories.story(branch_id.rpartition(".")[0])
        return await self._stories.find_branch(row, branch_id)

    async def session(self, branch_id: str) -> Session:
        """The session of a branch."""
        return await self._served.sessions.session(branch_id.rpartition(".")[0], branch_id)

    async def ends(self, move: ConversationMove, answer: str) -> bool:
        """Whether an answer holds the last words and the choices that were told for a move."""
        tail = plain("\n".join((await self._told(move.branch_id, move.turn_after))[-2:]))
        return bool(tail) and tail in plain(answer)

    async def _told(self, branch_id: str, number: int) -> list[str]:
        branch = await self.branch(branch_id)
        turns = await self._stories.turns(branch, after=number - 1, limit=1) if number else []
        names = (await self.session(branch_id)).state.names
        return shown.told(turns[0], names) if turns else []

    async def said(self, branch_id: str, command: tuple[str, str]) -> Answer:
        """The answer to a command that changes nothing."""
        word, rest = command
        state = (await self.session(branch_id)).state
        story_id = branch_id.rpartition(".")[0]
        match word:
            case "look" | "l":
                text = shown.present(state)
            case "who":
                text = shown.who(state, rest)
            case "facts":
                text = shown.facts(state, rest)
            case "why":
                text = shown.why(state)
            case "cost":
                tracker = self._served.application.tracker
                text = ", ".join(await spent_of_budgets(tracker, story_id)) + "."
            case _:
                text = shown.helped()
        return Answer(said_at_once(text), story_id, branch_id)

    async def stands(self, move: ConversationMove, head: str) -> Answer:
        """How the story stands after a move that told nothing."""
        state = (await self.session(move.branch_id)).state
        text = f"{shown.aside(head)}\n\n{shown.present(state)}"
        return Answer(said_at_once(text), move.branch_id.rpartition(".")[0], move.branch_id, move)

    def playing(
        self, move: ConversationMove, steps: Mapping[int, AnswerStep], notes: Sequence[str] = ()
    ) -> Answer:
        """The turns of a move, each by its number; a question aside stands under the last told."""
        answer = Answer(said_at_once(""), move.branch_id.rpartition(".")[0], move.branch_id, move)
        answer.pieces = self._pieces(answer, move, steps, notes)
        return answer

    async def _pieces(
        self,
        answer: Answer,
        move: ConversationMove,
        steps: Mapping[int, AnswerStep],
        notes: Sequence[str],
    ) -> AsyncGenerator[str, None]:
        head = "".join(f"{shown.aside(note)}\n\n" for note in notes)
        before = move.turn_before
        is_aside = before == move.turn_after
        if len(steps) > 1 and (turn := await self._paused_first(answer, steps)):
            async for _, text in self._followed(answer, turn):
                yield text
            await self._void(move)
            return
        for number in [before] if is_aside else range(before + 1, move.turn_after + 1):
            if number > before + 1:
                head = f"\n\n{BETWEEN_TURNS}\n\n"
            is_stored = (await self.branch(move.branch_id)).turn >= number and not is_aside
            turn = None if is_stored else await self._asked(answer, number, steps[number])
            if turn is None or turn.state == "stored":
                yield head + "\n\n".join(await self._told(move.branch_id, number))
                continue
            last = ""
            try:
                async for kind, text in self._followed(answer, turn):
                    last = kind
                    if text:
                        yield head + text
                        head = "\n\n"
                    elif not kind:
                        yield ""
            except TurnFailed:
                await self._void(move)
                raise
            if last not in ("stored", "aside"):
                await self._void(move)
                return

    async def _paused_first(
        self, answer: Answer, steps: Mapping[int, AnswerStep]
    ) -> RunningTurn | None:
        """The pause for what is to be played after the opening: a cry for help does not wait."""
        runner, branch = self._served.runner, await self.branch(answer.branch_id)
        if branch.turn >= min(steps) or await runner.running_on(branch.branch_id):
            return None
        number = max(steps)
        return await runner.pause(self._request(answer, number, steps[number]))

    async def _void(self, move: ConversationMove) -> None:
        reached = (await self.branch(move.branch_id)).turn
        await self._records.void(move, max(move.turn_before, min(reached, move.turn_after)))

    async def _asked(self, answer: Answer, number: int, step: AnswerStep) -> RunningTurn:
        request = self._request(answer, number, step)
        return await self._served.runner.submit(request, again=True)

    @staticmethod
    def _request(answer: Answer, number: int, step: AnswerStep) -> TurnRequest:
        move = answer.move
        assert move is not None
        return TurnRequest(
            key=f"door\n{move.number}.{number}",  # no key that comes in a header has a line end
            story_id=move.branch_id.rpartition(".")[0],
            branch_id=move.branch_id,
            kind=step.kind,
            text=step.text,
            choice=step.choice,
            after_note=step.after_note,
            is_retold=step.is_retold,
            player_id=answer.player_id,
        )

    async def _followed(
        self, answer: Answer, turn: RunningTurn
    ) -> AsyncGenerator[tuple[str, str], None]:
        """Kind and text of what is seen of a turn; ("", "") now and then while nothing is."""
        runner, after = self._served.runner, 0
        while True:
            updates = await runner.updates(turn.turn_id, after=after, wait_s=answer.wait_s)
            if not updates and (await runner.turn(turn.turn_id)).state != "running":
                updates = await runner.updates(turn.turn_id, after=after)
                if not updates:
                    return
            if not updates:
                yield "", ""
            for update in updates:
                after, values = update.number, update.values
                if update.kind == "failed":
                    raise TurnFailed(values)
                if usage := values.get("usage"):
                    answer.usage += Usage(**usage)
                yield update.kind, shown.of_update(update.kind, values)
                if update.is_last:
                    return


async def said_at_once(text: str) -> AsyncGenerator[str, None]:
    """A whole answer as its one piece."""
    yield text
