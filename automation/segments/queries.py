"""Rules as one query over contacts.

Each condition is true or false of a contact, never NULL, so that groups and the exclusion may
negate it. What hangs on a contact is asked with EXISTS, or with IN over an aggregate: no join
multiplies contacts. On SQLite activities are always asked with IN, which it puts together once by
`activity_by_type`; a correlated question would walk through all of a type for every contact.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import singledispatchmethod
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from automation.segments.activity_properties import property_query
from automation.segments.conditions import (
    ActivityCondition,
    ConsentCondition,
    EmailStatusCondition,
    FieldCondition,
    Group,
    PointsCondition,
    PreferenceCondition,
    Rule,
)
from automation.segments.days import Clock
from automation.segments.field_queries import field_query
from contacts.models import Activity, Consent, Contact, PointAccount, Preference
from sites.models import Site

# So many contacts are tested by one query; their ids stand in it once for each activity.
_TESTED_AT_ONCE: Final = 500
_CLEAR_OF_ZERO: Final = {
    "eq": lambda value: value != 0,
    "gt": lambda value: value >= 0,
    "ge": lambda value: value > 0,
    "lt": lambda value: value <= 0,
    "le": lambda value: value < 0,
}
_LOOKUPS: Final = {"eq": "exact", "gt": "gt", "ge": "gte", "lt": "lt", "le": "lte"}


def contacts_matching(site: Site, rule: Rule, *, now: datetime | None = None) -> QuerySet[Contact]:
    """Return the contacts of whom the rule holds at a moment; who was erased is none of them."""
    return _Question(site, now).contacts(rule)


def matching_ids(
    site: Site, rule: Rule, contact_ids: Collection[UUID], *, now: datetime | None = None
) -> set[UUID]:
    """Return those of some contacts of whom the rule holds; asks about them alone."""
    ids = list(contact_ids)
    found: set[UUID] = set()
    for start in range(0, len(ids), _TESTED_AT_ONCE):
        asked = ids[start : start + _TESTED_AT_ONCE]
        contacts = _Question(site, now, asked).contacts(rule).filter(pk__in=asked)
        found.update(contacts.values_list("pk", flat=True))
    return found


class _Question:
    """One rule asked of one site at one moment, of all contacts or of those in `among`."""

    def __init__(
        self, site: Site, now: datetime | None, among: Sequence[UUID] | None = None
    ) -> None:
        self._site_id = site.pk
        self._clock = Clock(now or timezone.now(), ZoneInfo(site.time_zone))
        self._among = among

    def contacts(self, rule: Rule) -> QuerySet[Contact]:
        contacts = Contact.objects.filter(site_id=self._site_id, deleted_at=None)
        contacts = contacts.filter(self.query(rule.include))
        return contacts.exclude(self.query(rule.exclude)) if rule.exclude else contacts

    @singledispatchmethod
    def query(self, item: Any) -> Q:
        raise TypeError(f"{type(item).__name__} is no part of a rule.")

    @query.register
    def _group(self, group: Group) -> Q:
        return Q(
            *(self.query(item) for item in group.items),
            _connector=Q.AND if group.match == "all" else Q.OR,
        )

    @query.register
    def _field(self, condition: FieldCondition) -> Q:
        return field_query(condition, self._clock)

    @query.register
    def _preference(self, condition: PreferenceCondition) -> Q:
        rows = Preference.objects.filter(contact=OuterRef("pk"), channel=condition.channel)
        return _answered(rows, "accepts", condition.answer)

    @query.register
    def _consent(self, condition: ConsentCondition) -> Q:
        rows = Consent.objects.filter(contact=OuterRef("pk"), consent_id=condition.consent_id)
        return _answered(rows, "value", condition.answer)

    @query.register
    def _email_status(self, condition: EmailStatusCondition) -> Q:
        return Q(email__isnull=False, email_status__in=condition.statuses)

    @query.register
    def _points(self, condition: PointsCondition) -> Q:
        """Ask for accounts that differ from what holds of none: who has none has 0 points."""
        accounts = PointAccount.objects.filter(
            contact=OuterRef("pk"),
            definition__site_id=self._site_id,
            definition__number=condition.definition,
        )
        holds = Q(**{f"balance__{_LOOKUPS[condition.operator]}": condition.value})
        if _CLEAR_OF_ZERO[condition.operator](condition.value):
            return Q(Exists(accounts.filter(holds)))
        return ~Q(Exists(accounts.exclude(holds)))

    @query.register
    def _activity(self, condition: ActivityCondition) -> Q:
        count = condition.count
        if condition.operator == "at_least":
            return self._did(condition, count)
        if condition.operator == "at_most":
            return ~self._did(condition, count + 1)
        if count == 0:
            return ~self._did(condition, 1)
        return Q(pk__in=self._counted(condition).filter(times=count))

    def _did(self, condition: ActivityCondition, times: int) -> Q:
        if times > 1:
            return Q(pk__in=self._counted(condition).filter(times__gte=times))
        if connection.vendor == "sqlite":
            return Q(pk__in=self._activities(condition).values("contact_id"))
        return Q(Exists(self._activities(condition).filter(contact=OuterRef("pk"))))

    def _counted(self, condition: ActivityCondition) -> QuerySet[Any, Any]:
        rows = self._activities(condition).order_by().values("contact_id")
        return rows.annotate(times=Count("pk")).values("contact_id")

    def _activities(self, condition: ActivityCondition) -> QuerySet[Activity]:
        rows = Activity.objects.filter(type=condition.type)
        # Without the site, because they are the site's: no other index may be taken than theirs.
        rows = (
            rows.filter(site_id=self._site_id)
            if self._among is None
            else rows.filter(contact_id__in=self._among)
        )
        if condition.days is not None:
            rows = rows.filter(occurred_at__gte=self._clock.now - timedelta(days=condition.days))
        for each in condition.properties:
            rows = rows.filter(property_query(each))
        return rows


def _answered(rows: QuerySet[Any], column: str, answer: str) -> Q:
    if answer == "not_set":
        return ~Q(Exists(rows))
    return Q(Exists(rows.filter(**{column: answer == "yes"})))
