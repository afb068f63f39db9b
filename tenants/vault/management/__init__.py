"""Management of keys."""
