"""API tokens: for machines, with scopes and an expiry."""
