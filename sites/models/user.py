from __future__ import annotations

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """Somebody who logs in. Superusers run the installation; everyone else acts by memberships."""
