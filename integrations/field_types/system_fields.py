"""System fields of a contact (Connectif API documentation, pages *Contact* and *ContactPatch*)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from integrations.field_types.definition import FieldDefinition, FieldOption, FieldType

SUBSCRIBED: Final = "subscribed"
UNSUBSCRIBED: Final = "unsubscribed"

_STATUSES: Final = ("active", "bounced", "paused", "banned")
_MOBILE_STATUSES: Final = ("active", "bounced", "paused")
_SUBSCRIPTIONS: Final = (SUBSCRIBED, UNSUBSCRIBED, "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemField:
    """One system field.

    `read` says where its value is: a column of a contact, `preferences.<channel>`,
    `attributes.<name>`, or "" where Patchbay keeps no such value.
    """

    id: str
    name: str
    type: FieldType
    writable: bool
    read: str = ""
    options: tuple[str, ...] = ()

    @property
    def definition(self) -> FieldDefinition:
        return FieldDefinition(
            id=self.id,
            name=self.name,
            type=self.type,
            options=tuple(FieldOption(id=each, label=each.title()) for each in self.options),
            is_day=self.read == "birth_date",
        )

    @property
    def takes(self) -> frozenset[FieldType]:
        """The types of the reception fields whose values may be written to it."""
        if not self.writable:
            return frozenset()
        if self.type is FieldType.TEXT:
            return frozenset(FieldType) - {FieldType.CHECKBOX}
        if self.type is FieldType.RADIO:
            yes_or_no = (FieldType.BOOLEAN,) if SUBSCRIBED in self.options else ()
            return frozenset((FieldType.RADIO, FieldType.TEXT, *yes_or_no))
        return frozenset((self.type,))


_T: Final = FieldType


def _writable(
    field_id: str, name: str, type_: FieldType, read: str, options: tuple[str, ...] = ()
) -> SystemField:
    return SystemField(
        id=field_id, name=name, type=type_, writable=True, read=read, options=options
    )


def _read_only(field_id: str, name: str, type_: FieldType, read: str = "") -> SystemField:
    return SystemField(id=field_id, name=name, type=type_, writable=False, read=read)


_FIELDS: Final = (
    _writable("_name", "Name", _T.TEXT, "first_name"),
    _writable("_surname", "Surname", _T.TEXT, "last_name"),
    _writable("_birthdate", "Birthdate", _T.DATE, "birth_date"),
    _writable("_externalId", "External id", _T.TEXT, "external_id"),
    _writable("_mobilePhone", "Mobile phone", _T.PHONE, "phone"),
    _writable(
        "_mobilePhoneStatus",
        "Mobile phone status",
        _T.RADIO,
        "attributes._mobilePhoneStatus",
        _MOBILE_STATUSES,
    ),
    _writable("_emailStatus", "E-mail status", _T.RADIO, "email_status", _STATUSES),
    _writable(
        "_newsletterSubscriptionStatus",
        "Newsletter subscription",
        _T.RADIO,
        "preferences.email",
        _SUBSCRIPTIONS,
    ),
    _writable(
        "_smsSubscriptionStatus",
        "SMS subscription",
        _T.RADIO,
        "preferences.sms",
        _SUBSCRIPTIONS,
    ),
    _writable("_points", "Points", _T.INTEGER, "attributes._points"),
    _read_only("id", "Id", _T.TEXT, "id"),
    _read_only("_email", "E-mail", _T.EMAIL, "email"),
    _read_only("_createdAt", "Created", _T.DATE, "created_at"),
    _read_only("_updatedAt", "Updated", _T.DATE, "updated_at"),
    _read_only("_isAnonymous", "Anonymous", _T.BOOLEAN),
    _read_only("_hasPushSubscriptions", "Has push subscriptions", _T.BOOLEAN),
    _read_only("_emailBouncedReason", "Reason of the last bounce", _T.TEXT),
    _read_only("_emailLastBouncedDate", "Last bounce", _T.DATE),
    _read_only("_emailLastSoftBounceDate", "Last soft bounce", _T.DATE),
    _read_only("_emailSoftBounces", "Soft bounces", _T.INTEGER),
    _read_only("_emailLastUnsubscribedDate", "Last unsubscribed", _T.DATE),
    _read_only("_emailLastUnsubscribedIp", "Address of the last unsubscription", _T.TEXT),
    _read_only("_firstPurchaseDate", "First purchase", _T.DATE),
    _read_only("_lastPurchaseDate", "Last purchase", _T.DATE),
    _read_only("_totalPurchases", "Purchases", _T.INTEGER),
    _read_only("_totalPurchasesAmount", "Amount of all purchases", _T.DECIMAL),
    _read_only("_averagePurchasesAmount", "Average amount of a purchase", _T.DECIMAL),
    _read_only("_expectedPurchases", "Expected purchases", _T.DECIMAL),
    _read_only("_churnRate", "Churn rate", _T.DECIMAL),
    _read_only("_clv", "Customer lifetime value", _T.DECIMAL),
    _read_only("_pAlive", "Probability of being active", _T.DECIMAL),
    _read_only("_rfm", "RFM", _T.TEXT),
    _read_only("_recency", "Recency", _T.DECIMAL),
    _read_only("_frequency", "Frequency", _T.DECIMAL),
    _read_only("_monetary", "Monetary", _T.DECIMAL),
)

SYSTEM_FIELDS: Final[Mapping[str, SystemField]] = MappingProxyType(
    {field.id: field for field in _FIELDS}
)
WRITABLE_FIELDS: Final = tuple(field for field in _FIELDS if field.writable)
