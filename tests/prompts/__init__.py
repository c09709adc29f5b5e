"""Prompt templates and fences."""
