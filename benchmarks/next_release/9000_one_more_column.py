"""One new column in a table every tenant has."""

import pkgutil

from django.db import migrations, models

import tenants.members.migrations as present

LAST = max(found.name for found in pkgutil.iter_modules(present.__path__))


class Migration(migrations.Migration):
    """Adds a column that older code need not know."""

    dependencies = [("members", LAST)]
    operations = [migrations.AddField("membership", "benchmark_note", models.TextField(null=True))]
