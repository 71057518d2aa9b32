"""Sharing as the command line and the page ask for it: export, review, release, aggregates, and what is called back."""
