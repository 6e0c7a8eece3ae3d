"""What Onsite submissions tell; `config/receivers.py` connects whoever is concerned."""

from __future__ import annotations

from typing import Final

from django.dispatch import Signal

# A run of a submission came to its end. Keyword argument: `submission`, as it is stored. Sent
# inside the transaction that ends it; a run that is repeated sends it again.
submission_finished: Final = Signal()
