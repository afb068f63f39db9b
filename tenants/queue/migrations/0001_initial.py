"""The queue tables, the enqueue function and their rights."""

from django.db import migrations

from tenants.queue.sql import INSTALL, REMOVE


class Migration(migrations.Migration):
    """First state of the queue."""

    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [migrations.RunSQL(INSTALL, REMOVE)]
