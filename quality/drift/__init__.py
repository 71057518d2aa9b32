"""Drift: what a table looks like now against what it looked like in a baseline window."""
