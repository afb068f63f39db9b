"""Figures, each printed by a command on data it names."""
