"""``import tta_rebuild as tta``: one place for what a program needs."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import tta_rebuild as tta
from tta_rebuild.bootstrap.own_provider import OwnLLMProvider
from tta_rebuild.cli.screen import Screen
from tta_rebuild.cli.story_view import show_choices
from tta_rebuild.core.errors import ProviderTimeout, StreamBroken
from tta_rebuild.integrations.llm_provider import StreamEnded, StreamItem, TextPiece

SCENE = "The lamp went out. You heard the sea."


class OwnProvider(tta.LLMProvider):
    """What an outsider writes: a model of their own behind the two bare methods."""

    def __init__(self, price: tta.Price | None = None) -> None:
        super().__init__(tta.LLMConfig(model="house"))
        self.price = price
        self.closed = False

    async def generate(
        self, prompt: str, context: tta.TTAContext, **overrides: Any
    ) -> tta.LLMResponse:
        return tta.LLMResponse(text=SCENE, tokens_used=9, model="house", finish_reason="stop")

    async def generate_stream(
        self, prompt: str, context: tta.TTAContext, **overrides: Any
    ) -> AsyncIterator[str]:
        for word in SCENE.split(" "):
            yield f"{word} "

    async def aclose(self) -> None:
        self.closed = True


def test_every_name_of_the_public_face_is_there_and_listed() -> None:
    for name in tta.__all__:
        assert getattr(tta, name) is not None

    assert set(tta.__all__) <= set(dir(tta))
    with pytest.raises(AttributeError, match="no_such_name"):
        tta.no_such_name  # noqa: B018


def test_the_import_itself_loads_none_of_it() -> None:
    program = "import sys, tta_rebuild; print([m for m in sys.modules if m.startswith('tta_re')])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert done.stdout.strip() == "['tta_rebuild.lazy_names', 'tta_rebuild']", done.stderr


async def test_a_provider_of_ones_own_tells_and_costs_nothing(tmp_path: Path) -> None:
    own = OwnProvider()
    async with tta.open_application(tta.Settings(data_dir=tmp_path), provider=own) as app:
        story = await app.stories.open(tta.Premise(theme="A wreck at low tide", seed=7))
        played = await story.turn(tta.Action.begin())

        assert SCENE in played.scene.text
        assert (played.turn, played.scene.told_by, played.cost_usd) == (1, "own:house", 0.0)
        assert app.models == ("own:house", "offline")
    assert not own.closed


async def test_a_provider_that_says_its_price_is_paid_from_the_budget(tmp_path: Path) -> None:
    own = OwnProvider(price=tta.Price(rates=tta.Rates(input=1.0, output=2.0)))
    async with tta.open_application(tta.Settings(data_dir=tmp_path), provider=own) as app:
        story = await app.stories.open(tta.Premise(theme="A wreck at low tide", seed=7))
        played = await story.turn(tta.Action.begin())

        assert played.cost_usd > 0
        assert await app.tracker.spent_usd("session") == pytest.approx(played.cost_usd)


class BrokenProvider(OwnProvider):
    """Asks for what is not there, in mid-answer or before it."""

    async def generate(
        self, prompt: str, context: tta.TTAContext, **overrides: Any
    ) -> tta.LLMResponse:
        return {}["no such key"]

    async def generate_stream(
        self, prompt: str, context: tta.TTAContext, **overrides: Any
    ) -> AsyncIterator[str]:
        yield "The lamp "
        prompt.no_such_attribute  # type: ignore[attr-defined]  # noqa: B018


async def test_a_defect_of_a_provider_of_ones_own_is_named_with_its_place(tmp_path: Path) -> None:
    async with tta.open_application(
        tta.Settings(data_dir=tmp_path), provider=BrokenProvider()
    ) as app:
        story = await app.stories.open(tta.Premise(theme="A wreck at low tide", seed=7))

        with pytest.raises(
            tta.ProviderFault, match=r"BrokenProvider failed with \w+Error"
        ) as caught:
            await story.turn(tta.Action.begin())

        assert f"{Path(__file__).name}, line " in str(caught.value)
        assert (await app.stories.resume(story.story_id)).state.turn == 0


class StreamsItems(tta.RequestProvider):
    """Streams what it is given, and waits a minute for what is None."""

    def __init__(self, *items: Any) -> None:
        super().__init__(tta.LLMConfig(model="house"))
        self.items = items

    async def complete(self, request: tta.LLMRequest) -> tta.LLMResponse:
        await asyncio.sleep(60)
        return ANSWER

    async def stream(self, request: tta.LLMRequest) -> AsyncIterator[Any]:  # type: ignore[override]
        for item in self.items:
            if item is None:
                await asyncio.sleep(60)
            yield item


ANSWER = tta.LLMResponse(text=SCENE, tokens_used=9, model="house", finish_reason="stop")


@pytest.mark.parametrize(
    ("items", "what"),
    [
        (["The lamp"], r"streamed 'The lamp'; each piece is a TextPiece"),
        ([TextPiece(None)], r"streamed TextPiece\(text=None\)"),  # type: ignore[arg-type]
        ([StreamEnded(replace(ANSWER, text=None))], "whose text is None, not a str"),  # type: ignore[arg-type]
        ([StreamEnded(replace(ANSWER, usage=None))], "whose usage is None, not a Usage"),  # type: ignore[arg-type]
        ([StreamEnded(None)], "gave a NoneType where an LLMResponse is due"),  # type: ignore[arg-type]
    ],
)
async def test_what_is_no_stream_of_an_answer_is_a_fault_that_says_so(
    items: list[Any], what: str, tmp_path: Path
) -> None:
    settings = tta.Settings(data_dir=tmp_path)
    async with tta.open_application(settings, provider=StreamsItems(*items)) as app:
        story = await app.stories.open(tta.Premise(theme="A wreck at low tide", seed=7))

        with pytest.raises(tta.ProviderFault, match=f"StreamsItems {what}|StreamsItems .*{what}"):
            await story.turn(tta.Action.begin())


class WithoutConfig(OwnProvider):
    def __init__(self) -> None:
        pass


class PricedWithANumber(OwnProvider):
    def __init__(self) -> None:
        super().__init__(price=0.3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("own", "what"),
    [
        (object(), "tta.LLMProvider or tta.RequestProvider, not <object .*object"),
        (OwnProvider, "takes an object of a class .*OwnProvider"),
        (WithoutConfig(), r"WithoutConfig has no config: call super\(\).__init__"),
        (PricedWithANumber(), r"price of the provider PricedWithANumber is 0.3; .*tta.Price\("),
    ],
)
async def test_what_cannot_be_asked_is_refused_at_the_door(
    own: Any, what: str, tmp_path: Path
) -> None:
    with pytest.raises((tta.ValidationError, tta.ProviderFault), match=what):
        async with tta.open_application(tta.Settings(data_dir=tmp_path), provider=own):
            pass


async def test_a_provider_of_ones_own_has_as_long_as_the_settings_say(tmp_path: Path) -> None:
    settings = tta.Settings(data_dir=tmp_path, timeout_s=0.1, silence_timeout_s=0.1)
    context = tta.TTAContext(
        workflow_id="w",
        correlation_id="c",
        timestamp=datetime(2026, 1, 1, tzinfo=UTC),
        metaconcepts=[],
        player_boundaries={},
    )
    request = tta.LLMRequest(prompt="Tell.", context=context)
    words = TextPiece("The tide is out. " * 10)

    mute = OwnLLMProvider(StreamsItems(None), settings)
    with pytest.raises(ProviderTimeout, match=r"no word from house for 0.1 s"):
        await mute.complete(request)
    with pytest.raises(ProviderTimeout, match=r"no word from house for 0.1 s"):
        _ = [item async for item in mute.stream(request)]
    with pytest.raises(StreamBroken, match="silent after 2 words"):
        _ = [
            i
            async for i in OwnLLMProvider(StreamsItems(TextPiece("So it"), None), settings).stream(
                request
            )
        ]
    told = [i async for i in OwnLLMProvider(StreamsItems(words, None), settings).stream(request)]
    assert isinstance(told[-1], StreamEnded)
    assert (told[-1].response.text, told[-1].response.finish_reason) == (words.text, "silent")


async def test_a_program_does_not_wait_for_ever_for_its_own_provider(tmp_path: Path) -> None:
    settings = tta.Settings(data_dir=tmp_path, timeout_s=0.1, silence_timeout_s=0.1)
    async with tta.open_application(
        settings, provider=StreamsItems(TextPiece("The tide is out. " * 10), None)
    ) as app:
        story = await app.stories.open(tta.Premise(theme="A wreck at low tide", seed=7))
        async with asyncio.timeout(30):
            played = await story.turn(tta.Action.begin())

    assert "The tide is out." in played.scene.text
    assert any("went silent" in text for text in played.warnings)


class EndlessProvider(tta.RequestProvider):
    """Forgets the end of its streams, so many times."""

    def __init__(self, forgets: int) -> None:
        super().__init__(tta.LLMConfig(model="house"))
        self.left, self.asked = forgets, 0

    async def complete(self, request: tta.LLMRequest) -> tta.LLMResponse:
        reply = {"passages": [{"facts": [], "text": SCENE}], "story_branches": []}
        return tta.LLMResponse(
            text=json.dumps(reply), tokens_used=9, model="house", finish_reason="stop"
        )

    async def stream(self, request: tta.LLMRequest) -> AsyncGenerator[StreamItem, None]:
        self.asked += 1
        response = await self.complete(request)
        yield TextPiece(response.text)
        if self.left:
            self.left -= 1
        else:
            yield StreamEnded(response)


@pytest.mark.parametrize(("forgets", "teller"), [(1, "own:house"), (9, "offline:")])
async def test_a_stream_that_forgets_its_end_is_asked_for_once_more_then_the_next_model(
    forgets: int, teller: str, tmp_path: Path
) -> None:
    own = EndlessProvider(forgets)
    async with tta.open_application(tta.Settings(data_dir=tmp_path), provider=own) as app:
        story = await app.stories.open(tta.Premise(theme="A wreck at low tide", seed=7))
        played = await story.turn(tta.Action.begin())

    assert played.scene.told_by.startswith(teller)
    assert own.asked == 2


async def test_choices_that_are_left_out_are_kept_with_the_reason(tmp_path: Path) -> None:
    reply = {
        "passages": [{"facts": [], "text": "The tide is out."}],
        "story_branches": [{"choice": "Go", "consequence": "you go", "affects": []}] * 3,
    }
    own = tta.MockLLMProvider(response=json.dumps(reply))
    async with tta.open_application(tta.Settings(data_dir=tmp_path), provider=own) as app:
        story = await app.stories.open(tta.Premise(theme="A wreck at low tide", seed=7))
        await story.turn(tta.Action.begin())

        shown = io.StringIO()
        show_choices(Screen(out=shown), story.state)

        said = " ".join(shown.getvalue().split())
        assert said == ("(3 choices left out: a choice has at least 10 characters)")


async def test_a_refused_move_is_an_exception_for_who_waits_for_a_turn(tmp_path: Path) -> None:
    async with tta.open_application(tta.Settings(data_dir=tmp_path)) as app:
        story = await app.stories.open(tta.Premise(theme="A wreck at low tide", seed=7))
        opening = await story.turn(tta.Action.begin())
        before = story.branch.length

        with pytest.raises(tta.MoveRefused, match="no choice 99"):
            await story.turn(tta.Action.choose(99))

        assert story.branch.length == before
        after = await story.turn(tta.Action.choose(1))
        assert (opening.turn, after.turn) == (1, 2)
        assert after.choices


def test_the_strictest_type_check_passes_a_callers_program_and_finds_a_misspelt_name(
    tmp_path: Path,
) -> None:
    program = tmp_path / "caller.py"
    program.write_text(
        """
import tta_rebuild as tta

async def play(theme: str) -> list[str]:
    async with tta.open_application(tta.Settings()) as app:
        story = await app.stories.open(tta.Premise(theme=theme))
        played = await story.turn(tta.Action.begin())
        async for event in story.play(tta.Action.say("I wait.")):
            if isinstance(event, tta.PassageReleased):
                print(event.passage.text)
        return [choice.text for choice in played.choices]
""",
        encoding="utf-8",
    )
    misspelt = tmp_path / "misspelt.py"
    rooms = (
        "tta_rebuild",
        *(f"tta_rebuild.{r}" for r in ("integrations", "narrative", "storyteller")),
    )
    misspelt.write_text("".join(f"from {room} import NoSuchName\n" for room in rooms))
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", "", program, misspelt]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)

    assert "caller.py" not in done.stdout + done.stderr
    for room in rooms:
        assert f'Module "{room}" has no attribute "NoSuchName"' in done.stdout
    assert f"Found {len(rooms)} errors in 1 file" in done.stdout
