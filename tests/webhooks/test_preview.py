from __future__ import annotations

import pytest
from django.apps import apps

from sites.models import Site
from tests.factories import SourceFactory
from webhooks.inbound.models import Source
from webhooks.inbound.sources.preview import source_preview

pytestmark = pytest.mark.django_db


@pytest.fixture
def engage(site: Site) -> Source:
    return SourceFactory.create(site=site, preset_key="voyado_engage")


def row_counts() -> dict[str, int]:
    return {model._meta.label: model._base_manager.count() for model in apps.get_models()}


def test_sample_shows_what_it_would_change_and_saves_nothing(engage: Source) -> None:
    before = row_counts()
    preview = source_preview(source=engage, sample_name="contact.created.json")
    assert preview.refusal is None
    assert preview.identity is not None
    (event,) = preview.events
    assert event.event.type == "contact.created"
    assert event.change is not None
    assert event.change.kind == "created"
    assert "email" in event.change.changes
    assert row_counts() == before


def test_body_that_would_be_refused_says_why(engage: Source) -> None:
    preview = source_preview(source=engage, body=b'{"a": ')
    assert preview.refusal is not None
    assert preview.refusal[0] == "BAD_JSON"
    assert preview.events == ()


def test_unknown_sample_is_an_error(engage: Source) -> None:
    with pytest.raises(KeyError):
        source_preview(source=engage, sample_name="../../etc/passwd")
