from __future__ import annotations

from django.db import models

from common.encrypted_fields import EncryptedTextField
from common.identifiers import new_row_id
from sites.models import ApiKey


class AnsweredRequest(models.Model):
    """What a request with an `Idempotency-Key` was answered, for a day.

    `digest` is the SHA-256 of method, address and body. The answer is encrypted: that to a new
    subscription holds its secret, and whoever never received it repeats the request to have it.
    """

    id = models.UUIDField(primary_key=True, default=new_row_id, editable=False)
    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="+", db_index=False)
    idempotency_key = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    answer = EncryptedTextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("key", "idempotency_key"), name="answered_request_once")
        ]

    def __str__(self) -> str:
        return f"{self.status} to {self.pk}"
