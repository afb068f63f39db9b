"""Database roles and what each may do.

`portcullis_owner` owns every object and creates schemas and tenant roles. `portcullis_app` is what the
product logs in as: it may see public platform tables and become a tenant's role, and inherits nothing.
`portcullis_tenant` is the group every tenant role is in: the right to enqueue jobs for itself, nothing else.
"""

from typing import Any

from psycopg import Connection, sql

OWNER_ROLE = "portcullis_owner"
APP_ROLE = "portcullis_app"
TENANT_GROUP = "portcullis_tenant"
DATABASE = "portcullis"


def bootstrap(connection: "Connection[Any]", passwords: dict[str, str], database: str = DATABASE) -> None:
    """Create roles and database as superuser (autocommit connection); safe to repeat."""
    attributes = {
        OWNER_ROLE: "LOGIN NOSUPERUSER NOBYPASSRLS CREATEROLE CREATEDB",
        APP_ROLE: "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOINHERIT",
        TENANT_GROUP: "NOLOGIN NOSUPERUSER NOBYPASSRLS",
    }
    roles = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
    for role, options in attributes.items():
        if role in roles:
            continue
        connection.execute(sql.SQL("CREATE ROLE {} " + options).format(sql.Identifier(role)))
        if role in passwords:
            statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
            connection.execute(statement.format(sql.Identifier(role), sql.Literal(passwords[role])))
    connection.execute(f"GRANT {TENANT_GROUP} TO {OWNER_ROLE} WITH ADMIN OPTION")
    known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone()
    if known is None:
        create = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0")
        connection.execute(create.format(sql.Identifier(database), sql.Identifier(OWNER_ROLE)))


def close_public(database: str = DATABASE) -> str:
    """Return SQL, run by the owner, that leaves PUBLIC no way into the database's objects."""
    statements = (
        f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC',
        f'GRANT CONNECT ON DATABASE "{database}" TO {APP_ROLE}',
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        f"GRANT USAGE ON SCHEMA public TO {APP_ROLE}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {APP_ROLE}",
        "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
    )
    return ";".join(statements)


def create_tenant_schema(schema: str, *, new_role: bool = True, with_schema: bool = True) -> str:
    """Return SQL that makes a tenant's role and schema with rights on that schema only.

    Roles belong to the whole server: in a copy of a database the role may already be there
    (`new_role=False`). `with_schema=False` makes the role alone.
    """
    role = (
        f'CREATE ROLE "{schema}" NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB INHERIT;'
        f'GRANT {TENANT_GROUP} TO "{schema}";'
        f'GRANT "{schema}" TO {APP_ROLE};'
    )
    space = (
        f'CREATE SCHEMA "{schema}";'
        f'GRANT USAGE ON SCHEMA "{schema}" TO "{schema}";'
        f'ALTER DEFAULT PRIVILEGES IN SCHEMA "{schema}"'
        f' GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "{schema}";'
        f'ALTER DEFAULT PRIVILEGES IN SCHEMA "{schema}" GRANT USAGE, SELECT ON SEQUENCES TO "{schema}";'
    )
    return (role if new_role else "") + (space if with_schema else "")
