from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from integrations.generic_api.visitor import VisitorData
from onsite.models import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionRequest:
    """What a site sends about one visitor, checked and normalised.

    The visitor has an identity that the site's register can use. `conversion` is None when there
    was none and may be empty; `value` in it is a decimal as text. `notes` tell what was left out.
    """

    role: Role
    visitor: VisitorData
    conversion: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()
