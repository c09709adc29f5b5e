"""A pydantic-ai Agent with native structured output in front of the same server."""

from __future__ import annotations

import asyncio

from harness import MODEL, PROMPT, address, measure
from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput
from pydantic_ai.models.google import GoogleModel
from pydantic_ai.providers.google import GoogleProvider


class Passage(BaseModel):
    text: str


class Branch(BaseModel):
    choice: str
    consequence: str


class Scene(BaseModel):
    passages: list[Passage]
    setting_description: str
    emotional_tone: str
    story_branches: list[Branch]


async def main() -> None:
    provider = GoogleProvider(api_key="any", base_url=address())
    agent = Agent(
        GoogleModel(MODEL, provider=provider),
        output_type=NativeOutput(Scene),
        model_settings={"temperature": 0.7, "max_tokens": 2000},
    )

    async def call(number: int) -> str:
        reply = await agent.run(f"{PROMPT} {number}")
        return '"passages"' if reply.output.passages else ""

    await measure(call)


asyncio.run(main())
