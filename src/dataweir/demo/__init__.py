"""The demonstration: a generated company week, and the whole job on it."""
