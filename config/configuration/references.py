"""Secrets in files: never the value, always `{"$env": NAME}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from config.configuration.problems import Problems

KEY: Final = "$env"
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class References:
    """Gives each exported secret the name of a variable, the same ones in every export."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def to(self, *parts: str) -> dict[str, str]:
        """Return a reference named after site, source and field."""
        words = [re.sub(r"[^A-Z0-9]+", "_", part.upper()).strip("_") for part in parts]
        wanted = "_".join(["PATCHBAY", *(word for word in words if word)])
        name, count = wanted, 1
        while name in self.names:
            count += 1
            name = f"{wanted}__{count}"
        self.names.append(name)
        return {KEY: name}


def resolve(path: str, value: Any, environment: Mapping[str, str], problems: Problems) -> Any:
    """Return the secret, or a list of them; None after noting what is wrong with the reference."""
    if isinstance(value, list):
        secrets = [
            resolve(f"{path}[{index}]", item, environment, problems)
            for index, item in enumerate(value)
        ]
        return None if None in secrets else secrets
    name = value.get(KEY) if isinstance(value, dict) and len(value) == 1 else None
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        problems.add(path, f'Secrets are not written into files. Write {{"{KEY}": "NAME"}}.')
        return None
    secret = environment.get(name, "")
    if not secret:
        problems.add(path, f"The environment variable {name} is not set.")
        return None
    return secret
