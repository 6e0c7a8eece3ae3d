from __future__ import annotations

from django.db import models

from common.identifiers import random_token
from sites.models.site import Site


def new_publishable_key() -> str:
    return random_token("pk_", 32)


class PublishableKey(models.Model):
    """Lets pages and mobile apps send events of a site; it stands in their code for all to read.

    So it is no secret and proves nothing: it names a site and what may come from where.
    `allowed_origins` are exact origins (`https://shop.example.com`), none means no page at all.
    Mobile apps send no `Origin`; `allows_apps` lets such requests in. A revoked key stays as a
    row, so that the log can name it.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="publishable_keys")
    name = models.CharField(max_length=120, help_text="The shop, page or app that uses it.")
    key = models.CharField(max_length=40, unique=True, default=new_publishable_key, editable=False)
    allowed_origins = models.JSONField(default=list, blank=True)
    allows_apps = models.BooleanField("mobile apps", default=False)
    revoked_at = models.DateTimeField(null=True, editable=False)
    # Written at most once a minute.
    last_used_at = models.DateTimeField(null=True, editable=False)
    last_used_from = models.CharField(max_length=255, blank=True, default="", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("site", "name")
        constraints = [
            models.UniqueConstraint(
                fields=("site", "name"), name="publishable_key_name_once_per_site"
            ),
        ]

    def __str__(self) -> str:
        return self.name
