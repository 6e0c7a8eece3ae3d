from __future__ import annotations

from typing import Any

import pytest

from integrations.generic_api.served_values import ServedValue, served_values
from integrations.models import GenericApi
from integrations.models.generic_api import AuthMode, KeyPlace, Signs
from sites.models import Site

SECRET = "canary-secret-1234567"
# To the letter, in the vendor's order: Voyado Engage Onsite, *Generic API integration*.
LABELS = [
    "Get/Lookup Contact API Endpoint URL",
    "Create/Update Contact API Endpoint URL",
    "Email Key",
    "Phone number Key",
    "Name Key",
    "Personal Identity Key",
    "Ignore HTTP response codes",
]
BASE_URL = "https://patchbay.example.com"


def values_of(site: Site, **fields: Any) -> tuple[ServedValue, ...]:
    secrets = {"header_value": SECRET, "hmac_secret": SECRET, "api_key_value": SECRET}
    return served_values(GenericApi(site=site, **(secrets | fields)), BASE_URL)


def value_of(lines: tuple[ServedValue, ...], label: str) -> ServedValue:
    return next(line for line in lines if line.label == label)


def test_the_form_from_top_to_bottom(site: Site) -> None:
    lines = values_of(site, email_key="e_mail", phone_key="mobile", name_key="n", auth_mode="hmac")
    assert [line.label for line in lines][-7:] == LABELS
    assert lines[0] == ServedValue("Method", "HMAC")
    url = f"{BASE_URL}/generic/{site.public_id}/contacts"
    assert [line.value for line in lines[-7:-1]] == [
        url, url, "e_mail", "mobile", "n", "personalIdentity",
    ]  # fmt: skip


def test_a_base_url_may_end_with_a_slash(site: Site) -> None:
    api = GenericApi(site=site)
    assert served_values(api, BASE_URL + "/") == served_values(api, BASE_URL)


@pytest.mark.parametrize("mode", AuthMode.values)
@pytest.mark.parametrize("signs", Signs.values)
@pytest.mark.parametrize("place", KeyPlace.values)
def test_no_secret_is_among_the_values(site: Site, mode: str, signs: str, place: str) -> None:
    lines = values_of(site, auth_mode=mode, hmac_signs=signs, api_key_place=place)
    assert SECRET not in str(lines)
    secrets = [line for line in lines if line.is_secret]
    assert len(secrets) == 1
    assert secrets[0].value == f"the value you set under {secrets[0].label}"


def test_a_secret_that_is_missing_is_asked_for(site: Site) -> None:
    lines = values_of(site, auth_mode="header", header_value="")
    assert value_of(lines, "Header value").value == "not set yet"


@pytest.mark.parametrize(
    ("fields", "labels"),
    [
        ({"auth_mode": "header"}, ["Method", "Header name", "Header value"]),
        (
            {"auth_mode": "api_key"},
            ["Method", "API key name", "API key value", "Place of the API key"],
        ),
        (
            {"auth_mode": "hmac"},
            ["Method", "HMAC secret", "Signature header", "Algorithm", "Encoding", "Prefix",
             "What is signed"],
        ),
        (
            {"auth_mode": "hmac", "hmac_signs": "timestamp"},
            ["Method", "HMAC secret", "Signature header", "Algorithm", "Encoding", "Prefix",
             "What is signed", "Timestamp header"],
        ),
    ],
)  # fmt: skip
def test_each_mode_has_its_own_lines_and_no_others(
    site: Site, fields: dict[str, Any], labels: list[str]
) -> None:
    assert [line.label for line in values_of(site, **fields)] == labels + LABELS


def test_what_is_signed_is_said_in_words(site: Site) -> None:
    said = {
        signs: value_of(
            values_of(site, auth_mode="hmac", hmac_signs=signs, hmac_timestamp_header="X-Time"),
            "What is signed",
        ).help
        for signs in Signs.values
    }
    assert f"/generic/{site.public_id}/contacts" in said["request"]
    assert "line feed" in said["request"]
    assert "X-Time, a dot" in said["timestamp"]
    assert "the query" in said["body"]
    assert len(set(said.values())) == 3
