"""Migrations of the archives app."""
