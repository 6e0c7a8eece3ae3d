"""One row of a batch: an address, a list, and what happened to the address.

Source: Ongage documentation wiki, page *The Ongage Webhook*. The four fields and four statuses are
documented; what they do to a contact is ours.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, Final

from integrations.contact_change import (
    ActivityFact,
    Channel,
    ContactChange,
    EmailListFact,
    EmailStatus,
    Identity,
)
from integrations.inbound_event import Disposition, InboundEvent
from integrations.json_values import text_of
from integrations.preset import EventTypeInfo

STATUSES: Final = {
    "soft": "A message bounced for now; the address stays in use and the bounce is counted.",
    "hard": "A message bounced for good; the address is marked as bounced.",
    "unsubscribe": "The person unsubscribed; e-mail is switched off.",
    "complaint": "The person reported spam; e-mail is switched off, with the cause.",
}
EVENT_TYPES: Final = tuple(
    EventTypeInfo(id=status, description=description) for status, description in STATUSES.items()
)

_ADDRESS: Final = re.compile(r"[^\s@,;<>\"()]+@[^\s@,;<>\"()]+\.[^\s@,;<>\"()]+")
_LONGEST_ADDRESS: Final = 254
_LIST_ID: Final = re.compile(r"[0-9]{1,18}")
_LONGEST_NAME: Final = 100


def event_from_row(row: Any, *, batch_key: str) -> InboundEvent:
    """Return the event of one row, or one that is set aside with what is wrong with it.

    `batch_key` is unique for the row's place in its stored batch: rows have no id and no time.
    """
    if not isinstance(row, dict):
        return _bad_row("row", "The row is no object with email, list_id and status.")
    status = text_of(row.get("status"))
    if status not in STATUSES:
        wanted = ", ".join(STATUSES)
        return _bad_row("row", f"The status is “{status[:40]}”, which is none of {wanted}.")
    email = text_of(row.get("email"))
    if len(email) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(email):
        return _bad_row(status, "The row has no email that is an e-mail address.")
    list_id = text_of(row.get("list_id"))
    if not _LIST_ID.fullmatch(list_id):
        return _bad_row(status, "The row has no list_id that is a whole number.")
    esp_name = text_of(row.get("esp_name"))[:_LONGEST_NAME]
    change = _change(email, list_id, status, esp_name, batch_key)
    return InboundEvent(type=status, change=change, data=row)


def _bad_row(event_type: str, reason: str) -> InboundEvent:
    return InboundEvent(
        type=event_type, disposition=Disposition.QUARANTINED, cause="BAD_ROW", reason=reason
    )


def _change(email: str, list_id: str, status: str, esp_name: str, batch_key: str) -> ContactChange:
    change = ContactChange(
        identity=Identity(email=email),
        email_list=EmailListFact(kind=status, list_id=list_id, esp_name=esp_name),
        activities=(
            ActivityFact(
                type=f"email.{status}",
                properties={"list_id": list_id, "esp_name": esp_name},
                key=_activity_key(email, list_id, status, batch_key),
            ),
        ),
    )
    if status == "hard":
        change.email_status = EmailStatus.BOUNCED
        change.cause = "hard_bounce"
    elif status != "soft":
        change.preferences = {Channel.EMAIL: False}
        change.cause = status
    return change


def _activity_key(email: str, list_id: str, status: str, batch_key: str) -> str:
    """Return a key under which the same fact, sent again, is the same activity.

    A soft bounce may happen again and again, so it is told apart by its place in the batch. The
    address is hashed: the key outlives the erasure of a contact.
    """
    if status == "soft":
        return f"soft:{batch_key}"
    address = hashlib.sha256(email.lower().encode("utf-8", "replace")).hexdigest()[:32]
    return f"{status}:{list_id}:{address}"
