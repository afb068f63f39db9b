"""What changed, by whom, why: append-only and chained."""
