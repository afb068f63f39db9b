"""Names of key services' keys are longer; the key of keyed hashes gets a row of its own (version 0).

The first data key was both. Its wrapped bytes are copied, so hashes stay what they were and the data key can go.
"""

from django.db import migrations, models

COPY = """
    INSERT INTO vault_datakey (version, root_key_id, wrapped, created_at)
    SELECT 0, root_key_id, wrapped, created_at FROM vault_datakey WHERE version = 1
    ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    """Copies one row per tenant."""

    dependencies = [("vault", "0001_initial")]
    operations = [
        migrations.AlterField("datakey", "root_key_id", models.CharField(max_length=255)),
        migrations.RunSQL(COPY, migrations.RunSQL.noop),
    ]
