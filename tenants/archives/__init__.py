"""Archives: everything a tenant has in one file it can take along."""
