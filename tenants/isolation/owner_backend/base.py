"""Backend of the owner connection: works in one named schema as the owner role.

Used only to create, migrate and delete schemas. It does not follow the tenant context: the schema is
chosen by `set_schema`, so a forgotten context can never turn an owner statement loose on a tenant.
"""

from typing import Any

from django.db.backends.postgresql.introspection import TableInfo
from django_tenants.postgresql_backend.introspection import DatabaseSchemaIntrospection

from tenants.isolation.backend import base

TABLES = """
    SELECT c.relname, CASE WHEN c.relispartition THEN 'p' WHEN c.relkind IN ('m', 'v') THEN 'v' ELSE 't' END,
           obj_description(c.oid, 'pg_class')
      FROM pg_catalog.pg_class c
     WHERE c.relkind IN ('f', 'm', 'p', 'r', 'v') AND c.relnamespace = to_regnamespace(%s)
"""


class SchemaIntrospection(DatabaseSchemaIntrospection):  # type: ignore[misc]
    """Lists one schema's tables by its id; Django's query scans the tables of all tenants."""

    def get_table_list(self, cursor: Any) -> list[TableInfo]:
        """Return tables and views of the current schema."""
        cursor.execute(TABLES, [self.connection.schema_name])
        return [TableInfo(*row) for row in cursor.fetchall()]


class DatabaseWrapper(base.DatabaseWrapper):
    """Connection bound to the schema given by `set_schema`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.introspection = SchemaIntrospection(self)

    def wanted_schema(self) -> str:
        """Schema chosen by `set_schema`."""
        return str(self.schema_name)

    def wanted_role(self, schema: str) -> str:
        """Provisioning stays the owner."""
        return "none"

    def set_tenant(self, tenant: Any, include_public: bool = False) -> None:
        """Choose the schema of the statements to come."""
        self.tenant = tenant
        self.schema_name = tenant.schema_name
        self.set_settings_schema(tenant.schema_name)
