"""Everything that changes a Generic API: validated, audited, in one transaction.

Secrets and the values of extra headers are write-only: given ones replace, all others stay as they
are stored, whatever the given object holds.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from common.encryption import DecryptionFailed
from integrations.generic_api.validation import clean_settings
from integrations.models import GenericApi
from integrations.models.generic_api import KEY_NAMES, SECRET_FIELDS
from sites.audit import Actor, audit_record, field_changes
from sites.models import Site
from sites.opened_state import OpenedState, check_unchanged

# In the order of the form. Secrets and extra headers are apart.
PLAIN_FIELDS: Final = (
    "is_active",
    "is_served",
    "auth_mode",
    "header_name",
    "hmac_header",
    "hmac_algorithm",
    "hmac_encoding",
    "hmac_prefix",
    "hmac_signs",
    "hmac_timestamp_header",
    "api_key_name",
    "api_key_place",
    "lookup_url",
    "write_url",
    "write_method",
    *KEY_NAMES,
    "lookup_sends",
    "ignored_codes",
    "connect_seconds",
    "total_seconds",
    "verify_tls",
    "custom_options",
)

HIDDEN_FIELDS: Final = (*SECRET_FIELDS, "extra_headers")
# Stands for a stored value that no key of this installation decrypts.
_UNREADABLE: Final = object()

_CHANGED_MEANWHILE: Final = (
    "Somebody else changed these settings at the same time. Open the page again, look at what "
    "they say now, and repeat your change."
)


def generic_api_for(site: Site) -> GenericApi:
    """Return the site's Generic API, or an unsaved one with the defaults.

    Secrets that do not decrypt are left for the moment of their use, so that everything else can
    still be seen, and the secrets replaced.
    """
    stored = GenericApi.objects.filter(site=site).select_related("site")
    try:
        api = stored.first()
    except DecryptionFailed:
        api = stored.defer(*HIDDEN_FIELDS).first()
    return api or GenericApi(site=site)


@sensitive_variables()
@transaction.atomic
def generic_api_save(  # noqa: PLR0913 - its own parts, keyword-only
    *,
    api: GenericApi,
    actor: Actor,
    secrets: Mapping[str, str] | None = None,
    clear_secrets: Collection[str] = (),
    headers: Mapping[str, str | None] | None = None,
    opened: OpenedState | None = None,
) -> GenericApi:
    """Store the settings, normalised, and note in the audit what differs from before.

    `secrets` are new ones by field name; a blank one keeps what is stored. `headers` are all extra
    headers, by name; None as a value keeps the stored one; without `headers` all stay. Raises
    ValidationError by field name, and without one when somebody else saved since `api` was read.
    """
    stored = _locked(api, opened)
    is_first = stored._state.adding
    hidden = {name: _stored_value(stored, name) for name in HIDDEN_FIELDS}
    before = _values(stored, hidden)
    for name in SECRET_FIELDS:
        given = (secrets or {}).get(name, "").strip()
        kept = "" if name in clear_secrets else hidden[name]
        hidden[name] = given or kept
    hidden["extra_headers"] = _extra_headers(hidden["extra_headers"], headers)
    _refuse_unreadable(hidden)
    for name, value in hidden.items():
        setattr(api, name, value)
    clean_settings(api)
    after = _values(api, hidden)
    changes = field_changes(before, after, {name for name in before | after if "." in name})
    if changes or is_first:
        api.save()
        _audit(actor, "generic_api.updated", api, changes)
    return api


@transaction.atomic
def generic_api_set_active(*, api: GenericApi, active: bool, actor: Actor) -> GenericApi:
    """Switch the calls to the retailer's API on or off; off always works.

    Raises ValidationError by field name for what stands in the way of switching on.
    """
    stored = _locked(api)
    if stored.is_active != active:
        stored.is_active = active
        if active:
            clean_settings(stored)
        stored.updated_at = timezone.now()
        stored.save(update_fields=("is_active", "updated_at"))
        action = "generic_api.activated" if active else "generic_api.deactivated"
        _audit(actor, action, stored, {"is_active": (not active, active)})
    api.is_active, api.updated_at = stored.is_active, stored.updated_at
    return api


def _locked(api: GenericApi, opened: OpenedState | None = None) -> GenericApi:
    """Return the settings as stored, locked by way of the site, as the first save has no row."""
    Site.objects.select_for_update(no_key=True).only("pk").get(pk=api.site_id)
    stored = generic_api_for(api.site)
    check_unchanged(stored, since=opened)
    if (stored.pk, stored.updated_at) != (api.pk, api.updated_at):
        raise ValidationError(_CHANGED_MEANWHILE)
    return stored


@sensitive_variables()
def _stored_value(stored: GenericApi, name: str) -> Any:
    try:
        return getattr(stored, name)
    except DecryptionFailed:
        return _UNREADABLE


@sensitive_variables()
def _extra_headers(stored: Any, given: Mapping[str, str | None] | None) -> Any:
    if given is None or (stored is _UNREADABLE and None in given.values()):
        return stored
    kept = {} if stored is _UNREADABLE else {name.lower(): text for name, text in stored.items()}
    return {
        name.strip(): kept.get(name.strip().lower(), "") if value is None else value.strip()
        for name, value in given.items()
    }


@sensitive_variables()
def _refuse_unreadable(hidden: Mapping[str, Any]) -> None:
    sentence = (
        "What is stored here was encrypted with a key that this installation does not have. Enter "
        "it again, or clear it."
    )
    unreadable = {name: sentence for name, value in hidden.items() if value is _UNREADABLE}
    if unreadable:
        raise ValidationError(unreadable)


@sensitive_variables()
def _values(api: GenericApi, hidden: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything by its name in the audit; the names of hidden values have a dot."""
    values = {name: getattr(api, name) for name in PLAIN_FIELDS}
    values |= {f"secrets.{name}": hidden[name] for name in SECRET_FIELDS if hidden[name]}
    headers = hidden["extra_headers"]
    if headers is _UNREADABLE:
        return values | {"secrets.extra_headers": _UNREADABLE}
    return values | {f"secrets.extra_headers.{name}": value for name, value in headers.items()}


def _audit(
    actor: Actor, action: str, api: GenericApi, changes: Mapping[str, tuple[Any, Any]]
) -> None:
    audit_record(actor=actor, action=action, site=api.site, target=api, changes=changes)
