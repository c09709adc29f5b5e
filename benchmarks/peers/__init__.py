"""Programs that make the same calls with different stacks, each run in an environment of its own.

``benchmarks.figures.models_adapters`` starts them; each prints one line of JSON.
"""
