"""Migrations of the SSO app."""
