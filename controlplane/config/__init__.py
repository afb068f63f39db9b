"""Settings, URL roots and the servers' entry points."""
