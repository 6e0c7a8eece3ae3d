"""What a password must be beyond Django's own rules."""

from __future__ import annotations

from typing import Final

from django.core.exceptions import ValidationError

from sites.models import User

_ADVICE: Final = "Somebody else knows this password. Choose another one."


class ReplacesHandedOverPassword:
    """Refuses to keep a password that somebody else made, where it has to be replaced."""

    def validate(self, password: str, user: object = None) -> None:
        if isinstance(user, User) and user.must_change_password and user.check_password(password):
            raise ValidationError(_ADVICE, code="password_handed_over")

    def get_help_text(self) -> str:
        return "A password that you were given has to be replaced by another one."
