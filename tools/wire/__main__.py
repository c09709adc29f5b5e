"""``python -m tools.wire [--settings JSON]``: print the address, serve until EOF."""

from tools.wire.server import main

main()
