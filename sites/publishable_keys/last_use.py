"""When publishable keys were used: from pages of which origin, or from apps at which address."""

from __future__ import annotations

from typing import Final

from sites.last_use import LastUses
from sites.models import PublishableKey

_uses: Final = LastUses(PublishableKey)

use_note = _uses.note
flush = _uses.flush
forget = _uses.forget
