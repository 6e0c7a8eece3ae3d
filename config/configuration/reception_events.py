"""Reception events inside the section of custom integrations."""

from __future__ import annotations

import re
from typing import Any, Final

from django.core.exceptions import ValidationError

from config.configuration.entry import Entry
from config.configuration.kept_ids import KeptId
from config.configuration.references import References, resolve
from config.configuration.section import Applying
from integrations.models import CustomIntegration
from integrations.registry import preset_for
from sites.models import Site
from webhooks.inbound.models import Context, ReceptionEvent, ReceptionField
from webhooks.inbound.reception_events.compiled_settings import PRESET, verification_of
from webhooks.inbound.reception_events.services import reception_event_save

EVENT_KEYS: Final = (
    "alias",
    "name",
    "context",
    "event_id",
    "active",
    "throttle_per_second",
    "verification",
    "secrets",
    "fields",
)
_FIELD_KEYS: Final = (
    "id",
    "name",
    "type",
    "required",
    "primary_key",
    "default_country_code",
    "options",
    "pointer",
    "target",
)
_EVENT_ID: Final = KeptId(
    column="event_id",
    noun="event",
    pattern=re.compile(r"[0-9a-f]{24}"),
    looks="24 hex digits",
    use="senders may use it",
)
_SYSTEM: Final = "system:"
_OWN: Final = "field:"


def exported_event(site: Site, event: ReceptionEvent, references: References) -> dict[str, Any]:
    source = event.source
    plain: dict[str, Any] = {
        "alias": event.alias,
        "name": event.name,
        "context": event.context,
        "event_id": event.event_id,
        "active": source.is_active,
        "throttle_per_second": source.throttle_per_second,
        "fields": [_exported_field(row) for row in source.settings["fields"]],
    }
    if event.context == Context.WEBHOOK:
        plain["verification"] = verification_of(source.settings)
        plain["secrets"] = {
            key: [
                references.to(site.slug, event.alias, key, str(number + 1))
                for number in range(len(value))
            ]
            if isinstance(value, list)
            else references.to(site.slug, event.alias, key)
            for key, value in sorted(source.secrets.items())
        }
    return plain


def _exported_field(row: dict[str, Any]) -> dict[str, Any]:
    """Return what was chosen; what is empty or false is what a field starts with."""
    return {key: row[key] for key in _FIELD_KEYS if row[key]}


class EventsInFile:
    """The live events of a site, found by alias while a file is applied; those left are not in it.

    An event that the file lists under another integration moves there.
    """

    def __init__(self, run: Applying, site: Site) -> None:
        self._run = run
        self._site = site
        live = ReceptionEvent.objects.filter(site=site, deleted_at=None).order_by("alias")
        self.unlisted = {event.alias: event for event in live.select_related("source")}
        self._seen: set[str] = set()

    def apply(self, entry: Entry, integration: CustomIntegration) -> None:
        alias = entry.required_text("alias")
        if alias in self._seen:
            entry.problem("alias", f"“{alias}” is listed twice.")
            return
        self._seen.add(alias)
        event = self.unlisted.pop(alias, None) or ReceptionEvent(site=self._site, alias=alias)
        try:
            self._save(entry, integration, event)
        except ValidationError as error:
            self._run.problems.add_validation(entry.path, error, _key_of)

    def _save(self, entry: Entry, integration: CustomIntegration, event: ReceptionEvent) -> None:
        lines = self._run.problems.lines
        before = len(lines)
        event.integration = integration
        name, context = entry.text("name"), entry.text("context")
        event.name = event.name if name is None else name
        event.context = event.context if context is None else context
        _EVENT_ID.take(entry, event)
        active, throttle = entry.flag("active"), entry.number("throttle_per_second")
        verification = entry.mapping("verification")
        secrets = {
            key: resolve(
                f"{entry.path}.secrets.{key}",
                value,
                self._run.environment,
                self._run.problems,
            )
            for key, value in (entry.mapping("secrets") or {}).items()
        }
        fields = self._fields(entry, event)
        if len(lines) == before:
            reception_event_save(
                event=event,
                fields=fields,
                actor=self._run.actor,
                verification=verification,
                secrets=secrets,
                active=active,
                throttle_per_second=throttle,
            )

    def _fields(self, entry: Entry, event: ReceptionEvent) -> list[ReceptionField]:
        listed = entry.items("fields")
        if listed is None:
            return list(event.fields.select_related("contact_field")) if event.pk else []
        return [
            self._field(Entry(f"{entry.path}.fields[{index}]", row, known=_FIELD_KEYS,
                              problems=self._run.problems))
            for index, row in enumerate(listed)
        ]  # fmt: skip

    def _field(self, entry: Entry) -> ReceptionField:
        field = ReceptionField(
            field_id=entry.text("id") or "",
            name=entry.required_text("name"),
            type=entry.required_text("type"),
            is_required=bool(entry.flag("required")),
            is_primary_key=bool(entry.flag("primary_key")),
            default_country_code=entry.text("default_country_code") or "",
            options=entry.items("options") or [],
            pointer=entry.text("pointer") or "",
        )
        target = entry.text("target") or ""
        if target.startswith(_OWN):
            field.contact_field = self._site.contact_fields.filter(
                field_id=target.removeprefix(_OWN)
            ).first()
            if field.contact_field is None:
                entry.problem("target", "The site has no such contact field.")
        elif target.startswith(_SYSTEM):
            field.system_field = target.removeprefix(_SYSTEM)
        elif target:
            entry.problem("target", "Write system:<id>, field:<id>, or leave it out.")
        return field


def _key_of(name: str) -> str:
    """Return where in the file a service's field name stands."""
    parts = name.split(".")
    if parts[0] == "fields" and len(parts) == 3:
        attribute = {"is_primary_key": "primary_key"}.get(parts[2], parts[2])
        return f"fields[{parts[1]}].{attribute}"
    if name in EVENT_KEYS or name == "integration":
        return name
    settings = preset_for(PRESET).settings_fields
    secrets = {field.key for field in settings if field.kind.is_secret}
    return f"secrets.{name}" if name in secrets else f"verification.{name}"
