from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from sites.audit import Actor
from sites.models import Role, Site
from sites.planned_jobs import job_site_ids
from tests.conftest import MakeMember
from tests.factories import SiteFactory, SuperuserFactory

SYSTEM = Actor.system("test")


@pytest.mark.django_db
def test_job_of_several_sites_is_for_superusers(site: Site, member: MakeMember) -> None:
    other = SiteFactory.create()
    both, somebody = (site.pk, other.pk), member(Role.ADMIN)
    person = Actor(user=somebody, label=somebody.username)
    boss = Actor(user=SuperuserFactory.create(), label="boss")
    assert job_site_ids(both, site=site, actor=person) == (site.pk,)
    assert job_site_ids((other.pk,), site=site, actor=person) == ()
    assert job_site_ids(both, site=None, actor=boss) == both
    assert job_site_ids(both, site=None, actor=SYSTEM) == both
    with pytest.raises(ValidationError, match="Choose one site"):
        job_site_ids(both, site=None, actor=person)
