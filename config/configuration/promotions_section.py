from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError

from config.configuration.entry import Entry, entries
from config.configuration.references import References
from config.configuration.section import Applying
from contacts.loyalty.promotions import promotion_delete, promotion_save
from contacts.models import Promotion
from sites.models import Site

_TEXTS: Final = ("external_id", "assigned_unit", "heading", "description", "link")
_TIMES: Final = ("starts_at", "ends_at")
_KEYS: Final = ("name", "draft", *_TEXTS, "assigned_amount", *_TIMES, "redemption_channels")


class PromotionsSection:
    """The promotions that are kept here, by name; who has them is no configuration."""

    key = "promotions"

    def export(self, site: Site, references: References) -> list[dict[str, Any]]:
        return [_exported(each) for each in _kept_here(site)]

    def apply(self, value: Any, run: Applying) -> None:
        assert run.site is not None
        present: dict[str, list[Promotion]] = {}
        for each in _kept_here(run.site):
            present.setdefault(each.name, []).append(each)
        for entry in entries(
            self.key, value, known=_KEYS, natural_key="name", problems=run.problems
        ):
            name = entry.required_text("name")
            found = present.pop(name, [])
            if len(found) > 1:
                entry.problem("name", "Several promotions have this name here. Rename them first.")
            else:
                _apply(run, entry, found[0] if found else Promotion(site=run.site, name=name))
        for name, promotions in present.items():
            for promotion in promotions:
                _unlisted(run, name, promotion)


def _kept_here(site: Site) -> list[Promotion]:
    return list(site.promotions.filter(source_key="").order_by("name", "pk"))


def _exported(promotion: Promotion) -> dict[str, Any]:
    plain: dict[str, Any] = {"name": promotion.name, "draft": promotion.is_draft}
    for name in (*_TEXTS, "assigned_amount"):
        if value := getattr(promotion, name):
            plain[name] = value
    for name in _TIMES:
        if at := getattr(promotion, name):
            plain[name] = at.isoformat()
    if promotion.redemption_channels:
        plain["redemption_channels"] = promotion.redemption_channels
    return plain


def _apply(run: Applying, entry: Entry, promotion: Promotion) -> None:
    before = len(run.problems.lines)
    values: dict[str, Any] = {
        name: entry.text(name, has_lines=name == "description") for name in _TEXTS
    }
    draft, amount = entry.flag("draft"), entry.number("assigned_amount")
    channels = entry.items("redemption_channels")
    values |= {"is_draft": draft, "redemption_channels": channels, "assigned_amount": amount}
    times = {name: _time(entry, name) for name in _TIMES if entry.text(name) is not None}
    if len(run.problems.lines) > before:
        return
    for name, value in values.items():
        if value is not None:
            setattr(promotion, name, value)
    for name, at in times.items():
        setattr(promotion, name, at)
    if amount == 0:
        # An assignment that lasts no time of its own: as long as the promotion.
        promotion.assigned_amount, promotion.assigned_unit = None, ""
    try:
        promotion_save(promotion=promotion, actor=run.actor)
    except ValidationError as error:
        run.problems.add_validation(entry.path, error, _key_of)


def _time(entry: Entry, name: str) -> datetime | None:
    """Return the moment; an empty text takes it away."""
    text = entry.text(name)
    if not text:
        return None
    at: datetime | None = None
    with suppress(ValueError):
        at = datetime.fromisoformat(text)
    if at is None or at.tzinfo is None:
        entry.problem(name, "This must be a date and time with its offset, in quotes.")
        return None
    return at


def _unlisted(run: Applying, name: str, promotion: Promotion) -> None:
    if not run.prune:
        run.unlisted.append(f"promotion {name}")
        return
    try:
        promotion_delete(promotion=promotion, actor=run.actor)
    except ValidationError as error:
        run.problems.add_validation(PromotionsSection.key, error)


def _key_of(name: str) -> str:
    return "draft" if name == "is_draft" else name
