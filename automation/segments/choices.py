"""What an editor of rules offers on a site."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from automation.segments.fields import RuleField
from automation.segments.rule_names import RuleNames
from contacts.models import Activity
from integrations.contact_change import Channel, EmailStatus
from integrations.field_types import FieldType
from sites.models import Site
from webhooks.inbound.models import ReceptionEvent

# A loose scan of the index: one look-up per type, and another for when it was seen last.
_TYPES_SEEN: Final = """
    WITH RECURSIVE types(type, place) AS (
        SELECT (SELECT min(type) FROM contacts_activity WHERE site_id = %s), 1
        UNION ALL
        SELECT (
            SELECT min(a.type) FROM contacts_activity a WHERE a.site_id = %s AND a.type > types.type
        ), place + 1
        FROM types WHERE types.type IS NOT NULL AND place < %s
    )
    SELECT type FROM types
    WHERE type IS NOT NULL AND EXISTS (
        SELECT 1 FROM contacts_activity a
        WHERE a.site_id = %s AND a.type = types.type AND a.occurred_at >= %s
    )
    ORDER BY place
"""
SEEN_WITHIN: Final = timedelta(days=365)
# Of each type so many of the newest activities are looked at for their properties.
_LOOKED_AT: Final = 50
_MOST_TYPES: Final = 200
_MOST_SAMPLES: Final = 5
_LONGEST_SAMPLE: Final = 80
_MOST_PROPERTIES: Final = 100
_DEPTH: Final = 3
_KINDS: Final[Mapping[FieldType, str]] = {
    FieldType.INTEGER: "number",
    FieldType.DECIMAL: "number",
    FieldType.BOOLEAN: "boolean",
    FieldType.CHECKBOX: "list",
}


@dataclass(frozen=True, slots=True)
class PropertyChoice:
    """`kind` is text, number, boolean or list; samples are newest first, as text."""

    path: str
    kind: str
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuleChoices:
    """Everything that a condition can name. Pairs are (value, label)."""

    fields: tuple[RuleField, ...]
    channels: tuple[tuple[str, str], ...]
    consents: tuple[tuple[str, str], ...]
    email_statuses: tuple[tuple[str, str], ...]
    points: tuple[tuple[int, str], ...]
    activity_types: tuple[tuple[str, str], ...]


def rule_choices(names: RuleNames) -> RuleChoices:
    """Return what conditions on contacts of the site of these names can be about."""
    return RuleChoices(
        fields=tuple(names.fields.values()),
        channels=tuple(
            (each.value, {"sms": "SMS", "email": "E-mail"}.get(each.value, "Post"))
            for each in Channel
        ),
        consents=tuple(names.consents.items()),
        email_statuses=tuple((each.value, each.value.capitalize()) for each in EmailStatus),
        points=tuple(names.points.items()),
        activity_types=tuple(activity_types(names.site)),
    )


def activity_types(site: Site) -> Iterator[tuple[str, str]]:
    """Yield the site's reception events, then the other types of which activities were seen."""
    events = ReceptionEvent.objects.filter(site=site, deleted_at=None).order_by("name")
    named = dict(events.values_list("alias", "name"))
    for alias, name in named.items():
        yield alias, f"{name} ({alias})"
    for kind in _types_seen(site):
        if kind not in named:
            yield kind, kind


def property_choices(site: Site, activity_type: str) -> tuple[PropertyChoice, ...]:
    """Return the properties of a type: those that a reception event declares, and those seen."""
    found: dict[str, tuple[str, list[str]]] = {}
    event = ReceptionEvent.objects.filter(site=site, alias=activity_type, deleted_at=None).first()
    if event is not None:
        for field in event.fields.all():
            found[field.field_id] = (_KINDS.get(FieldType(field.type), "text"), [])
    rows = Activity.objects.filter(site=site, type=activity_type).order_by("-occurred_at")
    for properties in rows.values_list("properties", flat=True)[:_LOOKED_AT]:
        for path, kind, sample in _properties(properties, ()):
            _, samples = found.setdefault(path, (kind, []))
            if sample and sample not in samples and len(samples) < _MOST_SAMPLES:
                samples.append(sample)
    listed = list(found.items())[:_MOST_PROPERTIES]
    return tuple(PropertyChoice(path, kind, tuple(samples)) for path, (kind, samples) in listed)


def _types_seen(site: Site) -> list[str]:
    """Return the types in order: each is the next one in the index, however many activities."""
    since = timezone.now() - SEEN_WITHIN
    at = Activity._meta.get_field("occurred_at").get_db_prep_value(since, connection)
    with connection.cursor() as cursor:
        cursor.execute(_TYPES_SEEN, [site.pk, site.pk, _MOST_TYPES, site.pk, at])
        return [kind for (kind,) in cursor.fetchall()]


def _properties(value: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    """Yield (path, kind, sample) of everything in an object that a condition can name."""
    for name, each in value.items():
        names = (*above, name)
        if isinstance(each, Mapping):
            if len(names) < _DEPTH:
                yield from _properties(each, names)
        elif each is not None and '"' not in name:
            yield _path(names), _kind(each), _sample(each)


def _path(names: tuple[str, ...]) -> str:
    if len(names) == 1 and not names[0].startswith("/"):
        return names[0]
    return "".join(f"/{name.replace('~', '~0').replace('/', '~1')}" for name in names)


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, list):
        return "list"
    return "number" if isinstance(value, int | float) or _is_decimal(value) else "text"


def _is_decimal(value: str) -> bool:
    """Say whether text is a decimal as activities keep it: with a point, which ids lack."""
    whole, point, rest = value.removeprefix("-").partition(".")
    return bool(point) and whole.isdecimal() and rest.isdecimal()


def _sample(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    first = value[0] if isinstance(value, list) and value else value
    return "" if isinstance(first, list | dict) else str(first)[:_LONGEST_SAMPLE]
