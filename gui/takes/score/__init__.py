"""A take as a score: quantised by us, engraved by Verovio where that is installed."""
