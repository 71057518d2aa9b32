"""The web page over a catalogue that has grown for years."""
