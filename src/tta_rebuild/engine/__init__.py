"""In what order: the turn pipeline, the session, the stories."""
