from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from sites.audit import Actor
from sites.models import AuditEntry, Membership, Role, Site, User
from sites.roles import has_role, may_log_in, role_on, sites_for
from sites.services import (
    member_add,
    member_change_role,
    member_remove,
    member_tell_trouble,
    site_create,
    site_update,
)
from tests.conftest import MakeMember
from tests.factories import MembershipFactory, SiteFactory, UserFactory

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")


def actor_of(user: User) -> Actor:
    return Actor(user=user, label=user.username)


def test_each_role_includes_the_lesser_ones(site: Site, member: MakeMember) -> None:
    user = member(Role.SUPPORT)
    assert role_on(user, site) is Role.SUPPORT
    assert [has_role(user, site, role) for role in Role] == [True, True, False, False]
    assert list(sites_for(user, Role.SUPPORT)) == [site]
    assert not sites_for(user, Role.OPERATOR).exists()


def test_stranger_and_inactive_member_have_no_role(site: Site, member: MakeMember) -> None:
    stranger = UserFactory.create()
    assert role_on(stranger, site) is None
    assert not may_log_in(stranger)
    former = member(Role.ADMIN)
    former.is_active = False
    assert role_on(former, site) is None
    assert not may_log_in(former)


def test_superuser_is_admin_everywhere(site: Site, superuser: User) -> None:
    assert has_role(superuser, site, Role.ADMIN)
    assert list(sites_for(superuser, Role.ADMIN)) == [site]
    assert may_log_in(superuser)


def test_unknown_person_gets_an_account_and_a_password_once(site: Site) -> None:
    added = member_add(site=site, role=Role.VIEWER, actor=SYSTEM, username="eva@example.com")
    user = added.membership.user
    assert user.check_password(added.first_password)
    assert user.email == "eva@example.com"
    recorded = str(list(AuditEntry.objects.values()))
    assert "member.added" in recorded
    assert added.first_password not in recorded


@pytest.mark.parametrize("given", ["eva", "eva@example.com", "EVA@example.com"])
def test_known_person_keeps_the_account(site: Site, given: str) -> None:
    user = UserFactory.create(username="eva", email="eva@example.com")
    added = member_add(site=site, role=Role.VIEWER, actor=SYSTEM, username=given)
    assert added.membership.user == user
    assert added.first_password == ""


def test_second_membership_is_refused(site: Site, member: MakeMember) -> None:
    user = member(Role.VIEWER)
    with pytest.raises(ValidationError, match="already a member"):
        member_add(site=site, role=Role.ADMIN, actor=SYSTEM, username=user.username)


def test_last_admin_stays(site: Site, member: MakeMember) -> None:
    admin = member(Role.ADMIN)
    gone = member(Role.ADMIN)
    gone.is_active = False
    gone.save()
    membership = Membership.objects.get(user=admin)
    with pytest.raises(ValidationError, match="last admin"):
        member_remove(membership=membership, actor=actor_of(admin))
    with pytest.raises(ValidationError, match="last admin"):
        member_change_role(membership=membership, role=Role.VIEWER, actor=actor_of(admin))

    member(Role.ADMIN)
    member_change_role(membership=membership, role=Role.VIEWER, actor=actor_of(admin))
    assert role_on(admin, site) is Role.VIEWER


def test_superuser_may_remove_the_last_admin(site: Site, superuser: User) -> None:
    membership = MembershipFactory.create(site=site, role=Role.ADMIN)
    member_remove(membership=membership, actor=actor_of(superuser))
    entry = AuditEntry.objects.get(action="member.removed")
    assert entry.changes == {"user": [membership.user.username, ""], "role": ["admin", ""]}
    assert not Membership.objects.exists()


def test_member_is_told_of_trouble_when_asked_for(site: Site) -> None:
    membership = MembershipFactory.create(site=site)
    for wanted in (True, True, False):
        member_tell_trouble(membership=membership, wanted=wanted, actor=SYSTEM)
        assert Membership.objects.get().wants_trouble_mail is wanted
    assert AuditEntry.objects.filter(action="member.notices_changed").count() == 2


def test_member_without_an_address_cannot_be_told(site: Site) -> None:
    membership = MembershipFactory.create(site=site, user__email="")
    with pytest.raises(ValidationError, match="has no e-mail address"):
        member_tell_trouble(membership=membership, wanted=True, actor=SYSTEM)
    assert not Membership.objects.get().wants_trouble_mail


def test_site_changes_are_validated_and_audited() -> None:
    site = site_create(site=Site(name="Brand", slug="brand"), actor=SYSTEM)
    site.name, site.time_zone = "Brand Nordic", "Europe/Stockholm"
    site_update(site=site, actor=SYSTEM)
    site_update(site=site, actor=SYSTEM)
    created, updated = AuditEntry.objects.order_by("id")
    assert created.changes["slug"] == [None, "brand"]
    assert updated.changes == {
        "name": ["Brand", "Brand Nordic"],
        "time_zone": ["UTC", "Europe/Stockholm"],
    }
    site.time_zone = "Mars/Olympus"
    with pytest.raises(ValidationError, match="time zone"):
        site_update(site=site, actor=SYSTEM)
    with pytest.raises(ValidationError):
        site_create(site=Site(name="Other", slug="brand"), actor=SYSTEM)


def test_audit_survives_its_site(site: Site) -> None:
    other = SiteFactory.create()
    site_update(site=Site.objects.get(pk=other.pk), actor=SYSTEM)
    other.name = "Renamed"
    site_update(site=other, actor=SYSTEM)
    other.delete()
    assert AuditEntry.objects.get(action="site.updated").object_label == "Renamed"
