"""What submissions hold of a visitor who is a contact."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from contacts.models import Contact
from contacts.subject_rights.own_data import row_of
from contacts.subject_rights.personal_data import PersonalData, Row, add_personal_data
from onsite.models import Submission

_COLUMNS: Final = (
    "received_at", "role", "tag", "visitor", "conversion", "known_contact", "state", "answer",
)  # fmt: skip


def _submissions(contact: Contact) -> Iterator[Row]:
    for row in Submission.objects.filter(contact_id=contact.pk).order_by("pk").iterator():
        yield row_of(row, _COLUMNS)


def register_personal_data() -> None:
    add_personal_data(PersonalData("Onsite submissions", _submissions))
