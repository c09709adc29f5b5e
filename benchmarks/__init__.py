"""Measurements: figures (promises, one line each) and benchmarks (speeds, as ratios)."""
