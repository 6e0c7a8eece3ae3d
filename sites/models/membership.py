from __future__ import annotations

from django.conf import settings
from django.db import models

from sites.models.site import Site


class Role(models.TextChoices):
    """What a member may do on a site; each role includes the ones before it."""

    VIEWER = "viewer", "Viewer: sees lists and outcomes, no bodies, no secrets"
    SUPPORT = "support", "Support: also sees bodies, replays"
    OPERATOR = "operator", "Operator: also configures"
    ADMIN = "admin", "Admin: also secrets and members"

    @property
    def rank(self) -> int:
        return list(Role).index(self)

    def includes(self, other: Role) -> bool:
        return self.rank >= other.rank


class Membership(models.Model):
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(max_length=10, choices=Role)
    wants_trouble_mail = models.BooleanField("tell about delivery trouble by e-mail", default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("site", "user"), name="membership_once_per_site"),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="membership_role"
            ),
        ]
        ordering = ("site", "user")

    def __str__(self) -> str:
        return f"{self.user} on {self.site} ({self.role})"
