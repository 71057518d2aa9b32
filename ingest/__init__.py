"""Acquisition and processing: sources, landing, cleaning, dedup, integration."""
