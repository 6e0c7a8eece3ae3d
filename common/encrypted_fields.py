"""Model fields whose values are encrypted in the database and clear in Python."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.db import models

from common.encryption import key_ring

if TYPE_CHECKING:
    # Generic in the stubs only.
    TextField = models.TextField[Any, Any]
else:
    TextField = models.TextField


class EncryptedTextField(TextField):
    """Text at rest as `enc:v1:…`; empty text is stored as it is. Not filterable."""

    description = "Encrypted text"

    @property
    def context(self) -> str:
        return f"{self.model._meta.label_lower}.{self.name}"

    def from_db_value(self, value: str | None, *_: Any) -> Any:
        return value if not value else key_ring().decrypt(value, self.context)

    def get_prep_value(self, value: Any) -> Any:
        prepared = super().get_prep_value(value)
        return prepared if not prepared else key_ring().encrypt(prepared, self.context)

    def get_lookup(self, lookup_name: str) -> Any:
        # Each encryption has its own nonce: comparing stored values could never match.
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None


class EncryptedJSONField(EncryptedTextField):
    """A JSON object at rest as one encrypted text; the default is an empty object."""

    description = "Encrypted JSON object"

    def from_db_value(self, value: str | None, *_: Any) -> Any:
        return json.loads(key_ring().decrypt(value, self.context)) if value else {}

    def to_python(self, value: Any) -> Any:
        return json.loads(value) if isinstance(value, str) and value else value or {}

    def get_prep_value(self, value: Any) -> Any:
        if not value:
            return ""
        # Not by way of super(): that would have `to_python` read the text back.
        text = json.dumps(value, separators=(",", ":"), sort_keys=True)
        return key_ring().encrypt(text, self.context)

    def value_to_string(self, obj: models.Model) -> str:
        raise TypeError(f"{self.context} is a secret and is not serialised.")
