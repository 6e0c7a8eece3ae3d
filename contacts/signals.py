"""What contacts tell the layers above; received in `webhooks/receivers.py`.

All are sent inside the transaction that writes the change, after it was written. A receiver that
raises undoes the change.
"""

from __future__ import annotations

from typing import Final

from django.dispatch import Signal

# One contact was created, changed or deleted by one change. Keyword arguments: `site_id`,
# `contact_id`, `changes` (field → [before, after]), `existed_before` (bool), `source`
# (ChangeSource), `kind` (ChangeKind).
contact_changed: Final = Signal()

# Two contacts turned out to be one person: `site_id`, `kept_id`, `absorbed_id`. The row of the
# absorbed contact still exists while receivers run, so that references can be moved.
contacts_merged: Final = Signal()

# A person's data was erased: `site_id`, `contact_id`, and `identity` (Identity), who it was, which
# is stored nowhere any more. Whoever keeps copies empties them.
contact_erased: Final = Signal()
