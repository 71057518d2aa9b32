"""The masking operators: one file each."""
