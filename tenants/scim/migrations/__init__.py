"""Migrations of the SCIM app."""
