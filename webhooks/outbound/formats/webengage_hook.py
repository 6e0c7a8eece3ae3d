"""What all of WebEngage's hooks share: account, query parameters, request id, and plain 200."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from http import HTTPStatus
from typing import ClassVar, Final

from integrations.presets.webengage.event_names import NEVER_SENT
from integrations.settings_fields import SettingField

_LICENSE_CODE: Final = re.compile(r"~?[A-Za-z0-9_-]{1,60}")
_EVENT_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ .-]{0,49}")


def clean_license_code(value: str) -> str:
    if not _LICENSE_CODE.fullmatch(value):
        raise ValueError("Write the licence code as the dashboard shows it, such as 311c48b3.")
    return value


def clean_event_name(value: str) -> str:
    if value in NEVER_SENT:
        raise ValueError(
            f"{value} cannot be passed by webhook at WebEngage: a hook on it never fires."
        )
    if not _EVENT_NAME.fullmatch(value):
        raise ValueError("Write one event name of at most 50 letters, digits and underscores.")
    return value


LICENSE_CODE: Final = SettingField(
    key="license_code",
    label="Licence code",
    required=True,
    clean=clean_license_code,
    help_text="Stands in the body and in the URL; receivers compare it with theirs.",
)


class WebEngageHook:
    """Only 200 counts as success; 201, 202 and 204 do not (page *Webhooks*)."""

    query_names: ClassVar[frozenset[str]] = frozenset(("eventType", "licenseCode", "secret"))

    def is_success(self, status: int) -> bool:
        return status == HTTPStatus.OK


def event_time(at: datetime) -> str:
    """Return `2016-06-01T15:53:59+0000`, the form of WebEngage's own samples."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}+0000"


def request_id(message_id: str) -> str:
    """Return 32 hex digits that are the same on every attempt."""
    return hashlib.sha256(message_id.encode()).hexdigest()[:32]
