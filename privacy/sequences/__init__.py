"""Model-ready sequences of a release: made on workers from its masked rows, read by whoever trains on it."""
