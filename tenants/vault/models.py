"""Wrapped keys of one tenant."""

from django.db import models

#: The version of the key of keyed hashes. It never seals, and rotation wraps it anew but never replaces it:
#: hashes are how stored values find each other.
HASH_KEY = 0


class DataKey(models.Model):
    """A 256-bit key, wrapped by a root key; the newest seals, every one can open."""

    version = models.PositiveIntegerField(primary_key=True)
    root_key_id = models.CharField(max_length=255)
    wrapped = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"data key {self.version}"
