"""The wall between tenants: context, database backend, roles and the embedded PostgreSQL."""
