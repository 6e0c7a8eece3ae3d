"""Compact JSON, put together from texts: what is signed is what the payload's bytes are."""

from __future__ import annotations

from datetime import UTC, datetime


def object_of(**members: str) -> bytes:
    """Return an object whose members are given as JSON text, in this order."""
    inner = ",".join(f'"{name}":{text}' for name, text in members.items())
    return f"{{{inner}}}".encode()


def utc_text(at: datetime) -> str:
    """Return an instant as `2024-03-15T10:30:15.123Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")[: -len("+00:00")] + "Z"
