from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import RequestFactory, override_settings
from django.views.debug import ExceptionReporter

from integrations.generic_api.authentication import SignedRequest, authenticate, verify
from integrations.generic_api.client import write
from integrations.generic_api.services import generic_api_for, generic_api_save
from integrations.generic_api.visitor import VisitorData
from integrations.models import Purpose
from sites.audit import Actor
from sites.models import Site
from tests.factories import GenericApiFactory

pytestmark = pytest.mark.django_db

SECRET = "a canary that no report may hold"
NOW = datetime(2026, 3, 4, tzinfo=UTC)


class Sabotage(Exception):
    pass


def fail(*args: Any, **kwargs: Any) -> Any:
    raise Sabotage


def save(site: Site) -> None:
    api = generic_api_for(site)
    generic_api_save(api=api, actor=Actor.system("test"), secrets={"hmac_secret": SECRET})


def send(site: Site) -> None:
    api = GenericApiFactory.create(site=site, write_url="http://127.0.0.1:9/", header_value=SECRET)
    visitor = VisitorData(email="jane@example.com")
    write(api=api, visitor=visitor, purpose=Purpose.SUBMISSION)


def sign(site: Site) -> None:
    api = GenericApiFactory.create(site=site, auth_mode="hmac", hmac_secret=SECRET)
    authenticate(api, method="POST", url="http://h.example/", body=b"", now=NOW)


def check(site: Site) -> None:
    api = GenericApiFactory.create(site=site, header_value=SECRET)
    headers = {"Authorization": SECRET}
    verify(api, SignedRequest(method="GET", path="/", headers=headers), NOW)


@pytest.mark.parametrize(
    ("act", "place"),
    [
        (save, "integrations.generic_api.services.audit_record"),
        (save, "integrations.generic_api.validation.options_json"),
        (save, "integrations.generic_api.validation.check_header_value"),
        (send, "integrations.generic_api.client.send"),
        (send, "integrations.generic_api.masking.redact_headers"),
        (sign, "hmac.digest"),
        (check, "hmac.compare_digest"),
    ],
)
def test_report_of_a_mistake_of_ours_holds_no_secret(
    site: Site, monkeypatch: pytest.MonkeyPatch, act: Callable[[Site], None], place: str
) -> None:
    monkeypatch.setattr(place, fail)
    with pytest.raises(Sabotage) as caught:
        act(site)
    request = RequestFactory().get("/")
    with override_settings(DEBUG=False):
        reporter = ExceptionReporter(request, caught.type, caught.value, caught.tb)
        # The frames of this test are no part of the product.
        frames = [
            frame
            for frame in reporter.get_traceback_frames()
            if "/tests/" not in str(frame["filename"])
        ]
    assert frames
    assert SECRET not in repr(frames)
