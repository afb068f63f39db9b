"""Files a user drops in: access logs, API documents and configuration dumps; and log lines pushed as text."""
