"""What segments tell workflows; received in `automation`."""

from __future__ import annotations

from typing import Final

from django.dispatch import Signal

# Contacts entered or left a segment. Keyword argument: `moves` (a sequence of `SegmentMove` of one
# segment, each with its contact and segment loaded), in the order in which they came to be. Sent
# inside the transaction that marks them as told: a receiver that raises leaves them untold.
segments_moved: Final = Signal()
