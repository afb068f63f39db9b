"""Django database engine of provisioning and migrations: `tenants.isolation.owner_backend`."""
