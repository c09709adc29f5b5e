"""How well a scene is made, as far as it can be counted."""
