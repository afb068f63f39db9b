"""Records as vendors wrote them, sealed: what waits to be read, and the raw window kept for new signatures."""
