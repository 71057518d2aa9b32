"""A recommender trained on what Weir released: `python -m examples.recommender FOLDER`, or `make example`."""
