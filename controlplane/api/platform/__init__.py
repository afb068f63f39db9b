"""REST views of what every tenant gets: session, members, tokens, audit, jobs."""
