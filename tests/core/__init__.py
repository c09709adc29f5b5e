"""The bottom floor."""
