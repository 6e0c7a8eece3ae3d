from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from config.configuration.document import read_document
from config.configuration.problems import Problems
from config.configuration.section import Applying, RemovesFirst
from config.configuration.sections import SECTIONS
from sites.audit import Actor, audit_entries
from sites.models import AuditEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What was changed, or would be; `unlisted` exists and is in no file, and was kept."""

    changes: tuple[AuditEntry, ...]
    unlisted: tuple[str, ...]
    first_passwords: Mapping[str, str]


def configuration_apply(
    *,
    files: Sequence[bytes],
    environment: Mapping[str, str],
    actor: Actor,
    prune: bool = False,
    dry_run: bool = False,
) -> Applied:
    """Make each file's site what the file says: all of it, or nothing.

    A dry run does the same and takes it back, so that it cannot promise anything else. Raises
    ConfigurationInvalid with every problem found.
    """
    documents = [read_document(raw) for raw in files]
    unlisted: list[str] = []
    first_passwords: dict[str, str] = {}
    problems = Problems()
    with transaction.atomic(), audit_entries() as entries:
        for document in documents:
            run = Applying(actor=actor, environment=environment, prune=prune, problems=problems)
            _apply_document(document, run)
            unlisted += run.unlisted
            first_passwords |= run.first_passwords
        problems.raise_any()
        if dry_run:
            transaction.set_rollback(True)
    return Applied(
        changes=tuple(entries),
        unlisted=tuple(unlisted),
        first_passwords={} if dry_run else first_passwords,
    )


def _apply_document(document: dict[str, Any], run: Applying) -> None:
    known = [section.key for section in SECTIONS]
    for key in document:
        if key not in known:
            run.problems.add(str(key), f"There is no such section. Known: {', '.join(known)}.")
    if "site" not in document:
        run.problems.add("site", "Every file says which site it is about: `site: {slug: …}`.")
    for section in SECTIONS:
        if section.key in document and (run.site is not None or section.key == "site"):
            section.apply(document[section.key], run)
        if section.key == "site" and run.site is not None:
            _remove_first(document, run)


def _remove_first(document: Mapping[str, Any], run: Applying) -> None:
    for section in reversed(SECTIONS):
        if isinstance(section, RemovesFirst) and section.key in document:
            section.remove_unlisted(document[section.key], run)
