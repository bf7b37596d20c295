"""Takes: the list of what was played, the ways out of it, and the alternatives as cards."""
