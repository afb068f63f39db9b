"""Remote runners and the requests they relay."""
