"""Evaluation: the engine measured on stories and passages that nobody wrote for it."""
