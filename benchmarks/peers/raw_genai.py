"""google-genai alone, on the transport that the adapter uses (aiohttp)."""

from __future__ import annotations

import asyncio
import warnings

from google import genai
from google.genai import types
from harness import MODEL, PROMPT, SCHEMA, address, measure


async def main() -> None:
    warnings.simplefilter("ignore", DeprecationWarning)
    client = genai.Client(
        api_key="any",
        vertexai=False,
        http_options=types.HttpOptions(base_url=address(), api_version="v1beta"),
    )

    async def call(number: int) -> str:
        config = types.GenerateContentConfig(
            response_mime_type="application/json",
            response_json_schema=SCHEMA,
            temperature=0.7,
            max_output_tokens=2000,
            automatic_continuation=False,
        )
        reply = await client.aio.models.generate_content(
            model=MODEL, contents=f"{PROMPT} {number}", config=config
        )
        return reply.text or ""

    await measure(call)
    await client.aio.aclose()


asyncio.run(main())
