"""Planted contradictions: clean stories, and what is planted into them (number 1 of SET=canon)."""
