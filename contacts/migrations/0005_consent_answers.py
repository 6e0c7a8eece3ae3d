"""The answers that stand become the first of their histories, so that none of them can be lost."""

from __future__ import annotations

from typing import Any, Final

from django.db import migrations
from django.utils import timezone

_SLICE: Final = 2_000


def begin_histories(apps: Any, schema_editor: Any) -> None:
    consents = apps.get_model("contacts", "Consent").objects.filter(changes=None).order_by("pk")
    changes = apps.get_model("contacts", "ConsentChange").objects
    now = timezone.now()
    last = 0
    while rows := list(consents.filter(pk__gt=last)[:_SLICE]):
        last = rows[-1].pk
        changes.bulk_create(
            [
                changes.model(
                    contact_id=row.contact_id,
                    consent=row,
                    value=row.value,
                    changed_at=row.changed_at,
                    # When it came in first is not known any more.
                    recorded_at=now,
                    comment=row.comment,
                    source_key=row.source_key,
                    source_label=row.source_label,
                )
                for row in rows
            ]
        )


class Migration(migrations.Migration):
    dependencies = [("contacts", "0004_consents_loyalty")]
    operations = [migrations.RunPython(begin_histories, migrations.RunPython.noop)]
