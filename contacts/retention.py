"""How long files of contacts stay: they are copies of personal data."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from common.retention import Retained, remove_older
from contacts.models import ContactFile


def remove_contact_files(before: datetime) -> Iterator[int]:
    """Remove files, and with an uploaded one its import; what it did stays in the audit log."""
    return remove_older(ContactFile.objects.all(), before)


RETAINED: Final = (
    Retained(
        name="contact_files", setting="RETENTION_CONTACT_FILE_DAYS", remove=remove_contact_files
    ),
)
