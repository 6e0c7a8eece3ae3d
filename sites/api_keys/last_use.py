"""When and from which addresses API keys were used."""

from __future__ import annotations

from typing import Final

from sites.last_use import LastUses
from sites.models import ApiKey

_uses: Final = LastUses(ApiKey)

use_note = _uses.note
flush = _uses.flush
forget = _uses.forget
