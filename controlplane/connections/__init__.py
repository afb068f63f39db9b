"""A tenant's configured connectors: settings, health, sync runs, snapshots and log cursors."""
