"""Everything that changes a segment: validated, audited, each in one transaction."""

from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from automation.models import Segment
from automation.segments.conditions import Rule
from automation.segments.exporting import segment_export_start
from automation.segments.needs import rule_needs
from automation.segments.recomputing import segment_recompute_start
from automation.segments.rule_documents import rule_json
from automation.segments.schedule import segment_compute_soon
from automation.uses import uses_write
from common.uses import InUse, deletion, in_use, users_of
from contacts.normalisation.values import line_normalised
from sites.audit import Actor, audit_record, field_changes
from sites.models import Site
from sites.opened_state import OpenedState, check_unchanged

__all__ = [
    "segment_delete",
    "segment_export_start",
    "segment_recompute_start",
    "segment_save",
]

MOST_SEGMENTS: Final = 500
LEAST_MINUTES: Final = 5
MOST_MINUTES: Final = 7 * 24 * 60
_TYPED: Final = {"name", "description", "every_minutes"}
_VALUES: Final = ("name", "description", "rule", "every_minutes")
USES: Final = "segment_uses"


@transaction.atomic
def segment_save(
    *, segment: Segment, rule: Rule, actor: Actor, opened: OpenedState | None = None
) -> Segment:
    """Store a new segment, given unsaved, or what differs from its row.

    One with a new rule is computed soon. Raises ValidationError by name of a model field.
    """
    # Serialises those who save segments of a site, so that none of them counts past the others.
    site = Site.objects.select_for_update(of=("self",), no_key=True).get(pk=segment.site_id)
    stored = None if segment._state.adding else _locked(segment)
    check_unchanged(stored, since=opened)
    if stored is not None and stored.site_id != segment.site_id:
        raise ValidationError("A segment keeps its site. Make a new one instead.")
    _clean(segment, site)
    segment.rule = rule_json(rule)
    has_new_rule = stored is None or stored.rule != segment.rule
    if has_new_rule:
        segment.rule_changed_at = timezone.now()
    changes = field_changes(_values(stored) if stored else {}, _values(segment))
    if not changes:
        return segment
    _store(segment)
    uses_write(segment=segment, needs=rule_needs(rule, site))
    action = "segment.updated" if stored else "segment.created"
    audit_record(actor=actor, action=action, site=site, target=segment, changes=changes)
    if has_new_rule:
        segment_compute_soon(segment)
    return segment


def segment_delete(*, segment: Segment, actor: Actor) -> None:
    """Delete a segment that nothing uses, with its members; raises `InUse`."""
    with deletion(segment.name, lambda: users_of(segment, USES)):
        stored = _locked(segment)
        # Before its members go: there may be a million.
        if users := users_of(stored, USES):
            raise InUse(in_use(stored.name, users))
        audit_record(
            actor=actor,
            action="segment.deleted",
            site=stored.site,
            target=stored,
            changes=field_changes(_values(stored), {}),
        )
        # Django would load every member to see what hangs on it.
        stored.members.all()._raw_delete("default")
        stored.moves.all()._raw_delete("default")
        stored.delete()


def _clean(segment: Segment, site: Site) -> None:
    segment.name = line_normalised(segment.name)
    segment.description = line_normalised(segment.description)
    segment.clean_fields(exclude={each.name for each in segment._meta.fields} - _TYPED)
    minutes = segment.every_minutes
    if minutes is not None and not LEAST_MINUTES <= minutes <= MOST_MINUTES:
        raise ValidationError(
            {"every_minutes": f"Give {LEAST_MINUTES} minutes to {MOST_MINUTES:,} (a week)."}
        )
    others = Segment.objects.filter(site=site).exclude(pk=segment.pk)
    if others.filter(name=segment.name).exists():
        raise ValidationError(
            {"name": "Another segment of this site has this name. Choose another."}
        )
    if segment._state.adding and others.count() >= MOST_SEGMENTS:
        raise ValidationError(f"The site has {MOST_SEGMENTS} segments, which is the most.")


def _store(segment: Segment) -> None:
    if segment._state.adding:
        segment.save(force_insert=True)
        return
    # What a computation writes at the same time is not ours.
    segment.save(update_fields=[*_VALUES, "rule_changed_at", "updated_at"])


def _locked(segment: Segment) -> Segment:
    rows = Segment.objects.select_for_update(of=("self",)).select_related("site")
    stored = rows.filter(pk=segment.pk).first()
    if stored is None:
        raise ValidationError("This segment was deleted in the meantime.")
    return stored


def _values(segment: Segment) -> dict[str, Any]:
    return {name: getattr(segment, name) for name in _VALUES}
