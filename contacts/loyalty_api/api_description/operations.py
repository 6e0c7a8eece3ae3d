"""How the operations of the loyalty API are described: who may, and what is answered."""

from __future__ import annotations

from functools import partial
from typing import Final

from common.endpoint.description import Problem, in_path
from contacts.loyalty_api.api_description.schemas import CONTACT_ID
from contacts.loyalty_api.view import SOURCE_ID_USED, SOURCE_ID_USED_DETAIL
from sites.api_keys import key_operations
from sites.models import Scope

reading: Final = partial(key_operations.reading, Scope.LOYALTY_READ)
writing: Final = partial(key_operations.writing, Scope.LOYALTY_WRITE)


def conflict(code: str, when: str, detail: str) -> Problem:
    return Problem(status=409, code=code, when=when, detail=detail)


OF_CONTACT: Final = in_path("contact_id", "The `id` of the contact.", CONTACT_ID, format="uuid")
SOURCE_USED: Final = conflict(
    SOURCE_ID_USED, "the `sourceId` came with something else before.", SOURCE_ID_USED_DETAIL
)
REPEATED: Final = "It was done before, under the same `sourceId`; nothing was done again."
