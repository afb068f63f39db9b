"""Cloudflare's API v4 for one account, and an edge that applies the rules pushed to it."""
