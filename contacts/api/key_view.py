"""What the views of the contact API share."""

from __future__ import annotations

from django.utils import timezone

from contacts.services import ChangeSource
from sites.api_keys import view
from sites.models import Scope


class KeyView(view.KeyView):
    """Reading asks for contacts:read, everything else for contacts:write."""

    reads = Scope.CONTACTS_READ
    writes = Scope.CONTACTS_WRITE

    @property
    def may_read(self) -> bool:
        return Scope.CONTACTS_READ in self.key.scopes

    def change_source(self) -> ChangeSource:
        return ChangeSource(
            key=self.key.key_id, label=f"API: {self.key.name}", received_at=timezone.now()
        )
