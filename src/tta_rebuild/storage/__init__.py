"""Where stories and attempts are kept."""
