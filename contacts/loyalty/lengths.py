from __future__ import annotations

from django.db import models


def longest(model: type[models.Model], *names: str) -> dict[str, int]:
    """Return how many characters each of these columns holds."""
    return {name: getattr(model._meta.get_field(name), "max_length", 0) for name in names}
