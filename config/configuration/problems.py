"""What is wrong with a configuration file, each with the path of the value to correct."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError


class ConfigurationInvalid(Exception):
    """The file was not applied; `problems` are lines such as `sources[2].name: …`."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Problems:
    """Collects problems, so that one run names them all."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, path: str, message: str) -> None:
        self.lines.append(f"{path}: {message}")

    def add_validation(
        self, path: str, error: ValidationError, key_of: Callable[[str], str] = lambda name: name
    ) -> None:
        """Add what a service found; `key_of` turns its field names into the file's keys."""
        if not hasattr(error, "error_dict"):
            self.lines += [f"{path}: {message}" for message in error.messages]
            return
        for name, messages in error.message_dict.items():
            at = path if name == NON_FIELD_ERRORS else f"{path}.{key_of(name)}"
            self.lines += [f"{at}: {message}" for message in messages]

    def raise_any(self) -> None:
        if self.lines:
            raise ConfigurationInvalid(self.lines)
