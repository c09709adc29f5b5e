"""The command line ``tta``: it translates between a terminal and the engine, and decides nothing.

Modules at the top import no other room: everything heavy loads inside the command that needs it,
so that ``tta --help`` is quick.
"""
