"""Blocks: preview on past calls, gates, staged push, read-back, expiry and undo."""
