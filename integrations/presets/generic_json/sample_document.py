"""A sample in the shape that an operator's own pointers expect."""

from __future__ import annotations

from typing import Any, Final

import jsonpointer

from integrations.pointers import MISSING, resolve
from integrations.presets.generic_json.mapping import IDENTITY_POINTERS
from integrations.request import PresetConfig

# Where the shipped samples themselves hold what each setting points to.
_SHIPPED: Final = {
    "event_id_pointer": "/id",
    "event_type_pointer": "/type",
    "occurred_at_pointer": "/created",
    "email_pointer": "/customer/email",
    "phone_pointer": "/customer/phone",
    "external_id_pointer": "/customer/number",
}
_EXAMPLES: Final = {
    "event_id_pointer": "evt_1003",
    "phone_pointer": "+46701740605",
    "external_id_pointer": "CUST-1003",
    "birth_date": "1990-05-17",
    "country_code": "SE",
    "language": "en",
    "personal_identity_number": "20040217-7935",
}
_EXAMPLE: Final = "example"


def fitted_document(shipped: Any, config: PresetConfig) -> Any:
    """Return the sample as it is when the pointers fit it, else one made to fit them."""
    events_pointer = config.settings.get("events_pointer")
    if not events_pointer and _names_somebody(shipped, config):
        return shipped
    event: dict[str, Any] = {}
    for setting, pointer in _SHIPPED.items():
        if wanted := config.settings.get(setting):
            found = resolve(shipped, pointer)
            _place(event, wanted, _EXAMPLES.get(setting) if found is MISSING else found)
    for setting in ("fields", "properties"):
        for name, wanted in (config.settings.get(setting) or {}).items():
            found = resolve(shipped, f"/customer/{name}")
            _place(event, wanted, _EXAMPLES.get(name, _EXAMPLE) if found is MISSING else found)
    if not events_pointer:
        return event
    document: dict[str, Any] = {}
    _place(document, events_pointer, [event])
    return document


def _names_somebody(shipped: Any, config: PresetConfig) -> bool:
    pointers = (config.settings.get(setting) for setting in IDENTITY_POINTERS)
    return any(pointer and resolve(shipped, pointer) is not MISSING for pointer in pointers)


def _place(document: dict[str, Any], pointer: str, value: Any) -> None:
    """Put the value where the pointer looks, unless something else is on the way already."""
    *path, last = jsonpointer.JsonPointer(pointer).parts
    holder = document
    for part in path:
        # An object with the key "0" is found by the same pointer as a list's first entry.
        inner = holder.setdefault(part, {})
        if not isinstance(inner, dict):
            return
        holder = inner
    holder.setdefault(last, value)
