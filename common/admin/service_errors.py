"""What a service says is wrong, beside the fields of the form it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.core.exceptions import ValidationError

if TYPE_CHECKING:
    _Form = forms.BaseForm
else:
    _Form = object


class ServiceErrors(_Form):
    """Mixin of a form whose values a service checks."""

    def shown_at(self, name: str) -> str | None:
        """Return the field beside which the service's name is shown; None: on top."""
        return name if name in self.fields else None

    def show_errors(self, error: ValidationError) -> None:
        if not hasattr(error, "error_dict"):
            self.add_error(None, error)
            return
        for name, errors in error.error_dict.items():
            self.add_error(self.shown_at(name), errors)
