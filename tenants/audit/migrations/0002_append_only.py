"""Take from the tenant's own role the right to change or remove what was recorded."""

from django.db import migrations

SQL = """
DO $$ BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON audit_entry FROM %I', current_schema());
END $$;
"""


class Migration(migrations.Migration):
    """Audit entries can be added and read only."""

    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
