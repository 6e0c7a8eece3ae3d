"""Form fields for secrets: they can be set, replaced, added, retired and cleared, never read.

A blank field keeps what is stored. What `clean` returns is a change, to be applied to the stored
value; the stored value itself never reaches the widget.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from common.encryption import key_ring

_CONTEXT = "secret fingerprint"


def fingerprint(secret: str) -> str:
    """Return a keyed hash that names one of several secrets without telling anything of it."""
    return key_ring().digest(secret, _CONTEXT)[:16]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SecretChange:
    """What a form asks for; empty when it leaves the stored value alone.

    `generated` are the values among `new` that this side made and has to show once.
    """

    new: tuple[str, ...] = ()
    generated: tuple[str, ...] = ()
    retired: frozenset[str] = field(default_factory=frozenset)
    is_cleared: bool = False

    def __bool__(self) -> bool:
        return bool(self.new or self.retired or self.is_cleared)

    def applied_to_one(self, current: str | None) -> str | None:
        if self.new:
            return self.new[0]
        return None if self.is_cleared else current

    def applied_to_many(self, current: Sequence[str]) -> list[str]:
        """Return the new ones first, then those that were not retired."""
        kept = [secret for secret in current if fingerprint(secret) not in self.retired]
        return [*self.new, *kept]


class SecretWidget(forms.Widget):
    """One password input; beside it clear (of one) or a retire box each (of several)."""

    def __init__(self, *, is_many: bool, can_generate: bool, stored: Sequence[str]) -> None:
        super().__init__()
        self.is_many = is_many
        self.can_generate = can_generate
        self.fingerprints = [fingerprint(secret) for secret in stored]

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        context = {
            "name": name,
            "id": (attrs or {}).get("id", f"id_{name}"),
            "is_many": self.is_many,
            "can_generate": self.can_generate,
            "fingerprints": self.fingerprints,
            "described_by": (attrs or {}).get("aria-describedby", ""),
        }
        return render_to_string("admin/secret_widget.html", context)

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> dict[str, Any]:
        get_all = data.getlist if isinstance(data, QueryDict) else lambda key: data.get(key, [])
        return {
            "new": data.get(name, ""),
            "retired": get_all(f"{name}-retire"),
            "clear": f"{name}-clear" in data,
            "generate": f"{name}-generate" in data,
        }

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False


class SecretField(forms.Field):
    """`stored` are the secrets at rest; `generate` makes one where this side may choose."""

    def __init__(
        self,
        *,
        stored: Sequence[str],
        is_many: bool = False,
        generate: Callable[[], str] | None = None,
        **kwargs: Any,
    ) -> None:
        self.generate = generate
        self.is_many = is_many
        widget = SecretWidget(is_many=is_many, can_generate=generate is not None, stored=stored)
        super().__init__(required=False, widget=widget, **kwargs)

    def clean(self, value: dict[str, Any]) -> SecretChange:
        lines = value["new"].split("\n") if self.is_many else [value["new"]]
        typed = tuple(line.strip() for line in lines if line.strip())
        made = (self.generate(),) if value["generate"] and self.generate is not None else ()
        return SecretChange(
            new=(*made, *typed),
            generated=made,
            retired=frozenset(value["retired"]),
            is_cleared=value["clear"],
        )

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data["new"] or data["retired"] or data["clear"] or data["generate"])
