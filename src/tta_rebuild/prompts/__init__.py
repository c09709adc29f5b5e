"""Prompt templates as data, with names and versions, and what a reply to one is taken for."""

from tta_rebuild.prompts.catalog import PromptCatalog, RenderedPrompt, Template

__all__ = ["PromptCatalog", "RenderedPrompt", "Template"]
