from __future__ import annotations

from http import HTTPStatus

from rest_framework.exceptions import APIException


class Conflict(APIException):
    """What is asked for does not go together with how things are; `detail` says what to do."""

    status_code = HTTPStatus.CONFLICT

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail, code)
