"""Whether everything that was acknowledged is in the database, once."""

from __future__ import annotations

from benchmarks.load import Load
from webhooks.models import ReceivedEvent


def check_stored(load: Load) -> bool:
    """Print and return the verdict.

    Where the driver read the answers, by id. wrk only counts them, and what was on its way when
    its time was up is stored without having been counted: then there may be more rows, never fewer.
    """
    stored = ReceivedEvent.objects.count()
    if load.acknowledged_ids:
        ids = set(load.acknowledged_ids)
        found = {str(pk) for pk in ReceivedEvent.objects.values_list("pk", flat=True)}
        is_exact = len(ids) == len(load.acknowledged_ids) and ids <= found
    else:
        is_exact = load.acknowledged <= stored
    verdict = "all stored once" if is_exact else "EVENTS ARE MISSING"
    print(f"  {load.acknowledged:,} acknowledged, {stored:,} stored: {verdict}")
    return is_exact
