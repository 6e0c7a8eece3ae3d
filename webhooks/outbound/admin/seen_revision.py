from __future__ import annotations

from django.http import HttpRequest


def seen_revision(request: HttpRequest) -> int | None:
    """Return the revision of the subscription that the form was opened with, if it says so."""
    text = request.POST.get("revision", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None
