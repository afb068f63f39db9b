"""Whether this process can do its work."""

from django.db import DatabaseError, connection

from tenants.isolation.context import no_tenant


def readiness() -> list[str]:
    """Return what keeps this process from serving; empty when it is ready."""
    try:
        with no_tenant(), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM orgs_tenant WHERE status = 'active'")
            cursor.fetchone()
    except DatabaseError:
        return ["The database does not answer, or `manage.py migrate_all` has not been run."]
    return []
