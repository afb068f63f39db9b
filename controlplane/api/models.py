"""Answers kept for repeated requests with the same Idempotency-Key."""

from django.db import models

from tenants.vault.fields import SealedTextField


class IdempotentRequest(models.Model):
    """One key of one caller on one address: what was asked and, once done, the sealed answer."""

    id = models.CharField(max_length=64, primary_key=True)
    body_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    answer = SealedTextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return self.id
