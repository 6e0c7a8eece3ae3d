"""`Idempotency-Key`: the same request once more gets the first answer, and nothing is done again.

Optional. The claim of the key, what is done and the answer are one transaction, so that of two at
the same time one waits for the other.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from common.endpoint.conflict import Conflict
from common.identifiers import row_id_floor
from sites.models import ApiKey
from webhooks.api.answered_request import AnsweredRequest
from webhooks.api.view import body_or_nothing

HEADER: Final = "Idempotency-Key"
REUSED: Final = "IDEMPOTENCY_KEY_REUSED"
REUSED_DETAIL: Final = (
    "This Idempotency-Key came with another request before. Use a new key for a new request."
)
BAD_KEY_DETAIL: Final = "The Idempotency-Key must be 1 to 200 printable ASCII characters."
KEPT_FOR: Final = timedelta(days=1)
_KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")
# Old answers go as new ones come, a few more at a time.
_REMOVED_AT_ONCE: Final = 100


class BadIdempotencyKey(APIException):
    status_code = HTTPStatus.BAD_REQUEST
    default_detail = BAD_KEY_DETAIL
    default_code = "BAD_IDEMPOTENCY_KEY"


@sensitive_variables("response", "known")
def answered_once(request: Request, act: Callable[[], Response]) -> Response:
    """Return what `act` answers, or what it answered to the same request before."""
    idempotency_key = request.headers.get(HEADER)
    if idempotency_key is None:
        return act()
    if not _KEY.fullmatch(idempotency_key):
        raise BadIdempotencyKey
    key, digest = request.auth, _digest(request)
    assert isinstance(key, ApiKey)
    with transaction.atomic():
        _remove_old()
        try:
            with transaction.atomic():
                row = AnsweredRequest.objects.create(
                    key=key, idempotency_key=idempotency_key, digest=digest
                )
        except IntegrityError:
            known = AnsweredRequest.objects.get(key=key, idempotency_key=idempotency_key)
            return _repeated(known, digest)
        response = act()
        row.status = response.status_code
        row.answer = JSONRenderer().render(response.data).decode()
        row.save(update_fields=("status", "answer"))
    return response


def _repeated(known: AnsweredRequest, digest: str) -> Response:
    if known.digest != digest:
        raise Conflict(REUSED, REUSED_DETAIL)
    data = json.loads(known.answer) if known.answer else None
    return Response(data, known.status, headers={"Idempotency-Replayed": "true"})


def _digest(request: Request) -> str:
    body: Any = body_or_nothing(request)
    text = json.dumps(body, sort_keys=True, default=str)
    whole = f"{request.method} {request.path.removesuffix('/')} {text}"
    return hashlib.sha256(whole.encode()).hexdigest()


def _remove_old() -> None:
    old = AnsweredRequest.objects.filter(pk__lt=row_id_floor(timezone.now() - KEPT_FOR))
    ids = list(old.order_by("pk").values_list("pk", flat=True)[:_REMOVED_AT_ONCE])
    if ids:
        AnsweredRequest.objects.filter(pk__in=ids).delete()
