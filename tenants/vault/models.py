"""Wrapped data keys of one tenant."""

from django.db import models


class DataKey(models.Model):
    """A 256-bit key, wrapped by the root key; the newest seals, every one can open."""

    version = models.PositiveIntegerField(primary_key=True)
    root_key_id = models.CharField(max_length=64)
    wrapped = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"data key {self.version}"
