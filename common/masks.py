"""What a hidden value looks like, and which values are hidden from people without the role."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

MASK: Final = "•••"

# Compared without case, spaces, hyphens and underscores, at the end of a name (`mobilePhone`,
# `repliedByName`), so that vendors' prefixes do not matter.
_PERSONAL_ENDINGS: Final = (
    "email", "emailaddress", "phone", "phones", "phonenumber", "mobile", "mobilenumber", "msisdn",
    "firstname", "lastname", "surname", "fullname", "middlename", "nickname", "byname",
    "username", "contactname", "customername", "recipientname", "street", "address", "addressline1",
    "addressline2", "line1", "line2", "careof", "postalcode", "postcode", "zipcode", "birthdate",
    "dateofbirth", "birthday", "gender", "personalnumber", "personalidentity",
    "personalidentitynumber", "socialsecuritynumber", "nationalid", "latitude", "longitude",
    "cardnumber",
)  # fmt: skip
# Too short for that: `membership` ends with ip. These are the last word of a name, or all of it.
_PERSONAL_LAST_WORDS: Final = frozenset(("mail", "city", "zip", "ip", "ssn", "iban"))
# Holders of a value whose meaning stands elsewhere: a changed field, an answer, an attribute.
_PERSONAL_NAMES: Final = frozenset(
    (
        "value", "values", "previousvalue", "oldvalue", "newvalue", "text", "answer", "repliedtext",
        "comment", "name", "userid", "externalid", "membernumber", "customattributes", "customdata",
        "attributes", "traits", "fileaccessurl", "filename", "identity",
    )
)  # fmt: skip
_TYPE_MARKERS: Final = frozenset(("@class", "class", "type", "kind"))
_SEPARATORS: Final = re.compile(r"[\s_.-]+")
# Of a name, which strangers choose, the end counts: more is neither searched nor remembered.
_LONGEST_NAME: Final = 100
_LAST_WORD: Final = re.compile(r"[A-Z]?[a-z0-9]+$|[A-Z]+$")
_EMAIL: Final = re.compile(
    r"[^\s@\"'<>(),:;=&?/\\\[\]{}]{1,64}(?:@|%40)[^\s@\"'<>(),:;=&?/\\\[\]{}]{1,255}"
)
_PHONE: Final = re.compile(r"(?<![\w+])\+[1-9][0-9](?:[ ()-]?[0-9]){5,12}(?![\w])")


def is_personal(name: str) -> bool:
    """Whether the field of this name says who or where somebody is."""
    return _is_personal(name[-_LONGEST_NAME:])


@lru_cache(maxsize=4096)
def _is_personal(name: str) -> bool:
    folded = _SEPARATORS.sub("", name.lower())
    if folded in _PERSONAL_NAMES or folded.endswith(_PERSONAL_ENDINGS):
        return True
    last_word = _LAST_WORD.search(name)
    return last_word is not None and last_word[0].lower() in _PERSONAL_LAST_WORDS


def is_type_marker(name: str) -> bool:
    """Whether the field only says what kind of thing its neighbours are."""
    return name.lower() in _TYPE_MARKERS


def mask_identities(text: str) -> str:
    """Return the text with e-mail addresses and international phone numbers masked."""
    return _PHONE.sub(MASK, _EMAIL.sub(MASK, text))
