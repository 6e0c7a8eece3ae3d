"""What is said about one person, in no vendor's words.

Presets write these, `contacts` reads them. Values are as the sender gave them: normalising an
address or a phone needs the site's settings and is the work of `contacts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from integrations.loyalty_facts import LoyaltyFact


class Channel(StrEnum):
    """The three preferences, named as Voyado Engage names them (page *Webhooks*)."""

    EMAIL = "email"
    SMS = "sms"
    POSTAL = "postal"


class EmailStatus(StrEnum):
    """State of a contact's e-mail address; the values of Connectif's `_emailStatus`."""

    ACTIVE = "active"
    BOUNCED = "bounced"
    PAUSED = "paused"
    BANNED = "banned"


class SourceIdKind(StrEnum):
    """What a per-source id stands for at the sender."""

    CONTACT = "contact"
    ANONYMOUS = "anonymous"


# Fields of a contact that an event may set besides its identities. `None` as a value clears one.
PLAIN_FIELDS: Final = (
    "first_name",
    "last_name",
    "care_of",
    "street",
    "postal_code",
    "city",
    "country_code",
    "birth_date",
    "gender",
    "language",
)
# Identities may be cleared through `fields` (value None) and are set through `Identity`.
IDENTITY_FIELDS: Final = ("email", "phone", "external_id", "personal_identity_number")


@dataclass(slots=True, kw_only=True)
class Identity:
    """Every name under which the sender knows the person; empty text means not given.

    `source_ids` maps a `SourceIdKind` to the sender's own id, unique within one source.
    """

    email: str = ""
    phone: str = ""
    external_id: str = ""
    personal_identity_number: str = ""
    source_ids: Mapping[SourceIdKind, str] = field(default_factory=dict)

    def is_empty(self) -> bool:
        return not (
            self.email
            or self.phone
            or self.external_id
            or self.personal_identity_number
            or any(self.source_ids.values())
        )


@dataclass(slots=True, kw_only=True)
class ConsentFact:
    """An answer to one consent: yes or no. Not set has no value: it is never written."""

    consent_id: str
    value: bool
    at: datetime | None = None
    source: str = ""
    comment: str = ""
    # Of the text that was shown; None: the newest one at the time of the answer.
    text_version: int | None = None


@dataclass(slots=True, kw_only=True)
class EmailListFact:
    """A delivery fact about the address on one list of the sender (Ongage: `list_id`).

    `kind` is one of `soft`, `hard`, `unsubscribe`, `complaint`. `soft` is counted only and
    never lifts an inactive state.
    """

    kind: str
    list_id: str
    esp_name: str = ""


@dataclass(slots=True, kw_only=True)
class ActivityFact:
    """Something the person did or that happened to them.

    `key`, when given, makes the activity an upsert: the same source, type and key is the same
    activity (WebEngage sends every reply of a feedback again with each new one).
    `properties` are JSON values; decimals are text.
    """

    type: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""
    occurred_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class Deletion:
    """The sender deleted the person. Personal data goes, a tombstone with the reason stays."""

    reason: str = ""


@dataclass(slots=True, kw_only=True)
class ContactChange:
    """All that one event says about one person.

    Absent keys are left alone; `None` in `fields` clears. `occurred_at` (aware) orders facts: an
    older one never overwrites a newer. When None, the time of reception stands in.
    `email_status` sets the state of the address directly; `cause` says why in a word
    (`complaint`, `hard_bounce`), kept beside preferences and status.
    `revives` is set by events that create a contact: only they lift a tombstone, and only when
    newer. With `only_known` nobody is added: a change about somebody unknown is rejected.
    """

    identity: Identity
    occurred_at: datetime | None = None
    fields: Mapping[str, str | None] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    preferences: Mapping[Channel, bool] = field(default_factory=dict)
    consents: tuple[ConsentFact, ...] = ()
    email_status: EmailStatus | None = None
    email_list: EmailListFact | None = None
    activities: tuple[ActivityFact, ...] = ()
    loyalty: tuple[LoyaltyFact, ...] = ()
    deletion: Deletion | None = None
    revives: bool = False
    only_known: bool = False
    cause: str = ""
