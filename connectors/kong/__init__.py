"""Kong Gateway 3.x, self-hosted: configuration, calls and blocks through its Admin API."""
