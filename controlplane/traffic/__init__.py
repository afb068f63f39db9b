"""Calls: the door they come in by, the store they are kept in and the engine that reads them."""
