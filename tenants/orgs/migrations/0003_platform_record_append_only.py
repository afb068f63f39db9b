"""What was noted about a tenant stays: nobody changes or removes it, the owner role included."""

from django.db import migrations

SQL = """
CREATE FUNCTION orgs_platformentry_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the platform record is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER orgs_platformentry_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON orgs_platformentry
    FOR EACH STATEMENT EXECUTE FUNCTION orgs_platformentry_stays();
"""
UNDO = """
DROP TRIGGER orgs_platformentry_stays ON orgs_platformentry;
DROP FUNCTION orgs_platformentry_stays();
"""


class Migration(migrations.Migration):
    """Entries can be added and read only."""

    dependencies = [("orgs", "0002_tenants_at_scale")]
    operations = [migrations.RunSQL(SQL, UNDO)]
