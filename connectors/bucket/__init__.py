"""Object storage as a source of call logs: S3 and what speaks like it, Google Cloud Storage, Azure Blob Storage."""
