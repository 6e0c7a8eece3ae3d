"""What to enter in the vendor's form so that the real Onsite calls the API that Patchbay serves.

The labels below the method are those of Voyado Engage Onsite (page *Generic API integration*), in
its order. What each method asks for is not published there, so those labels are ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from django.urls import reverse

from integrations.generic_api.authentication import secret_of
from integrations.models.generic_api import AuthMode, KeyPlace, Signs

if TYPE_CHECKING:
    from integrations.models import GenericApi

# One by one: the vendor does not say that a range is understood.
_CODES_TO_IGNORE: Final = "400, 401, 413, 415, 429, 500, 502, 503, 504"
_NAME_HELP: Final = "The name of the variable, not a value."


@dataclass(frozen=True, slots=True)
class ServedValue:
    """One line of the form. With `is_secret`, `value` says where the secret was set."""

    label: str
    value: str
    help: str = ""
    is_secret: bool = False


def served_values(api: GenericApi, base_url: str) -> tuple[ServedValue, ...]:
    """Return the lines of the vendor's form, top down; no secret is among them.

    `base_url` is where this installation is reached from outside: `https://patchbay.example.com`.
    """
    url = base_url.rstrip("/") + reverse("generic-contacts", args=[api.site.public_id])
    return (
        ServedValue("Method", str(api.get_auth_mode_display())),
        *_of_mode(api, url),
        ServedValue(
            "Get/Lookup Contact API Endpoint URL",
            url,
            "Called with GET. The keys below go into the query.",
        ),
        ServedValue(
            "Create/Update Contact API Endpoint URL",
            url,
            "The same address. POST, PUT and PATCH all do the same here.",
        ),
        ServedValue("Email Key", api.email_key, _NAME_HELP),
        ServedValue("Phone number Key", api.phone_key, _NAME_HELP),
        ServedValue("Name Key", api.name_key, f"{_NAME_HELP} One field for the full name."),
        ServedValue("Personal Identity Key", api.personal_identity_key, _NAME_HELP),
        ServedValue(
            "Ignore HTTP response codes",
            _CODES_TO_IGNORE,
            "Our advice: with these, a visitor goes on while Patchbay cannot answer or refuses. "
            "200, 201 and 404 are expected and need no entry. How the codes are separated is not "
            "published.",
        ),
    )


def signed_in_words(api: GenericApi, path: str) -> str:
    """Return what the signature covers, as a person would explain it to another."""
    content = (
        "the body of the request, byte for byte; for a GET, which has no body, the query as it is "
        "sent, without the question mark"
    )
    match api.hmac_signs:
        case Signs.REQUEST:
            return (
                f"Signed are the method, the path ({path}) and the query without the question "
                "mark, with a line feed (LF) after each of the three, and then the body, byte for "
                "byte; a GET has none."
            )
        case Signs.TIMESTAMP:
            return (
                f"Signed are the text of the header {api.hmac_timestamp_header}, a dot, and then "
                f"{content}."
            )
    return f"Signed is {content}."


def _of_mode(api: GenericApi, url: str) -> Iterator[ServedValue]:
    match api.auth_mode:
        case AuthMode.HEADER:
            yield ServedValue("Header name", api.header_name)
            yield _secret(api, "Header value")
        case AuthMode.HMAC:
            yield from _of_hmac(api, url)
        case AuthMode.API_KEY:
            yield ServedValue("API key name", api.api_key_name)
            yield _secret(api, "API key value")
            in_query = api.api_key_place == KeyPlace.QUERY
            yield ServedValue(
                "Place of the API key",
                str(api.get_api_key_place_display()),
                "Queries end up in the access logs of servers on the way; a header does not."
                if in_query
                else "",
            )


def _of_hmac(api: GenericApi, url: str) -> Iterator[ServedValue]:
    yield _secret(api, "HMAC secret", "Its text in UTF-8 is the key; it is not decoded first.")
    yield ServedValue("Signature header", api.hmac_header)
    yield ServedValue("Algorithm", f"HMAC with {api.get_hmac_algorithm_display()}")
    yield ServedValue("Encoding", str(api.get_hmac_encoding_display()))
    yield ServedValue(
        "Prefix",
        api.hmac_prefix or "none",
        "Stands right before the signature." if api.hmac_prefix else "",
    )
    yield ServedValue(
        "What is signed",
        str(api.get_hmac_signs_display()),
        signed_in_words(api, urlsplit(url).path),
    )
    if api.hmac_signs == Signs.TIMESTAMP:
        yield ServedValue(
            "Timestamp header",
            api.hmac_timestamp_header,
            "Seconds since 1970, at most 300 away from the time here.",
        )


def _secret(api: GenericApi, label: str, help_text: str = "") -> ServedValue:
    if not secret_of(api):
        return ServedValue(label, "not set yet", "Set it in this form first.", is_secret=True)
    return ServedValue(label, f"the value you set under {label}", help_text, is_secret=True)
