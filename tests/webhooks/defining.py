"""Fields, and what is said about events that cannot be stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from tests.factories import ReceptionEventFactory, email_field
from webhooks.models import ReceptionField

Errors = dict[str, list[str]]


def field(**values: Any) -> ReceptionField:
    return ReceptionField(**({"field_id": "name", "name": "Name", "type": "text"} | values))


def errors_of(call: Callable[[], object]) -> Errors:
    with pytest.raises(ValidationError) as caught:
        call()
    return caught.value.message_dict


def errors_with(*fields: ReceptionField, **event: Any) -> Errors:
    return errors_of(lambda: ReceptionEventFactory.create(fields=[email_field(), *fields], **event))
