"""Management of connections."""
