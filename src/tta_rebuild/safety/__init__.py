"""What a player allows: boundaries and warnings as a gate."""
