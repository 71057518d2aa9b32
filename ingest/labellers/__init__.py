"""The labelling functions: one file each."""
