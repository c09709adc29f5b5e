"""What a player can type in a story besides playing it: ``?``, ``/undo``, ``/who`` and the like."""

from __future__ import annotations

from dataclasses import replace

from typer import BadParameter

import tta_rebuild as tta
from tta_rebuild.cli import story_view as views
from tta_rebuild.cli.exits import NothingThere
from tta_rebuild.cli.facts_view import FactList, show_facts
from tta_rebuild.cli.screen import Screen, counted, one_line, sentence, words

QUIT = ("/quit", "/q", "/exit", "/bye")


class StoryCommands:
    """The commands that can be typed while a story is played; ``session`` is where it goes on."""

    def __init__(self, application: tta.Application, screen: Screen, session: tta.Session) -> None:
        self.stories = application.stories
        self.tracker = application.tracker
        self.screen = screen
        self.session = session

    async def obey(self, line: str) -> tta.Action | None:
        """Do what the line says; gives the move if it is one. An unknown command is explained."""
        word, _, rest = line.strip().partition(" ")
        rest = rest.strip()
        screen, state = self.screen, self.session.state
        try:
            match word.lower().lstrip("/"):
                case "?" | "help" | "h":
                    for head, text in words("help").items():
                        screen.entry(f"{head:<13}", text)
                case "look" | "l":
                    views.show_present(screen, state)
                case "undo" | "u":
                    await self.undo(rest)
                case "fork":
                    await self.fork(rest)
                case "branches":
                    title = (await self.stories.find(self.session.story_id)).title
                    branches = await self.stories.branches(self.session.story_id)
                    here = self.session.branch.branch_id
                    views.show_tree(screen, branches, title=title, here=here)
                case "switch":
                    await self.switch(rest)
                case "who":
                    views.show_cast(screen, views.cast(state, rest), in_full=bool(rest))
                case "facts":
                    found = FactList(state.canon, state.facts, state.names, state.lines)
                    show_facts(screen, found, rest)
                case "why":
                    views.show_why(screen, state)
                case "cost":
                    screen.say(await self.cost())
                case "wrong":
                    return await self.wrong(rest)
                case "end":
                    return tta.Action.end(rest)
                case unknown:
                    raise tta.ValidationError(
                        f"there is no command /{one_line(unknown, 20)}. ? shows those there are; "
                        "words without a slash are played"
                    )
        except (NothingThere, BadParameter, tta.StoryError, tta.TTAPrimitiveError) as error:
            said = sentence(str(error))
            screen.say(said[0].upper() + said[1:], "yellow")
        return None

    async def cost(self) -> str:
        """What is spent of each budget, in a sentence."""
        from tta_rebuild.bootstrap.spending import spent_of_budgets

        spent = await spent_of_budgets(self.tracker, self.session.story_id)
        return f"{', '.join(spent)}."

    async def undo(self, count: str) -> None:
        """A fork before the last turns, and the play goes on there."""
        now, left = self.session.state.turn, self.session.branch.name
        back = int(count[:9]) if count.isdecimal() else 0 if count else 1
        if back < 1:
            raise tta.ValidationError("/undo takes a number of turns, such as /undo 2")
        if back >= now:
            raise tta.ValidationError(
                f"told so far: {counted(now, 'turn')}; the opening scene stays. "
                "'tta play' begins another story"
            )
        self.session = await self.stories.rewind(self.session, back)
        self._show_present(
            f"Back at turn {now - back}, on the new branch '{self.session.branch.name}'; "
            f"'{left}' keeps what was told."
        )

    async def wrong(self, mended: str) -> tta.Action:
        """Begin anew with a premise put right; the story that was misunderstood is kept."""
        from tta_rebuild.cli.story_options import character_of, premise_notes

        if not mended or self.session.state.turn > 1:
            raise tta.ValidationError(
                "/wrong mends how the premise was understood, before the second scene: "
                "/wrong Clara: your sister, she (or a sentence that is missing). After that begin "
                "another story"
            )
        premise = self.session.state.premise
        name, colon, about = mended.partition(":")
        if colon and len(name.split()) <= 3 and about.strip():
            new = character_of(mended)
            people = [c for c in premise.characters if c.character_id != new.character_id]
            premise = replace(premise, characters=(*people, new))
        else:
            premise = replace(premise, theme=f"{premise.theme.rstrip('.!? ')}. {mended}")
        for note in premise_notes(premise, "offline"):
            self.screen.say(note, "yellow")
        self.session = await self.stories.open(premise)
        return tta.Action.begin()

    async def fork(self, name: str) -> None:
        """A branch from here under a name, and the play goes on there."""
        story_id, turn = self.session.story_id, self.session.state.turn
        here, named = self.session.branch.branch_id, one_line(name, 60) or None
        branch = await self.stories.fork(story_id, branch=here, turn=turn, name=named)
        self.session = await self.stories.resume(story_id, branch.branch_id)
        self.screen.say(f"You are now on the branch '{branch.name}', after turn {turn}.", "dim")

    async def switch(self, name: str) -> None:
        """Go on along another branch."""
        if not name:
            raise tta.ValidationError("/switch takes a branch's name; /branches shows them")
        there = self.session = await self.stories.resume(self.session.story_id, name)
        turn = there.state.turn
        self._show_present(f"You are now on the branch '{there.branch.name}', after turn {turn}.")

    def _show_present(self, where: str) -> None:
        self.screen.say(f"{where}\n", "dim")
        views.show_present(self.screen, self.session.state)
