"""The command line ``tta``: it translates between a terminal and the engine; it decides nothing."""
