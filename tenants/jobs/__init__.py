"""Jobs: declare, enqueue with the change, schedule, see what failed."""
