"""What sites tell the layers above."""

from __future__ import annotations

from typing import Final

from django.dispatch import Signal

# Somebody changed, replayed or looked at something. Keyword arguments: `entry` (AuditEntry) and
# `target`, the row it is about, or None. Sent inside the caller's transaction.
audit_recorded: Final = Signal()
