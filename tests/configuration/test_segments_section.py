from __future__ import annotations

from typing import Any, Final

import pytest
import yaml

from automation.models import Segment
from config.configuration.applying import Applied, configuration_apply
from config.configuration.exporting import configuration_export
from config.configuration.problems import ConfigurationInvalid
from sites.audit import Actor
from sites.models import Site
from tests.automation.segments.made import did, document, field, group
from tests.factories import SiteFactory

pytestmark = pytest.mark.django_db

SYSTEM: Final = Actor.system("test")
FIELDS: Final = [{"id": "tier", "name": "Tier", "type": "text"}]
SEGMENTS: Final[list[dict[str, Any]]] = [
    {
        "name": "Gold",
        "description": "Who is gold, and not away",
        "every_minutes": 60,
        "rule": document(
            field("attribute:tier", "eq", "gold"),
            field("birth_date", "after", "1990-01-31"),
            exclude=group(did("visit", "exactly", 0, days=30, properties=[]), match="any"),
        ),
    },
    {"name": "Now and then", "description": "", "every_minutes": 0, "rule": document()},
]


@pytest.fixture
def brand() -> Site:
    return SiteFactory.create(slug="brand")


def applied(segments: Any, fields: Any = FIELDS, **how: Any) -> Applied:
    content = {
        "version": 1,
        "site": {"slug": "brand"},
        "contact_fields": fields,
        "segments": segments,
    }
    file = yaml.safe_dump(content, allow_unicode=True).encode()
    return configuration_apply(files=[file], environment={}, actor=SYSTEM, **how)


def problems(segments: Any, **how: Any) -> list[str]:
    with pytest.raises(ConfigurationInvalid) as caught:
        applied(segments, **how)
    return caught.value.problems


def test_an_export_applied_elsewhere_exports_the_same(brand: Site) -> None:
    assert applied(SEGMENTS).changes
    assert not applied(SEGMENTS).changes
    assert Segment.objects.get(name="Now and then").every_minutes is None
    exported = configuration_export(site=brand)
    assert [each["name"] for each in yaml.safe_load(exported)["segments"]] == [
        "Gold",
        "Now and then",
    ]
    Segment.objects.all().delete()
    configuration_apply(files=[exported.encode()], environment={}, actor=SYSTEM)
    assert configuration_export(site=brand) == exported


def test_what_is_left_out_stays(brand: Site) -> None:
    applied(SEGMENTS)
    applied([{"name": "Gold", "every_minutes": 90}])
    gold = Segment.objects.get(name="Gold")
    assert gold.every_minutes == 90
    assert gold.rule["exclude"] is not None


def test_unlisted_segments_stay_or_go_before_the_field_that_they_need(brand: Site) -> None:
    applied(SEGMENTS)
    kept = applied(SEGMENTS[1:])
    assert kept.unlisted == ("segment Gold",)
    applied(SEGMENTS[1:], fields=[], prune=True)
    assert [each.name for each in Segment.objects.all()] == ["Now and then"]
    assert not brand.contact_fields.exists()


def test_problems_name_their_place(brand: Site) -> None:
    found = problems(
        [
            {"name": "New"},
            {"name": "Odd", "every_minutes": 1, "rule": document()},
            {"name": "Bad", "rule": document(field("nowhere", "is_set"))},
        ]
    )
    assert [line.partition(": ")[0] for line in found] == [
        "segments[0].rule",
        "segments[1].every_minutes",
        "segments[2].rule.include.items.0.field",
    ]
