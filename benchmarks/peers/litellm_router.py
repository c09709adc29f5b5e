"""litellm's Router in front of the same server."""

from __future__ import annotations

import asyncio

import litellm
from harness import MODEL, PROMPT, SCHEMA, address, measure

litellm.suppress_debug_info = True


async def main() -> None:
    router = litellm.Router(
        model_list=[
            {
                "model_name": "storyteller",
                "litellm_params": {
                    "model": f"gemini/{MODEL}",
                    "api_key": "any",
                    "api_base": f"{address()}/v1beta",
                },
            }
        ]
    )

    async def call(number: int) -> str:
        reply = await router.acompletion(
            model="storyteller",
            messages=[{"role": "user", "content": f"{PROMPT} {number}"}],
            temperature=0.7,
            max_tokens=2000,
            response_format={
                "type": "json_schema",
                "json_schema": {"name": "scene", "schema": SCHEMA},
            },
        )
        return reply.choices[0].message.content or ""

    await measure(call)


asyncio.run(main())
