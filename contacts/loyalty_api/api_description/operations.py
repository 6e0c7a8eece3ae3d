"""How the operations of the loyalty API are described: who may, and what is answered."""

from __future__ import annotations

from functools import partial
from typing import Final

from common.endpoint.description import Problem
from sites.api_keys import key_operations
from sites.models import Scope

reading: Final = partial(key_operations.reading, Scope.LOYALTY_READ)
writing: Final = partial(key_operations.writing, Scope.LOYALTY_WRITE)


def conflict(code: str, when: str, detail: str) -> Problem:
    return Problem(status=409, code=code, when=when, detail=detail)
