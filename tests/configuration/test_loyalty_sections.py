from __future__ import annotations

from typing import Any, Final

import pytest
import yaml

from config.configuration.applying import Applied, configuration_apply
from config.configuration.exporting import configuration_export
from config.configuration.problems import ConfigurationInvalid
from contacts.models import PointDefinition, Promotion
from sites.audit import Actor
from sites.models import Site
from tests.contacts.loyalty.giving import award, contact_of, definition_of, promotion_of
from tests.factories import SiteFactory

pytestmark = pytest.mark.django_db

SYSTEM: Final = Actor.system("test")
POINTS: Final[list[dict[str, Any]]] = [
    {"id": 1, "name": "Bonus points", "expires_after_days": 365, "active": True},
    {"id": 2, "name": "Old points", "expires_after_days": 0, "active": False},
]
PROMOTIONS: Final[list[dict[str, Any]]] = [
    {
        "name": "Spring",
        "draft": False,
        "external_id": "PROMO-1",
        "assigned_unit": "Days",
        "heading": "20 percent off",
        "assigned_amount": 30,
        "ends_at": "2099-04-30T22:00:00+00:00",
        "redemption_channels": [
            {
                "type": "POS",
                "valueType": "PERCENT",
                "value": "20",
                "localValues": [],
                "instruction": "",
            }
        ],
    },
    {"name": "Winter", "draft": True},
]
BOTH: Final = {"point_definitions": POINTS, "promotions": PROMOTIONS}


def applied(content: dict[str, Any], **how: Any) -> Applied:
    document = yaml.safe_dump({"version": 1, "site": {"slug": "brand"}, **content})
    return configuration_apply(files=[document.encode()], environment={}, actor=SYSTEM, **how)


def problems(content: dict[str, Any], **how: Any) -> list[str]:
    with pytest.raises(ConfigurationInvalid) as caught:
        applied(content, **how)
    return caught.value.problems


@pytest.fixture
def brand(db: None) -> Site:
    return SiteFactory.create(slug="brand")


def test_an_export_applied_elsewhere_exports_the_same(brand: Site) -> None:
    assert applied(BOTH).changes
    assert not applied(BOTH).changes
    exported = configuration_export(site=brand)
    read = yaml.safe_load(exported)
    assert {name: read[name] for name in BOTH} == BOTH
    PointDefinition.objects.all().delete()
    Promotion.objects.all().delete()
    configuration_apply(files=[exported.encode()], environment={}, actor=SYSTEM)
    assert configuration_export(site=brand) == exported


def test_what_the_file_leaves_out_stays_and_empty_takes_away(brand: Site) -> None:
    applied(BOTH)
    applied({"promotions": [{"name": "Spring", "heading": "New"}, {"name": "Winter"}]})
    spring = Promotion.objects.get(name="Spring")
    assert (spring.heading, spring.assigned_amount, spring.external_id) == ("New", 30, "PROMO-1")
    applied({"promotions": [{"name": "Spring", "ends_at": "", "assigned_amount": 0}]})
    spring.refresh_from_db()
    assert (spring.ends_at, spring.assigned_amount, spring.assigned_unit) == (None, None, "")


def test_what_is_not_listed_is_named_and_pruned_when_asked(brand: Site) -> None:
    applied(BOTH)
    less = {"point_definitions": POINTS[:1], "promotions": PROMOTIONS[:1]}
    assert applied(less).unlisted == ("points 2", "promotion Winter")
    applied(less, prune=True)
    assert (PointDefinition.objects.count(), Promotion.objects.count()) == (1, 1)


def test_what_contacts_have_is_not_pruned(brand: Site) -> None:
    award(contact_of(brand), definition_of(brand), "1")
    (problem,) = problems({"point_definitions": []}, prune=True)
    assert problem.startswith("point_definitions: Contacts have")


def test_what_a_source_keeps_is_no_configuration(brand: Site) -> None:
    promotion_of(brand, source_key="src_engage", told_id="1")
    assert yaml.safe_load(configuration_export(site=brand))["promotions"] == []
    applied({"promotions": []}, prune=True)
    assert Promotion.objects.exists()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"point_definitions": {}}, "point_definitions: This must be a list."),
        ({"point_definitions": [{"name": "x"}]}, "point_definitions[0].id: Every kind of points"),
        (
            {"point_definitions": [{"id": 1, "name": "a"}, {"id": 1, "name": "b"}]},
            "point_definitions[1].id: 1 is listed twice.",
        ),
        ({"point_definitions": [{"id": 0, "name": "a"}]}, "point_definitions[0].id: "),
        ({"point_definitions": [{"id": 1}]}, "point_definitions[0].name: "),
        ({"promotions": [{"name": "a", "colour": "red"}]}, "promotions[0].colour: There is no"),
        (
            {"promotions": [{"name": "a", "ends_at": "2099-01-01"}]},
            "promotions[0].ends_at: This must be a date and time with its offset",
        ),
        (
            {"promotions": [{"name": "a", "redemption_channels": [{"type": "MOON"}]}]},
            "promotions[0].redemption_channels: Row 1",
        ),
    ],
)
def test_problems_have_a_place(brand: Site, content: dict[str, Any], expected: str) -> None:
    assert problems(content)[0].startswith(expected)
    assert not PointDefinition.objects.exists()
    assert not Promotion.objects.exists()
