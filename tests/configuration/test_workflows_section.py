from __future__ import annotations

from typing import Any, Final

import pytest
import yaml

from automation.models import Workflow
from config.configuration.applying import Applied, configuration_apply
from config.configuration.exporting import configuration_export
from config.configuration.problems import ConfigurationInvalid
from sites.audit import Actor
from sites.models import Site
from tests.automation.workflows.making import definition, set_field, step
from tests.factories import SiteFactory

pytestmark = pytest.mark.django_db

SYSTEM: Final = Actor.system("test")
WORKFLOWS: Final[list[dict[str, Any]]] = [
    {
        "name": "Gold gets a gift",
        "description": "Once",
        "running": True,
        "definition": {
            "trigger": {"type": "segment_entry", "segment": "Gold"},
            "entry": "once",
            "event_conditions": [],
            "contact_rule": None,
            "steps": [
                {"id": "s1", "action": "assign_promotion", "settings": {"promotion": "Gift"}}
            ],
        },
    },
    {
        "name": "Moved",
        "description": "",
        "running": False,
        "definition": definition(
            {"id": "a", **set_field("language", "sv")},
            {"id": "b", **step("wait", amount=1, unit="days")},
            trigger={"type": "contact_change", "fields": ["city"], "created": "never"},
            entry="always",
            event_conditions=[],
            contact_rule=None,
        ),
    },
]
RULE: Final = {"include": {"kind": "group", "match": "all", "items": []}, "exclude": None}


def content(slug: str, workflows: Any) -> bytes:
    document = {
        "version": 1,
        "site": {"slug": slug},
        "promotions": [{"name": "Gift", "draft": False}],
        "segments": [{"name": "Gold", "rule": RULE}],
        "workflows": workflows,
    }
    return yaml.safe_dump(document, allow_unicode=True).encode()


def applied(workflows: Any, slug: str = "brand", **how: Any) -> Applied:
    return configuration_apply(
        files=[content(slug, workflows)], environment={}, actor=SYSTEM, **how
    )


@pytest.fixture
def brand() -> Site:
    return SiteFactory.create(slug="brand")


def exported(site: Site) -> Any:
    return yaml.safe_load(configuration_export(site=site))["workflows"]


def test_an_export_applied_elsewhere_exports_the_same(brand: Site) -> None:
    assert applied(WORKFLOWS).changes
    assert not applied(WORKFLOWS).changes
    assert exported(brand) == WORKFLOWS
    other = SiteFactory.create(slug="other")
    applied(exported(brand), slug="other")
    assert exported(other) == WORKFLOWS
    trigger = Workflow.objects.get(site=other, state="running").active_version
    assert trigger is not None
    assert trigger.definition["trigger"]["segment"] == str(other.segments.get().pk)


def test_running_is_started_and_paused(brand: Site) -> None:
    applied(WORKFLOWS)
    applied([{"name": "Moved", "running": True}, {"name": "Gold gets a gift", "running": False}])
    states = dict(Workflow.objects.values_list("name", "state"))
    assert states == {"Moved": "running", "Gold gets a gift": "paused"}


def test_unlisted_workflow_is_kept_unless_pruned_and_goes_before_what_it_uses(
    brand: Site,
) -> None:
    applied(WORKFLOWS)
    assert applied(WORKFLOWS[1:]).unlisted == ("workflow Gold gets a gift",)
    file = {"version": 1, "site": {"slug": "brand"}, "segments": [], "workflows": WORKFLOWS[1:]}
    raw = yaml.safe_dump(file).encode()
    configuration_apply(files=[raw], environment={}, actor=SYSTEM, prune=True)
    assert not brand.segments.exists()
    assert [each["name"] for each in exported(brand)] == ["Moved"]


def test_problems_are_named_by_their_place(brand: Site) -> None:
    bad = [{**WORKFLOWS[0], "definition": {"trigger": {"type": "segment_entry", "segment": "X"}}}]
    with pytest.raises(ConfigurationInvalid) as caught:
        applied([*bad, {"name": "New"}])
    told = "\n".join(caught.value.problems)
    assert "workflows[0].definition.trigger.segment" in told
    assert "workflows[0].definition.steps" in told
    assert "workflows[1].definition" in told
