"""``python -m tools.wire``: the loopback server as a program of its own."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
from typing import Any

from tools.wire.server import WireServer


async def _serve(options: dict[str, Any]) -> None:
    async with WireServer(**options) as wire:
        print(wire.url, flush=True)
        # The parent closes our standard input when it has done, or when it dies.
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def main() -> None:
    """Print the address, serve until standard input ends."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--settings", default="{}", help="fields of WireSettings as JSON")
    logging.basicConfig(level=logging.ERROR)
    asyncio.run(_serve(json.loads(parser.parse_args().settings)))


if __name__ == "__main__":
    main()
