from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from config.configuration.problems import Problems
from config.configuration.references import References
from sites.audit import Actor
from sites.models import Site


@dataclass(kw_only=True)
class Applying:
    """One run of `apply` over one file.

    `site` is set by the first section. `unlisted` names what exists and is not in the file;
    `first_passwords` maps an account that was made to the password shown once.
    """

    actor: Actor
    environment: Mapping[str, str]
    prune: bool
    problems: Problems
    site: Site | None = None
    unlisted: list[str] = field(default_factory=list)
    first_passwords: dict[str, str] = field(default_factory=dict)


@runtime_checkable
class RemovesFirst(Protocol):
    """A section whose entries look at those of others: what goes must go before they do."""

    key: str

    def remove_unlisted(self, value: Any, run: Applying) -> None:
        """Delete what the file does not name, or note it; called before the others are applied."""


class Section(Protocol):
    """One top-level key of a file. To add one, write a module and list it in `sections`.

    Both methods work on one site. `apply` changes through services, which validate and audit: the
    diff that is printed is the audit. It notes problems and goes on, so that a run names them all.
    """

    key: str

    def export(self, site: Site, references: References) -> Any:
        """Return plain data in an order that depends on nothing but the data."""

    def apply(self, value: Any, run: Applying) -> None:
        """Make the site what `value` says; what the file does not mention stays as it is."""
