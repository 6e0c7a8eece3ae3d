from __future__ import annotations

from typing import Any

import yaml

from config.configuration.document import VERSION
from config.configuration.references import References
from config.configuration.sections import SECTIONS
from sites.models import Site


class _Dumper(yaml.SafeDumper):
    """Writes every value out: an alias would be refused when the file is read again."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def configuration_export(*, site: Site) -> str:
    """Return the site's configuration as a file that `apply` reads; the same state, same bytes."""
    references = References()
    document: dict[str, Any] = {"version": VERSION}
    for section in SECTIONS:
        document[section.key] = _sorted_below(section.export(site, references))
    body = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return _heading(site, references) + body


def _heading(site: Site, references: References) -> str:
    lines = [f"# Configuration of the site {site.slug}. Apply with: ./patchbay apply FILE"]
    if references.names:
        lines.append("# Secrets are not in here. Set these variables before applying:")
        lines += [f"#   {name}" for name in references.names]
    return "\n".join(lines) + "\n"


def _sorted_below(value: Any, depth: int = 0) -> Any:
    """Order the keys of settings, which PostgreSQL and SQLite give back in orders of their own.

    The keys of a section's entries keep the order that the section wrote them in.
    """
    if isinstance(value, list):
        return [_sorted_below(item, depth) for item in value]
    if isinstance(value, dict):
        items = sorted(value.items()) if depth else value.items()
        return {key: _sorted_below(item, depth + 1) for key, item in items}
    return value
