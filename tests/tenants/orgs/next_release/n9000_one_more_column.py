"""One new column, slowly enough to be killed in the middle."""

import pkgutil

from django.db import migrations, models

import tenants.members.migrations as present

LAST = max(found.name for found in pkgutil.iter_modules(present.__path__))


class Migration(migrations.Migration):
    """Adds a column that older code need not know."""

    dependencies = [("members", LAST)]
    serves_previous = True
    operations = [
        migrations.AddField("membership", "note", models.TextField(null=True)),
        migrations.RunSQL("SELECT pg_sleep(0.05)", migrations.RunSQL.noop),
    ]
