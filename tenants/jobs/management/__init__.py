"""Management of jobs."""
