"""Commands of the vault app."""
