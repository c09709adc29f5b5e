"""Prompt templates as data, with names and versions."""

from tta_rebuild.prompts.catalog import PromptCatalog, RenderedPrompt, Template

__all__ = ["PromptCatalog", "RenderedPrompt", "Template"]
