"""Prompt templates as data, with names and versions."""
