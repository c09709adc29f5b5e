"""``python -m tests.wire [--settings JSON]``: print the address, serve until EOF."""

from tests.wire.server import main

main()
