from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """Somebody who logs in. Superusers run the installation; everyone else acts by memberships."""

    # Somebody else knows the password: the console opens nothing before it is replaced.
    must_change_password = models.BooleanField(default=False, editable=False)

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(raw_password)
        self.must_change_password = False
