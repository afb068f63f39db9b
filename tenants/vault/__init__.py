"""Secrets of a tenant, encrypted with the tenant's own data key, bound to where they are stored."""
