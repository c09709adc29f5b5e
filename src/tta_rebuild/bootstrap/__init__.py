"""Settings become objects here, and nowhere else; ``application`` opens them all."""
