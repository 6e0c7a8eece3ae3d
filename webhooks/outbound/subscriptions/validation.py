"""Whether a subscription makes sense, each problem under the name of its field.

What belongs to a format or to a way of signing is named `format_settings.tenant`,
`signing_settings.header`, `secrets.password`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from django.core.exceptions import ValidationError
from django.views.decorators.debug import sensitive_variables

from common.http import check_header_name, check_header_value, check_url
from integrations.request import PresetConfig
from integrations.settings_validation import clean_config
from integrations.verification.secret_rules import (
    clean_legacy_secret,
    clean_secret,
    clean_signing_secret,
)
from webhooks.outbound import encryption
from webhooks.outbound.event_types.conditions import check_conditions
from webhooks.outbound.event_types.matching import check_patterns
from webhooks.outbound.formats.base import Format
from webhooks.outbound.formats.registry import format_for, formats
from webhooks.outbound.models import PayloadEncryption, Signing, Subscription
from webhooks.outbound.signing import signing_fields
from webhooks.outbound.signing.methods import PREVIOUS
from webhooks.outbound.subscriptions.limits import MOST_HEADERS, NUMBERS
from webhooks.outbound.subscriptions.retry_settings import (
    BadSetting,
    check_rules,
    check_schedule,
)
from webhooks.outbound.subscriptions.systems import systems_of

# Ways of signing whose secret is one text under `signing`.
WITH_SECRET: Final = frozenset((Signing.STANDARD_WEBHOOKS, Signing.HMAC, Signing.WEBENGAGE))
# Those under which the old secret can sign along.
WITH_OVERLAP: Final = frozenset((Signing.STANDARD_WEBHOOKS, Signing.HMAC))
# Which secrets each choice uses; all others are not kept.
_SIGNING_SECRETS: Final[Mapping[str, tuple[str, ...]]] = {
    Signing.STANDARD_WEBHOOKS: ("signing", "previous_signing"),
    Signing.HMAC: ("signing", "previous_signing"),
    Signing.WEBENGAGE: ("signing",),
    Signing.BASIC: ("user", "password"),
    Signing.NONE: (),
}
_CLEAN_SIGNING: Final[Mapping[str, Callable[[str], str]]] = {
    Signing.STANDARD_WEBHOOKS: clean_signing_secret,
    Signing.HMAC: clean_secret,
    Signing.WEBENGAGE: clean_legacy_secret,
}
_LONGEST_CREDENTIAL: Final = 500
_WINDOW_OF_ONE: Final = (
    "Batching: a window gathers events for one request. Let a request hold at least 2, or set the "
    "window to 0 and each goes out at once."
)

Errors = dict[str, Any]


def secrets_used(subscription: Subscription) -> tuple[str, ...]:
    """Return the names of the secrets that the chosen signing and encryption use."""
    own = _SIGNING_SECRETS.get(subscription.signing, ())
    return own if subscription.encryption == PayloadEncryption.NONE else (*own, "encryption")


@sensitive_variables()
def clean_subscription(subscription: Subscription) -> None:
    """Normalise the subscription in place; raises ValidationError by field."""
    errors: Errors = {}
    _clean_columns(subscription, errors)
    _clean_name(subscription, errors)
    for name, check in _CHECKS.items():
        if name not in errors:
            _check(subscription, name, check, errors)
    _clean_numbers(subscription, errors)
    dialect = format_for(subscription.format_key)
    if dialect is None:
        known = ", ".join(each.key for each in formats())
        errors["format_key"] = f"Choose one of: {known}."
    else:
        _clean_by_format(subscription, dialect, errors)
    _clean_headers(subscription, errors)
    if errors:
        raise ValidationError(errors)


def _clean_columns(subscription: Subscription, errors: Errors) -> None:
    try:
        subscription.clean_fields(exclude={"site", "public_id", *_CHECKED_HERE})
    except ValidationError as error:
        errors |= error.message_dict


def _clean_name(subscription: Subscription, errors: Errors) -> None:
    subscription.name = subscription.name.strip()
    namesakes = Subscription.objects.filter(site=subscription.site_id, name=subscription.name)
    if not subscription.name:
        errors.setdefault("name", "Give it a name.")
    elif not subscription.name.isprintable():
        errors["name"] = "This holds a character that cannot be seen. Type the name instead."
    elif namesakes.exclude(pk=subscription.pk).exists():
        errors["name"] = "Another subscription of this site has this name. Choose another one."


def _check(subscription: Subscription, name: str, check: Any, errors: Errors) -> None:
    try:
        setattr(subscription, name, check(getattr(subscription, name)))
    except ValueError as error:
        errors[name] = str(error)


def _conditions(rows: Any) -> list[dict[str, Any]]:
    if not isinstance(rows, list):
        raise BadSetting("Conditions are a list of rows.")
    return check_conditions(rows)


def _url(url: Any) -> str:
    text = url.strip() if isinstance(url, str) else ""
    if not text:
        raise ValueError("Enter the address that takes the deliveries.")
    return check_url(text)


_CHECKS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "url": _url,
    "event_types": check_patterns,
    "conditions": _conditions,
    "retry_schedule": check_schedule,
    "retry_rules": check_rules,
}
_CHECKED_HERE: Final = (
    *_CHECKS, *NUMBERS, "format_key", "format_settings", "signing_settings", "headers", "secrets",
)  # fmt: skip


def _clean_numbers(subscription: Subscription, errors: Errors) -> None:
    for name, (least, most) in NUMBERS.items():
        value = getattr(subscription, name)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            errors[name] = f"Enter a whole number from {least} to {most:,}."
    known = {key for key, _ in systems_of(subscription.site)}
    if subscription.source_key and subscription.source_key not in known:
        errors["source_key"] = "Choose a source or an API key of this site."


@sensitive_variables()
def _clean_by_format(subscription: Subscription, dialect: Format, errors: Errors) -> None:
    settings, found = _settings(subscription.format_settings, dialect.clean)
    subscription.format_settings = settings
    errors |= {f"format_settings.{key}": text for key, text in found.items()}
    # One that was refused may be nothing that can be split.
    query = "" if "url" in errors else urlsplit(subscription.url).query
    doubled = dialect.query_names & set(dict(parse_qsl(query, True)))
    if doubled:
        names = ", ".join(sorted(doubled))
        errors["url"] = f"Remove {names} from the URL: it is added to each request."
    if not dialect.is_batchable and subscription.is_batched:
        errors["batch_size"] = f"The format “{dialect.label}” carries one event a request."
    elif subscription.batch_size == 1 and subscription.batch_seconds:
        errors["batch_size"] = _WINDOW_OF_ONE
    if subscription.is_batched and subscription.strict_order:
        errors["strict_order"] = "Batches are not sent in strict order. Choose one of the two."
    if subscription.signing not in dialect.signings:
        labels = ", ".join(Signing(each).label for each in dialect.signings)
        errors["signing"] = f"The format “{dialect.label}” is signed by: {labels}."
        return
    settings, found = _settings(subscription.signing_settings, _cleaner(subscription.signing))
    subscription.signing_settings = settings
    errors |= {f"signing_settings.{key}": text for key, text in found.items()}
    if subscription.encryption not in (PayloadEncryption.NONE, *dialect.encryptions):
        errors["encryption"] = f"The format “{dialect.label}” does not encrypt payloads so."
    _clean_secrets(subscription, errors)


def _settings(
    given: Any, clean: Callable[[Mapping[str, Any]], tuple[dict[str, Any], dict[str, str]]]
) -> tuple[dict[str, Any], dict[str, str]]:
    if not isinstance(given, dict):
        return {}, {"": "Settings map names to values."}
    return clean(given)


def _cleaner(
    method: str,
) -> Callable[[Mapping[str, Any]], tuple[dict[str, Any], dict[str, str]]]:
    def clean(given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        config, errors = clean_config(signing_fields(method), PresetConfig(settings=dict(given)))
        return dict(config.settings), errors

    return clean


@sensitive_variables()
def _clean_secrets(subscription: Subscription, errors: Errors) -> None:
    secrets = dict(subscription.secrets)
    checks: dict[str, Callable[[str], str]] = {}
    if subscription.signing in WITH_SECRET:
        checks["signing"] = _CLEAN_SIGNING[subscription.signing]
    elif subscription.signing == Signing.BASIC:
        checks |= {"user": _user, "password": _credential}
    if subscription.encryption != PayloadEncryption.NONE:
        method = subscription.encryption
        checks["encryption"] = lambda key: encryption.check_key(method, key)
    for name, check in checks.items():
        try:
            secrets[name] = check(secrets.get(name) or _missing(name))
        except ValueError as error:
            errors[f"secrets.{name}"] = str(error)
    subscription.secrets = secrets


def _missing(name: str) -> str:
    raise ValueError(f"{_SECRET_LABELS[name]} must not be empty. Fill this in.")


_SECRET_LABELS: Final = {
    "signing": "The signing secret",
    "user": "The user name",
    "password": "The password",
    "encryption": "The encryption key",
}


@sensitive_variables()
def _credential(text: str) -> str:
    if len(text) > _LONGEST_CREDENTIAL or not text.isprintable():
        raise ValueError(f"Use at most {_LONGEST_CREDENTIAL} characters that can be seen.")
    return text


@sensitive_variables()
def _user(text: str) -> str:
    if ":" in text:
        raise ValueError("A user name of Basic has no colon.")
    return _credential(text)


@sensitive_variables()
def _clean_headers(subscription: Subscription, errors: Errors) -> None:
    headers = subscription.headers
    if len(headers) > MOST_HEADERS:
        errors["headers"] = f"At most {MOST_HEADERS} headers are sent."
        return
    taken = _signing_headers(subscription)
    try:
        for name, value in headers.items():
            _check_header(name, value, taken)
            taken.add(name.lower())
    except ValueError as error:
        errors["headers"] = str(error)


@sensitive_variables()
def _check_header(name: str, value: str, taken: set[str]) -> None:
    lower = check_header_name(name).lower()
    if lower in taken or lower.startswith(("webhook-", "svix-", "ce-")):
        raise ValueError(f"The header {name} is set already. Remove it here.")
    if not value:
        raise ValueError(f"The header {name} has no value. Enter one, or remove the header.")
    try:
        check_header_value(value)
    except ValueError as error:
        raise ValueError(f"The header {name}: {error}") from None


def _signing_headers(subscription: Subscription) -> set[str]:
    if subscription.signing == Signing.BASIC:
        return {"authorization", "user-agent"}
    name = str(subscription.signing_settings.get("header", "")).lower()
    own = {name, f"{name}{PREVIOUS.lower()}"} if name else set()
    return own | {"user-agent"}
