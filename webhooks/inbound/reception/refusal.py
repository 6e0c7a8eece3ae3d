"""A request that is not accepted, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from common.endpoint.problems import FieldProblem
from integrations.causes import RejectionCause


@dataclass(slots=True, kw_only=True, eq=False)
class Refusal(Exception):
    """Raised anywhere in reception; ends the request.

    `detail` is for our log. `told` is the sentence for the sender; the answers 401 and 404 tell
    nothing, whatever it says. `code` is what programs compare, the cause when empty; `problems`
    name each value that cannot be taken (422). `body` is what was read so far, `body_bytes` what is
    known of its size.
    """

    cause: RejectionCause
    status: int
    detail: str = ""
    told: str = ""
    code: str = ""
    problems: tuple[FieldProblem, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    body_bytes: int = 0

    def __post_init__(self) -> None:
        self.body_bytes = max(self.body_bytes, len(self.body))
