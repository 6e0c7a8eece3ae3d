from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import NON_FIELD_ERRORS
from django.core.exceptions import ValidationError as InvalidModel
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from common.endpoint.strict_body import camel
from contacts.applied_change import ChangeSource
from contacts.models import Contact
from sites.api_keys.view import KeyView
from sites.models import Scope, Site

# Codes of the 409s.
REFUSED: Final = "REFUSED"
SOURCE_ID_USED: Final = "SOURCE_ID_USED"
NOT_ENOUGH_POINTS: Final = "NOT_ENOUGH_POINTS"
NOT_REDEEMABLE: Final = "NOT_REDEEMABLE"
IN_USE: Final = "IN_USE"

SOURCE_ID_USED_DETAIL: Final = (
    "This sourceId came with something else before. Send a new one for each new request."
)
NO_SUCH_CONTACT: Final = "There is no such contact."


class LoyaltyView(KeyView):
    """Reading asks for loyalty:read, everything else for loyalty:write."""

    reads = Scope.LOYALTY_READ
    writes = Scope.LOYALTY_WRITE

    @property
    def site(self) -> Site:
        return self.key.site

    def change_source(self) -> ChangeSource:
        return ChangeSource(
            key=self.key.key_id, label=f"API: {self.key.name}", received_at=timezone.now()
        )

    def has_contact(self, contact_id: UUID) -> bool:
        contacts = Contact.objects.filter(site=self.site, pk=contact_id, deleted_at=None)
        return contacts.exists()

    def check_contact(self, contact_id: UUID) -> None:
        """Raise Http404 unless the address names a contact of the key's site."""
        if not self.has_contact(contact_id):
            raise Http404


def found_or_404(rows: QuerySet[Any], key: UUID) -> Any:
    row = rows.filter(pk=key).first()
    if row is None:
        raise Http404
    return row


def invalid(error: InvalidModel) -> ValidationError:
    """Return the faults of a service by the names that bodies have."""
    if not hasattr(error, "error_dict"):
        return ValidationError({"": error.messages})
    faults: dict[str, Sequence[str]] = {
        "" if name == NON_FIELD_ERRORS else camel(name): sentences
        for name, sentences in error.message_dict.items()
    }
    return ValidationError(faults)
