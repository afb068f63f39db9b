"""Claiming takes turns between tenants; the database writes the message; the app role cannot restamp it."""

from django.db import migrations

from tenants.queue.sql import FAIR, UNFAIR


class Migration(migrations.Migration):
    """Second state of the queue; the version before works with it, too."""

    dependencies = [("queue", "0001_initial")]
    operations = [migrations.RunSQL(FAIR, UNFAIR)]
