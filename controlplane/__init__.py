"""What: the API-security product."""
