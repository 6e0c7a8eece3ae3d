"""What `apply` prints: the audit entries of its transaction, one block for each thing changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from config.configuration.applying import Applied
from sites.models import AuditEntry

_SIGNS: Final = {"created": "+", "added": "+", "deleted": "-", "removed": "-"}


def report(applied: Applied, *, dry_run: bool) -> str:
    """Return the text for the terminal."""
    lines = [line for entry in applied.changes for line in _block(entry)]
    lines += [
        f"  {name} is not in the file and was kept; --prune removes it."
        for name in applied.unlisted
    ]
    for username, password in applied.first_passwords.items():
        lines.append(f"New account {username}, first password (shown once): {password}")
    count = len(applied.changes)
    if not count:
        lines.append("No changes.")
    else:
        noun = "change" if count == 1 else "changes"
        lines.append(f"{count} {noun}. " + ("Nothing was saved: dry run." if dry_run else "Saved."))
    return "\n".join(lines)


def _block(entry: AuditEntry) -> Iterator[str]:
    noun, _, verb = entry.action.partition(".")
    yield f"{_SIGNS.get(verb, '~')} {noun.replace('_', ' ')} {entry.object_label}"
    for name, (before, after) in entry.changes.items():
        if name.startswith("secrets."):
            yield f"    {name}: {after}"
        elif before in (None, "") and verb in ("created", "added"):
            yield f"    {name}: {_shown(after)}"
        else:
            yield f"    {name}: {_shown(before)} → {_shown(after)}"


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
