"""The Personalise dock: the player chooses, the partner learns, the player decides."""
