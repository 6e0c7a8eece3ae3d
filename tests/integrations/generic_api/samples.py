"""The samples of the shared structure, and settings that fit them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from common.json import parse_json

FOLDER: Final = Path(__file__).parents[3] / "integrations/generic_api/samples"
OPTIONS: Final[list[dict[str, Any]]] = [
    {"key": "pet", "label": "Pet", "type": "choice", "values": ["Dog", "Cat"]},
    {"key": "toys", "label": "Toys", "type": "choices", "values": ["ball", "rope"]},
    {"key": "age", "label": "Age", "type": "number"},
    {"key": "nickname", "label": "Nickname", "type": "text"},
    {
        "key": "acceptsEmail",
        "label": "News by e-mail",
        "type": "boolean",
        "stored_as": "email_preference",
    },
    {
        "key": "newsletter_consent",
        "label": "Terms",
        "type": "boolean",
        "stored_as": "consent",
    },
]
CUSTOM_KEYS: Final = {
    "email_key": "e_mail",
    "phone_key": "mobile_phone",
    "name_key": "full_name",
    "personal_identity_key": "ssn",
}


def sample(name: str) -> dict[str, Any]:
    """Return one of the JSON samples as our reader gives it."""
    document = parse_json((FOLDER / name).read_bytes())
    assert isinstance(document, dict)
    return document
