"""What can be put around a model; ``docs/reference/wrappers.md`` says in which order, and why."""
