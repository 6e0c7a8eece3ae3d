from __future__ import annotations


class FieldError(ValueError):
    """A value does not fit its field. `reason` is a sentence for whoever sent it.

    It says what is expected and holds nothing of the value, which may be personal.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
