"""The extra headers as lines of text; stored values are never among them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from common.masks import MASK

# None keeps the stored value of that name.
HeaderChanges = dict[str, str | None]


def masked_lines(names: Collection[str]) -> str:
    return "\n".join(f"{name}: {MASK}" for name in names)


class HeaderLines(forms.Textarea):
    """Gives no value back, not even one that was just typed: it may be a key."""

    def __init__(self, stored: Collection[str]) -> None:
        self.stored = {name.lower() for name in stored}
        rows = min(max(len(stored) + 1, 2), 10)
        super().__init__(
            attrs={"class": "mono", "rows": rows, "spellcheck": "false", "autocomplete": "off"}
        )

    def format_value(self, value: Any) -> str:
        names = [line.partition(":")[0].strip() for line in str(value or "").splitlines()]
        return "\n".join(
            f"{name}: {MASK if name.lower() in self.stored else ''}" for name in names if name
        )


class HeaderLinesField(forms.CharField):
    """`stored` are the names at rest; only whoever `may_replace` changes or drops one of them."""

    def __init__(self, *, stored: Collection[str], may_replace: bool, **kwargs: Any) -> None:
        self.stored = {name.lower(): name for name in stored}
        self.may_replace = may_replace
        super().__init__(
            required=False,
            initial=masked_lines(stored),
            widget=HeaderLines(stored),
            max_length=8_000,
            **kwargs,
        )

    def clean(self, value: Any) -> Any:
        """Return the headers by name in the order of the lines."""
        found: HeaderChanges = {}
        for line in super().clean(value).splitlines():
            if not line.strip():
                continue
            name, text = self._read(line)
            if name.lower() in {known.lower() for known in found}:
                raise ValidationError(f"{name} stands here twice. Keep one of the lines.")
            found[name] = text
        self._check_role(found)
        return found

    def _read(self, line: str) -> tuple[str, str | None]:
        name, separator, text = (part.strip() for part in line.partition(":"))
        if not separator or not name:
            # The line is not repeated: what has no colon may be a key by itself.
            raise ValidationError("Write each line as Name: value.")
        if text != MASK:
            if not text:
                raise ValidationError(f"Type the value of {name}; values are never shown again.")
            return name, text
        if name.lower() not in self.stored:
            raise ValidationError(f"No value is stored for {name}. Type one in place of {MASK}.")
        return self.stored[name.lower()], None

    def _check_role(self, found: HeaderChanges) -> None:
        kept = {name.lower() for name, text in found.items() if text is None}
        if not self.may_replace and not kept >= self.stored.keys():
            raise ValidationError(
                "Only an admin of the site changes or removes a stored value. Leave its line "
                f"with {MASK}; you may add others."
            )
