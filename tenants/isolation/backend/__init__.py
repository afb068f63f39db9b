"""Django database engine of the running product: `tenants.isolation.backend`."""
