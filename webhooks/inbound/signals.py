"""What the processing of received events tells the modules above; see `webhooks/causes/`."""

from __future__ import annotations

from typing import Final

from django.dispatch import Signal

# Rows of received events were brought to an end. Keyword argument: `rows`, a sequence of
# `processing.outcomes.EventRow`; a large batch comes in parts. Sent inside the transaction that
# applies them, after contacts and outcomes were written.
rows_processed: Final = Signal()
