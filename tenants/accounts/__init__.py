"""People: users, passwords, sessions. Per tenant: a person in two tenants has two accounts."""
