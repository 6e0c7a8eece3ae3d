"""Segments, contacts and what they did, made short."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from automation.models import Segment
from automation.segments.computing import Computation, segment_compute
from automation.segments.rules import read_rule
from automation.segments.services import segment_save
from contacts.models import Activity, Contact
from sites.audit import Actor
from sites.models import Site

ACTOR = Actor.system("test")
NOW = datetime(2026, 3, 15, 12, 30, tzinfo=UTC)


def group(*items: dict[str, Any], match: str = "all") -> dict[str, Any]:
    return {"kind": "group", "match": match, "items": list(items)}


def document(*items: dict[str, Any], exclude: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"include": group(*items), "exclude": exclude}


def field(name: str, operator: str, value: Any = None) -> dict[str, Any]:
    given = {"kind": "field", "field": name, "operator": operator}
    return given if value is None else {**given, "value": value}


def did(kind: str, operator: str = "at_least", count: int = 1, **more: Any) -> dict[str, Any]:
    return {"kind": "activity", "type": kind, "operator": operator, "count": count, **more}


def contact(site: Site, **values: Any) -> Contact:
    now = timezone.now()
    return Contact.objects.create(site=site, **{"created_at": now, "updated_at": now} | values)


def activity(of: Contact, kind: str = "order", *, days: float = 1, **properties: Any) -> Activity:
    """Record an activity of so many days ago."""
    at = timezone.now() - timedelta(days=days)
    return Activity.objects.create(
        site=of.site, contact=of, type=kind, occurred_at=at, recorded_at=at, properties=properties
    )


def segment(site: Site, *items: dict[str, Any], **values: Any) -> Segment:
    """Save a segment of these conditions, all of which must hold."""
    rule = read_rule(document(*items, exclude=values.pop("exclude", None)), site)
    made = Segment(site=site, **{"name": "Chosen"} | values)
    return segment_save(segment=made, rule=rule, actor=ACTOR)


def computed(of: Segment) -> Computation:
    computation = segment_compute(of)
    of.refresh_from_db()
    assert computation is not None, of.trouble
    return computation


def members(of: Segment) -> set[Any]:
    return set(of.members.values_list("contact_id", flat=True))
