"""One file for each revision, in order; a revision that was released never changes."""
