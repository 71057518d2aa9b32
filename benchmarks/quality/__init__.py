"""The suite of 25 expectations beside Great Expectations' own engines."""
