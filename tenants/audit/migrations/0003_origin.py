"""Where a change came from, and the version of what an entry's hash covers (1: as before).

The columns keep their defaults in the database: the release before goes on writing entries of version 1.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds columns; no entry is rewritten."""

    dependencies = [("audit", "0002_append_only")]
    operations = [
        migrations.AddField(
            "entry", "client_address", models.CharField(blank=True, db_default="", default="", max_length=45)
        ),
        migrations.AddField("entry", "hash_version", models.PositiveSmallIntegerField(db_default=1, default=1)),
        migrations.AddField(
            "entry", "user_agent", models.CharField(blank=True, db_default="", default="", max_length=200)
        ),
    ]
