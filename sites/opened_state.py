"""Two people who edit the same thing: what a form was opened with, compared when it is saved.

A form of the console carries a stamp of the row as it was when the page was drawn. The service
that saves compares it with the row that it has locked, and refuses when somebody saved in between.
"Save anyway" is the same form again with the stamp of what the refusal told of: a third change
after that is refused anew. Programs and configuration files carry no stamp and are not asked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db.models import Model, Q
from django.utils import timezone

from common.admin.relative_time import exact_text, relative_text
from sites.models import AuditEntry

OPENED_WITH: Final = "opened_with"
SAVE_ANYWAY: Final = "save_anyway"
REFUSED_ACTION: Final = "refused_action"
# What ends the action of an entry after which a form shows something else.
_CHANGING: Final = (
    ".created",
    ".updated",
    ".activated",
    ".deactivated",
    ".secret_rotated",
    ".overlap_ended",
)
_MOST_NAMED: Final = 3

StampOf = Callable[[Any], str]


class ChangedMeanwhile(ValidationError):
    """Somebody saved the row after the form was opened; the sentence says who, when and what."""


def values_stamp(*values: Any) -> str:
    """Return a stamp of values that the form shows; secrets have no place in it."""
    text = json.dumps(values, default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def row_stamp(row: Any) -> str:
    """Return the stamp of a row by its own `updated_at`, also of one that is not stored yet."""
    return values_stamp(row.updated_at)


def columns_stamp(*names: str) -> StampOf:
    """Return the stamp of rows by these columns: of a part of the row, or of one without a time."""
    return lambda row: values_stamp(*(getattr(row, name) for name in names))


class OpenedState:
    """What a form was opened with: its stamp travels in the form, through every button of it.

    `data` is what was posted, None where the page is drawn from the row. A form that is posted
    without a stamp, as by a page of an earlier release, is not compared. Make it before anything
    typed is put into the row. `url` is the page that shows what is stored, where that is not the
    address of the form; `newer` is the stamp of what is stored, once a save was refused.
    """

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        row: Any,
        *,
        stamp_of: StampOf = row_stamp,
        url: str = "",
    ) -> None:
        given = data or {}
        sent = str(given.get(SAVE_ANYWAY) or given.get(OPENED_WITH, ""))
        self.stamp = sent or stamp_of(row)
        self.action = posted_action(given, "")
        self.url = url
        self.newer = ""
        self._is_sent = bool(sent)
        self._stamp_of = stamp_of

    def compare(self, stored: Any) -> None:
        """Raise `ChangedMeanwhile` when the row is another than the form was opened with."""
        now = self._stamp_of(stored)
        if self._is_sent and now != self.stamp:
            self.newer = now
            raise ChangedMeanwhile(_sentence(stored))


def check_unchanged(stored: Any, *, since: OpenedState | None) -> None:
    """Refuse to save over a change that nobody saw; called with the row locked.

    Nothing is asked of a new row (None), and of who saves without a form. Raises
    `ChangedMeanwhile`.
    """
    if stored is not None and since is not None:
        since.compare(stored)


def posted_action(data: Mapping[str, Any], default: str) -> str:
    """Return which button was pressed; "Save anyway" stands for the one that was refused."""
    name = REFUSED_ACTION if SAVE_ANYWAY in data else "action"
    return str(data.get(name) or default)


def _sentence(stored: Model) -> str:
    entry = _last_change(stored)
    if entry is None:
        return "Somebody changed this after you opened it."
    with timezone.override(entry.site.time_zone if entry.site else None):
        at = exact_text(entry.at)
    # PostgreSQL does not keep the order of a JSON object.
    names = [name.replace("_", " ") for name in sorted(entry.changes)]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    what = f" What changed: {', '.join(names[:_MOST_NAMED])}{more}." if names else ""
    ago = relative_text(entry.at, timezone.now())
    return f"{entry.actor_label} changed this at {at} ({ago}), after you opened it.{what}"


def _last_change(stored: Model) -> AuditEntry | None:
    changing = Q()
    for ending in _CHANGING:
        changing |= Q(action__endswith=ending)
    entries = AuditEntry.objects.filter(
        changing, object_type=stored._meta.label_lower, object_id=str(stored.pk)
    )
    return entries.select_related("site").order_by("-id").first()
