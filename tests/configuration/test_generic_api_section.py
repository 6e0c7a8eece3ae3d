from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from config.configuration.applying import Applied, configuration_apply
from config.configuration.exporting import configuration_export
from config.configuration.problems import ConfigurationInvalid
from integrations.generic_api.services import generic_api_for, generic_api_save
from integrations.models import GenericApi
from sites.audit import Actor
from sites.models import AuditEntry, Site
from tests.factories import SiteFactory

pytestmark = pytest.mark.django_db

SYSTEM: Final = Actor.system("test")
URL: Final = "https://api.example.com:8443/contacts"
ENVIRONMENT: Final = {
    "PATCHBAY_BRAND_GENERIC_API_HEADER_VALUE": "the header secret",
    "PATCHBAY_BRAND_GENERIC_API_HMAC_SECRET": "the signing secret",
    "PATCHBAY_BRAND_GENERIC_API_API_KEY_VALUE": "the API key secret",
    "PATCHBAY_BRAND_GENERIC_API_HEADER_X_GATEWAY": "the gateway secret",
}
EVERYTHING: Final[dict[str, Any]] = {
    "is_active": True,
    "is_served": True,
    "auth_mode": "hmac",
    "header_name": "X-Token",
    "hmac_header": "X-Signed",
    "hmac_algorithm": "sha512",
    "hmac_encoding": "base64",
    "hmac_prefix": "v1=",
    "hmac_signs": "timestamp",
    "hmac_timestamp_header": "X-Time",
    "api_key_name": "key",
    "api_key_place": "query",
    "lookup_url": URL + "?brand=north",
    "write_url": URL,
    "write_method": "PATCH",
    "email_key": "e_mail",
    "phone_key": "tel",
    "name_key": "full_name",
    "personal_identity_key": "ssn",
    "lookup_sends": ["personal_identity"],
    "ignored_codes": "409, 500-599",
    "connect_seconds": 2,
    "total_seconds": 7,
    "verify_tls": False,
    "custom_options": [
        {
            "key": "pet",
            "label": "Pet: “one”",
            "type": "choice",
            "values": ["no", "1.10"],
            "stored_as": "attribute",
        },
        {
            "key": "news",
            "label": "News",
            "type": "boolean",
            "values": [],
            "stored_as": "email_preference",
        },
    ],
}


@pytest.fixture
def brand() -> Site:
    """A site on which no setting has its default."""
    site = SiteFactory.create(slug="brand", name="Brand")
    api = GenericApi(site=site, **EVERYTHING)
    secrets = dict(
        zip(("header_value", "hmac_secret", "api_key_value"), ENVIRONMENT.values(), strict=False)
    )
    generic_api_save(
        api=api,
        actor=SYSTEM,
        secrets=secrets,
        headers={"X-Gateway": ENVIRONMENT["PATCHBAY_BRAND_GENERIC_API_HEADER_X_GATEWAY"]},
    )
    return site


def apply(file: str, environment: Mapping[str, str] = ENVIRONMENT) -> Applied:
    return configuration_apply(files=[file.encode()], environment=environment, actor=SYSTEM)


def document(**generic_api: Any) -> str:
    site = {"slug": "brand", "name": "Brand"}
    return yaml.safe_dump({"version": 1, "site": site, "generic_api": generic_api})


def problems_of(file: str, environment: Mapping[str, str] = ENVIRONMENT) -> list[str]:
    with pytest.raises(ConfigurationInvalid) as caught:
        apply(file, environment)
    return caught.value.problems


def test_sample_has_no_default_in_it() -> None:
    defaults = GenericApi()
    assert [name for name, value in EVERYTHING.items() if getattr(defaults, name) == value] == []


def test_export_applied_to_an_empty_database_gives_the_same_export(brand: Site) -> None:
    exported = configuration_export(site=brand)
    Site.objects.all().delete()
    apply(exported)
    site = Site.objects.get()
    assert configuration_export(site=site) == exported
    api = generic_api_for(site)
    assert {name: getattr(api, name) for name in EVERYTHING} == EVERYTHING
    assert [
        api.header_value,
        api.hmac_secret,
        api.api_key_value,
        api.extra_headers["X-Gateway"],
    ] == (list(ENVIRONMENT.values()))


def test_export_holds_no_secret_and_names_every_variable(brand: Site) -> None:
    exported = configuration_export(site=brand)
    for name, secret in ENVIRONMENT.items():
        assert secret not in exported
        assert f"$env: {name}\n" in exported
        assert f"#   {name}\n" in exported


def test_second_apply_changes_nothing(brand: Site) -> None:
    before = AuditEntry.objects.count()
    assert apply(configuration_export(site=brand)).changes == ()
    assert AuditEntry.objects.count() == before


