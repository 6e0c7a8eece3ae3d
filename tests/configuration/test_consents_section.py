from __future__ import annotations

from typing import Any, Final

import pytest
import yaml

from config.configuration.applying import Applied, configuration_apply
from config.configuration.exporting import configuration_export
from config.configuration.problems import ConfigurationInvalid
from contacts.models import ConsentDefinition, ConsentText
from integrations.contact_change import ConsentFact
from sites.audit import Actor
from sites.models import Site
from tests.contacts.changes import apply
from tests.factories import ConsentDefinitionFactory, SiteFactory

pytestmark = pytest.mark.django_db

SYSTEM: Final = Actor.system("test")
CONSENTS: Final[list[dict[str, Any]]] = [
    {"id": "news", "name": "no", "active": False, "texts": {}},
    {
        "id": "terms",
        "name": "Terms: “all”",
        "active": True,
        "texts": {
            "en-GB": {"condition": "<p>One</p>\n<p>Two</p>", "display": "Yes", "link": "Read"},
            "sv-SE": {"display": "Ja"},
        },
    },
]


def document(consents: Any) -> bytes:
    content = {"version": 1, "site": {"slug": "brand"}, "consents": consents}
    return yaml.safe_dump(content, allow_unicode=True).encode()


def applied(consents: Any, **how: Any) -> Applied:
    return configuration_apply(files=[document(consents)], environment={}, actor=SYSTEM, **how)


def problems(consents: Any, **how: Any) -> list[str]:
    with pytest.raises(ConfigurationInvalid) as caught:
        applied(consents, **how)
    return caught.value.problems


@pytest.fixture
def brand(db: None) -> Site:
    return SiteFactory.create(slug="brand")


def test_an_export_applied_elsewhere_exports_the_same(brand: Site) -> None:
    assert applied(CONSENTS).changes
    # The same texts again are no new version.
    assert not applied(CONSENTS).changes
    assert ConsentText.objects.get().version == 1
    exported = configuration_export(site=brand)
    assert yaml.safe_load(exported)["consents"] == CONSENTS
    ConsentDefinition.objects.all().delete()
    configuration_apply(files=[exported.encode()], environment={}, actor=SYSTEM)
    assert configuration_export(site=brand) == exported


def test_what_an_entry_leaves_out_stays_and_other_texts_are_the_next_version(brand: Site) -> None:
    applied(CONSENTS)
    applied([{"id": "terms"}])
    applied([{"id": "terms", "texts": {"sv-SE": {"display": "Ja tack"}}}])
    terms = ConsentDefinition.objects.get(consent_id="terms")
    assert (terms.name, terms.is_active) == ("Terms: “all”", True)
    newest = terms.versions.get(version=2)
    assert newest.texts == {"sv-SE": {"condition": "", "display": "Ja tack", "link": ""}}


def test_every_problem_is_named_and_nothing_is_written(brand: Site) -> None:
    found = problems(
        [
            {"id": "a"},
            {"id": "b", "name": "B", "texts": {"sv": {"display": "Ja"}}},
            {"id": "c", "name": "C", "active": "yes"},
            {"id": "d", "name": "D", "texts": {"sv-SE": {"display": 1}}},
        ]
    )
    assert [line.partition(":")[0] for line in found] == [
        "consents[0].name",
        "consents[1].texts",
        "consents[2].active",
        "consents[3].texts",
    ]
    assert not ConsentDefinition.objects.exists()


def test_prune_removes_what_nobody_answered(brand: Site) -> None:
    for consent_id in ("kept", "gone", "answered"):
        ConsentDefinitionFactory.create(site=brand, consent_id=consent_id, name=consent_id)
    assert applied([{"id": "kept"}]).unlisted == ("consent answered", "consent gone")
    fact = ConsentFact(consent_id="answered", value=True)
    apply(brand, {"email": "a@example.com"}, consents=(fact,))
    (problem,) = problems([{"id": "kept"}], prune=True)
    assert "proof of what they agreed to" in problem
    applied([{"id": "kept"}, {"id": "answered"}], prune=True)
    assert set(ConsentDefinition.objects.values_list("consent_id", flat=True)) == {
        "kept",
        "answered",
    }
