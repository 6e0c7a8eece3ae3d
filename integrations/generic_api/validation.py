"""Whether the settings of a Generic API make sense, each problem under the name of its field."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.views.decorators.debug import sensitive_variables

from common.http import check_header_name, check_header_value, check_url
from integrations.generic_api.authentication import MIN_SERVED_SECRET_BYTES, MODE_SECRETS, secret_of
from integrations.generic_api.ignored_codes import normalise_codes
from integrations.generic_api.options import options_json, parse_options
from integrations.generic_api.variable_names import clean_variable_name
from integrations.models import GenericApi
from integrations.models.generic_api import KEY_NAMES, AuthMode, KeyPlace, Signs

LOOKUP_KEYS: Final = ("email", "phone", "personal_identity")
MOST_EXTRA_HEADERS: Final = 20
MOST_SECONDS: Final = 30
_LONGEST_SECRET: Final = 1_000
_PREFIX: Final = re.compile(r"(?:[!-+\--~][ -+\--~]*)?")
_NEEDED_WHEN_ACTIVE: Final = "This is needed before the API can be switched on."

Errors = dict[str, Any]
Check = Callable[[GenericApi], None]


class BadSetting(ValueError):
    """A setting makes no sense; the message is a sentence on what to do."""


def mode_headers(api: GenericApi) -> set[str]:
    """Return the headers that the current mode sets, in lower case."""
    if api.auth_mode == AuthMode.HEADER:
        return {api.header_name.lower()}
    if api.auth_mode == AuthMode.API_KEY:
        return {api.api_key_name.lower()} if api.api_key_place == KeyPlace.HEADER else set()
    timestamp = {api.hmac_timestamp_header.lower()} if api.hmac_signs == Signs.TIMESTAMP else set()
    return {api.hmac_header.lower()} | timestamp


@sensitive_variables()
def clean_settings(api: GenericApi) -> None:
    """Normalise the settings in place; raises ValidationError by field name."""
    errors: Errors = {}
    _check(_TEXT_CHECKS, api, errors)
    try:
        api.clean_fields(exclude={"site", *_CHECKED_HERE, *errors})
    except ValidationError as error:
        errors |= error.message_dict
    _check(_OTHER_CHECKS, api, errors)
    if "connect_seconds" not in errors:
        _check((("total_seconds", _check_total_seconds),), api, errors)
    if errors:
        raise ValidationError(errors)
    clean_use(api)


def clean_use(api: GenericApi) -> None:
    """Raise ValidationError by field name for what is missing before the API may be used so."""
    errors: Errors = {}
    field, secret = MODE_SECRETS[api.auth_mode], secret_of(api)
    if api.is_active:
        errors |= {
            name: _NEEDED_WHEN_ACTIVE
            for name in ("lookup_url", "write_url", field)
            if not getattr(api, name)
        }
    if api.is_served and len(secret.encode()) < MIN_SERVED_SECRET_BYTES:
        errors[field] = (
            f"Onsite may call us only with a secret of at least {MIN_SERVED_SECRET_BYTES} bytes. "
            "Enter a longer one here, and the same at Onsite."
        )
    if errors:
        raise ValidationError(errors)


def _check(checks: Iterable[tuple[str, Check]], api: GenericApi, errors: Errors) -> None:
    for name, check in checks:
        if name in errors:
            continue
        try:
            check(api)
        except ValueError as error:
            errors[name] = str(error)


@sensitive_variables()
def _clean_text(name: str, clean: Callable[[str], str], api: GenericApi) -> None:
    setattr(api, name, clean(getattr(api, name)))


def _url(text: str) -> str:
    return check_url(text.strip()) if text.strip() else ""


def _header_name(text: str) -> str:
    return check_header_name(text.strip())


@sensitive_variables()
def _secret(text: str) -> str:
    if len(text) > _LONGEST_SECRET:
        raise ValueError(f"A secret may have at most {_LONGEST_SECRET} characters.")
    if not text.isprintable():
        raise ValueError("This holds a character that cannot be seen. Copy the secret again.")
    return text


@sensitive_variables()
def _header_secret(text: str) -> str:
    return check_header_value(_secret(text))


def _prefix(text: str) -> str:
    if not _PREFIX.fullmatch(text.lstrip()):
        raise ValueError("Use letters, digits and signs of plain ASCII, without a comma.")
    return text.lstrip()


def _clean_api_key_name(api: GenericApi) -> None:
    if api.api_key_place == KeyPlace.HEADER:
        api.api_key_name = _header_name(api.api_key_name)
        return
    api.api_key_name = clean_variable_name(api.api_key_name)
    if api.api_key_name in (getattr(api, name) for name in KEY_NAMES):
        raise ValueError("One of the four Key settings has this name already.")


def _clean_api_key_value(api: GenericApi) -> None:
    clean = _header_secret if api.api_key_place == KeyPlace.HEADER else _secret
    api.api_key_value = clean(api.api_key_value)


def _check_timestamp_header(api: GenericApi) -> None:
    if api.hmac_timestamp_header.lower() == api.hmac_header.lower():
        raise ValueError("The signature is in the header of this name. Choose another one.")


def _check_key_free(position: int, api: GenericApi) -> None:
    name = KEY_NAMES[position]
    for earlier in KEY_NAMES[:position]:
        if getattr(api, earlier) == getattr(api, name):
            raise ValueError(f"The {_label(earlier)} has this name already. Choose another one.")


def _label(name: str) -> str:
    field = GenericApi._meta.get_field(name)
    return str(getattr(field, "verbose_name", name))


def _clean_lookup_sends(api: GenericApi) -> None:
    sends = api.lookup_sends
    if not isinstance(sends, list | tuple) or any(each not in LOOKUP_KEYS for each in sends):
        raise BadSetting(f"Choose from: {', '.join(LOOKUP_KEYS)}.")
    if not sends:
        raise BadSetting("Choose at least one: without it no look-up can be made.")
    api.lookup_sends = [each for each in LOOKUP_KEYS if each in sends]


def _check_connect_seconds(api: GenericApi) -> None:
    if api.connect_seconds < 1:
        raise ValueError("The time to connect must be at least 1 second.")


def _check_total_seconds(api: GenericApi) -> None:
    if not api.connect_seconds <= api.total_seconds <= MOST_SECONDS:
        raise ValueError(
            f"This must be at least the time to connect and at most {MOST_SECONDS} seconds: a "
            "visitor is waiting."
        )


def _clean_options(api: GenericApi) -> None:
    taken = [getattr(api, name) for name in KEY_NAMES]
    api.custom_options = options_json(parse_options(api.custom_options, taken))


@sensitive_variables()
def _check_extra_headers(api: GenericApi) -> None:
    if len(api.extra_headers) > MOST_EXTRA_HEADERS:
        raise ValueError(f"At most {MOST_EXTRA_HEADERS} extra headers are sent.")
    used = mode_headers(api)
    for name, value in api.extra_headers.items():
        if check_header_name(name).lower() in used:
            raise ValueError(f"The header {name} is used already. Remove it here.")
        used.add(name.lower())
        if not value:
            raise ValueError(f"The header {name} has no value. Enter one, or remove the header.")
        try:
            _header_secret(value)
        except ValueError as error:
            raise ValueError(f"The header {name}: {error}") from None


_TEXT_CHECKS: Final[tuple[tuple[str, Check], ...]] = tuple(
    (name, partial(_clean_text, name, clean))
    for name, clean in {
        "header_name": _header_name,
        "header_value": _header_secret,
        "hmac_secret": _secret,
        "hmac_header": _header_name,
        "hmac_prefix": _prefix,
        "hmac_timestamp_header": _header_name,
        "lookup_url": _url,
        "write_url": _url,
        **dict.fromkeys(KEY_NAMES, clean_variable_name),
        "ignored_codes": normalise_codes,
    }.items()
)
_OTHER_CHECKS: Final[tuple[tuple[str, Check], ...]] = (
    ("api_key_name", _clean_api_key_name),
    ("api_key_value", _clean_api_key_value),
    ("hmac_timestamp_header", _check_timestamp_header),
    *((name, partial(_check_key_free, position)) for position, name in enumerate(KEY_NAMES)),
    ("lookup_sends", _clean_lookup_sends),
    ("connect_seconds", _check_connect_seconds),
    ("custom_options", _clean_options),
    ("extra_headers", _check_extra_headers),
)
_CHECKED_HERE: Final = ("lookup_sends", "custom_options", "extra_headers")