def test_site_without_settings_stays_without() -> None:
    site = SiteFactory.create(slug="brand", name="Brand")
    exported = configuration_export(site=site)
    assert "\ngeneric_api: {}\n" in exported
    assert apply(exported).changes == ()
    assert not GenericApi.objects.exists()


def test_key_that_is_absent_stays_as_it_is(brand: Site) -> None:
    (change,) = apply(document(phone_key="mobile")).changes
    assert change.action == "generic_api.updated"
    assert change.changes == {"phone_key": ["tel", "mobile"]}
    api = generic_api_for(brand)
    assert (api.email_key, api.hmac_secret) == ("e_mail", "the signing secret")
    assert set(api.extra_headers) == {"X-Gateway"}


def test_extra_headers_are_taken_as_a_whole(brand: Site) -> None:
    headers = {"X-Other": {"$env": "OTHER"}}
    (change,) = apply(document(extra_headers=headers), ENVIRONMENT | {"OTHER": "value"}).changes
    assert change.changes == {
        "secrets.extra_headers.X-Gateway": ["", "changed"],
        "secrets.extra_headers.X-Other": ["", "changed"],
    }
    assert generic_api_for(brand).extra_headers == {"X-Other": "value"}


def test_new_secret_is_taken_from_the_environment(brand: Site) -> None:
    secrets = {"hmac_secret": {"$env": "NEW"}}
    (change,) = apply(document(secrets=secrets), {"NEW": "another signing secret"}).changes
    assert change.changes == {"secrets.hmac_secret": ["", "changed"]}
    assert generic_api_for(brand).hmac_secret == "another signing secret"


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"colour": 1}, "generic_api.colour: There is no such key here."),
        ({"active": "yes"}, "generic_api.active: This must be true or false."),
        ({"total_seconds": "7"}, "generic_api.total_seconds: This must be a whole number."),
        ({"total_seconds": -1}, "generic_api.total_seconds: "),
        ({"email_key": 5}, "generic_api.email_key: This must be text."),
        ({"ignored_codes": 409}, "generic_api.ignored_codes: This must be text."),
        ({"ignored_codes": "5xx"}, "generic_api.ignored_codes: “5xx”"),
        ({"lookup_sends": "email"}, "generic_api.lookup_sends: This must be a list."),
        ({"lookup_sends": [{}]}, "generic_api.lookup_sends: Choose from"),
        ({"custom_options": [{"key": "tel"}]}, "generic_api.custom_options: Option 1 (“tel”)"),
        ({"custom_options": [5]}, "generic_api.custom_options: Option 1"),
        ({"secrets": {"hmac_secret": "clear"}}, "generic_api.secrets.hmac_secret: Secrets are not"),
        ({"secrets": {"hmac_secret": []}}, "generic_api.secrets.hmac_secret: This is one secret"),
        ({"secrets": {"x": {"$env": "SHORT"}}}, "generic_api.secrets.x: There is no such secret."),
        ({"secrets": {"hmac_secret": {"$env": "NONE"}}}, "The environment variable NONE"),
        (
            {"secrets": {"hmac_secret": {"$env": "SHORT"}}},
            "secrets.hmac_secret: Onsite",
        ),
        ({"extra_headers": {"X-A": "clear"}}, "generic_api.extra_headers.X-A: Secrets are not"),
        ({"extra_headers": {"Host": {"$env": "SHORT"}}}, "generic_api.extra_headers: The header"),
        ({"lookup_url": "ftp://x"}, "generic_api.lookup_url: Start the URL"),
    ],
)
def test_problem_is_named_by_its_key_and_nothing_is_saved(
    brand: Site, given: dict[str, Any], problem: str
) -> None:
    before = configuration_export(site=brand)
    (found,) = problems_of(document(**given), {"SHORT": "short"})
    assert problem in found
    assert configuration_export(site=brand) == before


@pytest.mark.parametrize("given", [None, [], "x", 5])
def test_section_that_is_no_mapping(brand: Site, given: Any) -> None:
    file = yaml.safe_dump({"version": 1, "site": {"slug": "brand"}, "generic_api": given})
    assert problems_of(file) == ["generic_api: This must be a mapping of keys to values."]


@settings(max_examples=50, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text("aé\x01-", max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner),
        max_leaves=4,
    ),
    st.sampled_from(sorted({*EVERYTHING, "active", "served", "secrets", "extra_headers"})),
)
def test_no_value_breaks_the_reader(value: Any, key: str) -> None:
    Site.objects.all().delete()
    file = yaml.safe_dump(
        {"version": 1, "site": {"slug": "brand", "name": "Brand"}, "generic_api": {key: value}}
    )
    try:
        apply(file)
    except ConfigurationInvalid:
        assert not GenericApi.objects.exists()
