from __future__ import annotations

from typing import Final

from onsite.models import Role, Tag

_NEW: Final = {
    Role.AMBASSADOR: Tag.NEW_AMBASSADOR,
    Role.FRIEND: Tag.NEW_FRIEND,
    Role.SIGNUP: Tag.NEW_SIGNUP,
}
_EXISTING: Final = {
    Role.AMBASSADOR: Tag.EXISTING_AMBASSADOR,
    Role.FRIEND: Tag.EXISTING_FRIEND,
}
_CONVERTED: Final = {
    Role.AMBASSADOR: Tag.CONVERTED_AMBASSADOR,
    Role.FRIEND: Tag.CONVERTED_FRIEND,
}


def decide_tag(*, role: Role, is_known: bool, has_converted: bool) -> Tag | None:
    """Return the value of `redeal`, or None for a known signup: there is no such value.

    Voyado Engage Onsite, *Generic API integration*. A conversion outranks being new or known; a
    signup has no converted value and is tagged as without one.
    """
    if has_converted and role in _CONVERTED:
        return _CONVERTED[role]
    return _EXISTING.get(role) if is_known else _NEW[role]
