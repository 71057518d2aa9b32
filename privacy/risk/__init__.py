"""What the data still tells of people: groups, figures, least-loss generalisation, linkage."""
