"""Programs read segments and page through their members."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from sites.models import ApiKey, Scope, Site
from tests.automation.segments.made import computed, contact, field, segment
from tests.factories import API_KEY_SECRET, ApiKeyFactory, SiteFactory


@pytest.fixture
def key(site: Site) -> ApiKey:
    return ApiKeyFactory.create(site=site, scopes=[Scope.CONTACTS_READ])


def get(key: ApiKey, path: str) -> Any:
    return Client().get(
        f"/api/v1/segments{path}",
        headers={"Authorization": f"ApiKey {key.key_id}:{API_KEY_SECRET}"},
    )


def test_segments_are_listed_by_name_and_read_with_their_rule(site: Site, key: ApiKey) -> None:
    contact(site, city="Malmö")
    made = segment(site, field("city", "eq", "Malmö"), name="People of Malmö")
    segment(site, name="All", every_minutes=None)
    segment(SiteFactory.create(), name="Foreign")
    computed(made)
    listed = get(key, "").json()["results"]
    assert [(each["name"], each["everyMinutes"]) for each in listed] == [
        ("All", None),
        ("People of Malmö", 180),
    ]
    assert "rule" not in listed[0]
    read = get(key, f"/{made.pk}/").json()
    assert read["words"] == "City is “Malmö”."
    assert read["rule"] == made.rule
    assert read["memberCount"] == 1
    assert read["computedAt"] is not None


def test_members_are_paged_by_key(site: Site, key: ApiKey) -> None:
    people = [contact(site, city="Malmö", email=f"p{n}@example.com") for n in range(3)]
    contact(site, city="Lund")
    made = segment(site, field("city", "eq", "Malmö"))
    computed(made)
    first = get(key, f"/{made.pk}/members?limit=2").json()
    assert first["links"]["prev"] is None
    second = get(key, first["links"]["next"].removeprefix("/api/v1/segments")).json()
    assert second["links"]["next"] is None
    shown = [each["email"] for page in (first, second) for each in page["results"]]
    newest_first = sorted(people, key=lambda each: each.pk, reverse=True)
    assert shown == [each.email for each in newest_first]
    assert set(first["results"][0]) == {"contactId", "email", "mobilePhone", "externalId", "since"}


def test_what_is_not_the_sites_or_not_allowed_is_not_read(site: Site, key: ApiKey) -> None:
    foreign = segment(SiteFactory.create(), name="Foreign")
    for path in (f"/{foreign.pk}", f"/{foreign.pk}/members", f"/{uuid4()}"):
        assert get(key, path).status_code == 404
    made = segment(site)
    assert get(key, f"/{made.pk}/members?name=x").status_code == 422
    other = ApiKeyFactory.create(site=site, scopes=[Scope.MANAGEMENT_READ])
    assert get(other, f"/{made.pk}").status_code == 403


def test_a_page_of_members_asks_as_often_as_a_shorter_one(
    site: Site, key: ApiKey, django_assert_max_num_queries: Any
) -> None:
    made = segment(site)
    for _ in range(5):
        contact(site)
    computed(made)
    with django_assert_max_num_queries(12):
        assert len(get(key, f"/{made.pk}/members").json()["results"]) == 5
