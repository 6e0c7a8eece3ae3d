"""What segments and workflows need, kept as rows so that nobody deletes it from under them.

The database refuses to delete what a row of `Use` refers to; the services of the layers below ask
those rows for the names that a refusal tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Model, Q

from automation.models import Segment, Use, Workflow
from contacts.models import ConsentDefinition, ContactField, PointDefinition, Promotion
from integrations.models import CustomIntegration
from sites.models import Site
from webhooks.inbound.models import ReceptionEvent, Source
from webhooks.outbound.models import SendEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What one segment or workflow needs of its site, as it is named in rules and definitions.

    `contact_field_options` are (field, option) and `reception_events` (key, field or "").
    """

    contact_fields: frozenset[str] = frozenset()
    contact_field_options: frozenset[tuple[str, str]] = frozenset()
    consents: frozenset[str] = frozenset()
    points: frozenset[int] = frozenset()
    promotions: frozenset[UUID] = frozenset()
    integrations: frozenset[int] = frozenset()
    reception_events: frozenset[tuple[int, str]] = frozenset()
    sources: frozenset[int] = frozenset()
    send_events: frozenset[int] = frozenset()
    segments: frozenset[UUID] = frozenset()

    def __or__(self, other: Needs) -> Needs:
        return Needs(
            **{
                each.name: getattr(self, each.name) | getattr(other, each.name)
                for each in fields(self)
            }
        )


def uses_write(
    *, segment: Segment | None = None, workflow: Workflow | None = None, needs: Needs
) -> None:
    """Write what a segment or a workflow needs from now on, in the transaction of who saves it.

    What is used stays locked until the end of that transaction. Raises ValidationError when some
    of it is gone.
    """
    user = segment or workflow
    assert user is not None
    rows = list(_rows(needs, Site(pk=user.site_id)))
    Use.objects.filter(segment=segment, workflow=workflow).delete()
    for row in rows:
        row.segment, row.workflow = segment, workflow
    Use.objects.bulk_create(rows)


def _rows(needs: Needs, site: Site) -> Iterator[Use]:
    options = needs.contact_field_options
    wanted = needs.contact_fields | {field_id for field_id, _ in options}
    contact_fields = {
        row.field_id: row
        for row in _locked(ContactField, Q(field_id__in=wanted), site, wanted, "contact field")
    }
    yield from (Use(contact_field=row) for row in contact_fields.values())
    for field_id, option in sorted(options):
        yield Use(contact_field=contact_fields[field_id], field_id=option)
    yield from _reception_events(needs, site)
    for model, column, keys, name, word in (
        (ConsentDefinition, "consent_id", needs.consents, "consent_definition", "consent"),
        (PointDefinition, "number", needs.points, "point_definition", "kind of points"),
        (Promotion, "pk", needs.promotions, "promotion", "promotion"),
        (CustomIntegration, "pk", needs.integrations, "integration", "custom integration"),
        (Source, "pk", needs.sources, "source", "source"),
        (SendEvent, "pk", needs.send_events, "send_event", "send event"),
        (Segment, "pk", needs.segments, "used_segment", "segment"),
    ):
        for row in _locked(model, Q(**{f"{column}__in": keys}), site, keys, word):
            yield Use(**{name: row})


def _reception_events(needs: Needs, site: Site) -> Iterator[Use]:
    keys = {key for key, _ in needs.reception_events}
    rows = _locked(ReceptionEvent, Q(pk__in=keys, deleted_at=None), site, keys, "reception event")
    by_key = {row.pk: row for row in rows}
    for key, field_id in sorted(needs.reception_events):
        if field_id and not by_key[key].fields.filter(field_id=field_id).exists():
            raise ValidationError(
                f"The field “{field_id}” of “{by_key[key]}” was deleted in the meantime."
            )
        yield Use(reception_event=by_key[key], field_id=field_id)


def _locked(
    model: type[Model], named: Q, site: Site, keys: Iterable[Any], word: str
) -> Sequence[Any]:
    """Return the rows that are used, held against being deleted until we commit."""
    wanted = set(keys)
    if not wanted:
        return ()
    rows = model._default_manager.select_for_update(of=("self",), no_key=True)
    found = list(rows.filter(named, site=site).order_by("pk"))
    if len(found) < len(wanted):
        raise ValidationError(f"A {word} that is used here was deleted in the meantime.")
    return found
