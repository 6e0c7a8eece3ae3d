"""Variable names: what a retailer's API calls a value in its JSON and in its query."""

from __future__ import annotations

import re
from typing import Final

# The one key of the shared structure that nobody may rename (Voyado Engage Onsite, *Generic API
# integration*).
TAG_KEY: Final = "redeal"
MAX_LENGTH: Final = 64
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def clean_variable_name(name: str) -> str:
    """Return the name without surrounding space.

    Letters, digits, `_`, `.` and `-`, beginning with a letter or `_`: they mean the same in JSON
    and, without encoding, in a query. Raises ValueError with a sentence.
    """
    name = name.strip()
    if not name:
        raise ValueError("Give the name of the variable, such as e_mail.")
    if len(name) > MAX_LENGTH:
        raise ValueError(f"A variable name may have at most {MAX_LENGTH} characters.")
    if "@" in name:
        raise ValueError("This holds the name of the variable, such as e_mail, and not a value.")
    if not _NAME.fullmatch(name):
        raise ValueError(
            "Use letters a to z, digits, and the signs _ . - only, and begin with a letter or _."
        )
    if name == TAG_KEY:
        raise ValueError(f"“{TAG_KEY}” is taken: it says what kind of contact the visitor is.")
    return name
