"""What holds in a story, and what clashes with it."""
