"""Blocks by a shared flow of ours that runs before every proxy and reads its rules from a key value map."""
