"""The recognisers: one file each, registered by `@recognizer(name)` of privacy/contract.py.

They stand beside Presidio's own, and reach what those miss. All are regular expressions in the dialect of the
`regex` package, ignoring case unless they say otherwise.
"""
