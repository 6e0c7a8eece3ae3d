from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import ValidationError

from automation.models import Segment
from automation.segments.reading import BadRule, read_rule
from automation.segments.services import segment_delete, segment_save
from config.configuration.entry import Entry, entries
from config.configuration.references import References
from config.configuration.section import Applying
from sites.models import Site

_KEYS: Final = ("name", "description", "every_minutes", "rule")


class SegmentsSection:
    """The site's segments, by name; their members are computed where the file is applied."""

    key = "segments"

    def export(self, site: Site, references: References) -> list[dict[str, Any]]:
        segments = Segment.objects.filter(site=site)
        return [_exported(each) for each in sorted(segments, key=lambda each: each.name)]

    def remove_unlisted(self, value: Any, run: Applying) -> None:
        """Delete what the file does not name: before the fields and events that it looks at."""
        assert run.site is not None
        listed = value if isinstance(value, list) else []
        names = {each.get("name") for each in listed if isinstance(each, dict)}
        for segment in Segment.objects.filter(site=run.site).order_by("name"):
            if segment.name in names:
                continue
            if not run.prune:
                run.unlisted.append(f"segment {segment.name}")
                continue
            try:
                segment_delete(segment=segment, actor=run.actor)
            except ValidationError as error:
                run.problems.add_validation(self.key, error)

    def apply(self, value: Any, run: Applying) -> None:
        assert run.site is not None
        present = {each.name: each for each in Segment.objects.filter(site=run.site)}
        for entry in entries(
            self.key, value, known=_KEYS, natural_key="name", problems=run.problems
        ):
            name = entry.required_text("name")
            segment = present.get(name) or Segment(site=run.site, name=name)
            try:
                _apply_segment(run, entry, segment)
            except ValidationError as error:
                run.problems.add_validation(entry.path, error)


def _exported(segment: Segment) -> dict[str, Any]:
    return {
        "name": segment.name,
        "description": segment.description,
        # 0: only when somebody asks.
        "every_minutes": segment.every_minutes or 0,
        "rule": segment.rule,
    }


def _apply_segment(run: Applying, entry: Entry, segment: Segment) -> None:
    assert run.site is not None
    before = len(run.problems.lines)
    description, minutes = entry.text("description"), entry.number("every_minutes")
    document = entry.mapping("rule")
    if description is not None:
        segment.description = description
    if minutes is not None:
        segment.every_minutes = minutes or None
    if document is None and segment._state.adding:
        entry.problem("rule", "A new segment needs its rule.")
    if len(run.problems.lines) > before:
        return
    try:
        rule = read_rule(segment.rule if document is None else document, run.site)
    except BadRule as error:
        for place, sentence in error.problems:
            entry.problem(f"rule.{place}" if place else "rule", sentence)
        return
    segment_save(segment=segment, rule=rule, actor=run.actor)
