"""The catalogue: runs, splits, tables, metrics, scores, reviews, audit."""
