"""Runs by the clock: `weir daemon`, and what `weir schedule install` hands to the schedulers of others."""
