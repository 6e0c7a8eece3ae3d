"""What the form sends by which staff take a redemption back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from contacts.loyalty.undoing import NotUndone


def posted_instant(data: Mapping[str, Any]) -> datetime:
    """Return when it was redeemed, as the page showed it: another redemption is not meant."""
    try:
        at = parse_datetime(data.get("redeemed_at", ""))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise NotUndone("The page was incomplete. Open it again.")
    return at


def undone_words(name: str) -> str:
    return f"The redemption of {name} was undone: it can be used again while it is valid."
