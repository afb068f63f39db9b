"""The job queue: one shared table whose rows are stamped with their tenant by the database."""
