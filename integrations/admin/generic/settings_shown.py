"""The settings for people who may only look: no secret, and no query, which may hold one."""

from __future__ import annotations

from collections.abc import Iterator

from common.masks import MASK
from common.redaction import redact_url
from integrations.admin.generic.option_rows import OPTION_TYPES, STORED_AS
from integrations.admin.generic.settings_help import setting_label
from integrations.admin.generic.stored_secrets import StoredSecrets
from integrations.generic_api.authentication import MODE_SECRETS
from integrations.generic_api.options import options_of
from integrations.models import GenericApi
from integrations.models.generic_api import AuthMode, Signs

_KEYS_TO_BODY = ("write_method", "email_key", "phone_key", "name_key", "personal_identity_key")


def settings_shown(api: GenericApi, stored: StoredSecrets) -> list[tuple[str, str]]:
    """Return labels and values in the order of the form."""
    return list(_rows(api, stored))


def options_shown(api: GenericApi) -> list[dict[str, str]]:
    types, places = dict(OPTION_TYPES), dict(STORED_AS)
    return [
        {
            "key": option.key,
            "label": option.label,
            "type": types[option.type],
            "values": ", ".join(option.values),
            "stored_as": places[option.stored_as],
        }
        for option in options_of(api)
    ]


def _rows(api: GenericApi, stored: StoredSecrets) -> Iterator[tuple[str, str]]:
    yield "Method", api.get_auth_mode_display()
    for name in _mode_names(api):
        yield _row(api, name)
    secret = MODE_SECRETS[api.auth_mode]
    yield (
        setting_label(secret),
        "Set. It is never shown." if secret in stored.fields else "Not set.",
    )
    for name in ("lookup_url", "write_url"):
        # Some addresses carry a key in their query.
        yield setting_label(name), redact_url(getattr(api, name)) if getattr(api, name) else ""
    for name in _KEYS_TO_BODY:
        yield _row(api, name)
    sent = [setting_label(f"{key}_key") for key in api.lookup_sends]
    yield "Keys sent by the look-up", ", ".join(sent)
    yield _row(api, "ignored_codes")
    yield "Time to connect, time in all", f"{api.connect_seconds} s, {api.total_seconds} s"
    yield "Extra headers", ", ".join(f"{name}: {MASK}" for name in stored.header_names)
    for name in ("verify_tls", "is_active", "is_served"):
        yield setting_label(name), "Yes" if getattr(api, name) else "No"


def _mode_names(api: GenericApi) -> tuple[str, ...]:
    if api.auth_mode == AuthMode.HEADER:
        return ("header_name",)
    if api.auth_mode == AuthMode.API_KEY:
        return ("api_key_name", "api_key_place")
    names = ("hmac_header", "hmac_algorithm", "hmac_encoding", "hmac_prefix", "hmac_signs")
    return (*names, "hmac_timestamp_header") if api.hmac_signs == Signs.TIMESTAMP else names


def _row(api: GenericApi, name: str) -> tuple[str, str]:
    shown = getattr(api, f"get_{name}_display", None)
    return setting_label(name), shown() if shown else str(getattr(api, name))
