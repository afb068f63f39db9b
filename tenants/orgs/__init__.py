"""Tenants themselves: their names, hosts, state, schemas."""
