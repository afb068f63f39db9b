"""One life cycle for every result of a check."""
