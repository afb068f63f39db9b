"""Cloudflare: requests and firewall events that Logpush delivers."""
