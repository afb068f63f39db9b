"""A column gets another name: code that knows the old one fails."""

import pkgutil

from django.db import migrations

import tenants.members.migrations as present

LAST = max(found.name for found in pkgutil.iter_modules(present.__path__))


class Migration(migrations.Migration):
    """Renames a column that every request reads."""

    dependencies = [("members", LAST)]
    operations = [migrations.RenameField("membership", "role", "duty")]
