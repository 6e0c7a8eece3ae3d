from __future__ import annotations

import secrets
from typing import Final

# Neither 0 and O nor 1, I and L; no U, so that no word is spelled by chance. 30 letters.
ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUPS: Final = 4
_GROUP: Final = 4


def new_voucher_code() -> str:
    """Return a code such as `7KMX-94TQ-RWB2-HN5D`: 78 random bits, easy to read out and type."""
    return "-".join(
        "".join(secrets.choice(ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS)
    )
