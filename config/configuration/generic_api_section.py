from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import ValidationError

from config.configuration.entry import Entry
from config.configuration.references import References, resolve
from config.configuration.section import Applying
from integrations.generic_api.services import PLAIN_FIELDS, generic_api_for, generic_api_save
from integrations.models import GenericApi
from integrations.models.generic_api import SECRET_FIELDS
from sites.models import Site

_FILE_KEYS: Final = {"is_active": "active", "is_served": "served"}
_FLAGS: Final = ("is_active", "is_served", "verify_tls")
_NUMBERS: Final = ("connect_seconds", "total_seconds")
_LISTS: Final = ("lookup_sends", "custom_options")
_KEYS: Final = (
    *(_FILE_KEYS.get(name, name) for name in PLAIN_FIELDS),
    "secrets",
    "extra_headers",
)


class GenericApiSection:
    """The site's Generic API. A site without settings of its own exports an empty mapping."""

    key = "generic_api"

    def export(self, site: Site, references: References) -> dict[str, Any]:
        api = generic_api_for(site)
        if api._state.adding:
            return {}
        plain = {_key_of(name): getattr(api, name) for name in PLAIN_FIELDS}
        secrets = {
            name: references.to(site.slug, self.key, name)
            for name in SECRET_FIELDS
            if getattr(api, name)
        }
        headers = {
            name: references.to(site.slug, self.key, "header", name)
            for name in sorted(api.extra_headers)
        }
        return plain | {"secrets": secrets, "extra_headers": headers}

    def apply(self, value: Any, run: Applying) -> None:
        assert run.site is not None
        if value == {}:
            return
        before = len(run.problems.lines)
        entry = Entry(self.key, value, known=_KEYS, problems=run.problems)
        api = generic_api_for(run.site)
        for name in PLAIN_FIELDS:
            _take_over(entry, api, name)
        secrets = _resolved(run, entry, "secrets")
        headers = _resolved(run, entry, "extra_headers")
        for name in set(secrets or {}) - set(SECRET_FIELDS):
            known = ", ".join(SECRET_FIELDS)
            entry.problem(f"secrets.{name}", f"There is no such secret. Known: {known}.")
        if len(run.problems.lines) > before:
            return
        try:
            generic_api_save(api=api, actor=run.actor, secrets=secrets, headers=headers)
        except ValidationError as error:
            run.problems.add_validation(self.key, error, _key_of)


def _take_over(entry: Entry, api: GenericApi, name: str) -> None:
    """Set the field if the file has it; what is wrong with its type becomes a problem."""
    key = _key_of(name)
    given: Any
    if name in _FLAGS:
        given = entry.flag(key)
    elif name in _NUMBERS:
        given = entry.number(key)
    elif name in _LISTS:
        given = entry.items(key)
    else:
        given = entry.text(key)
    if given is not None:
        setattr(api, name, given)


def _resolved(run: Applying, entry: Entry, key: str) -> dict[str, str] | None:
    given = entry.mapping(key)
    if given is None:
        return None
    for name in given:
        if isinstance(given[name], list):
            entry.problem(f"{key}.{name}", "This is one secret and not a list of them.")
    return {
        name: resolve(f"{entry.path}.{key}.{name}", value, run.environment, run.problems)
        for name, value in given.items()
        if not isinstance(value, list)
    }


def _key_of(name: str) -> str:
    """Return the key in the file for the name of a field."""
    return f"secrets.{name}" if name in SECRET_FIELDS else _FILE_KEYS.get(name, name)
