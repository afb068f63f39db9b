"""nginx: access logs as JSON. Its combined lines are read by ``connectors.file.clf``."""
