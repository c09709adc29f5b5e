"""Programs that make the same calls with different stacks, each run in an environment of its own.

``benchmarks.models_calls`` starts them side by side and asks them in turns.
"""
