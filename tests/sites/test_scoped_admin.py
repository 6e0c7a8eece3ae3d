from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.test import RequestFactory

from sites.models import Membership, Role, Site, User
from sites.scope import SUPERUSER
from sites.scoped_admin import ScopedRelatedFilter, SiteScopedAdmin, SuperuserAdmin
from tests.conftest import MakeMember
from tests.factories import SiteFactory, SourceFactory
from tests.webhooks.received import received_event
from webhooks.inbound.models import EventOutcome, Outcome, ReceivedEvent, Source, Status

pytestmark = pytest.mark.django_db
CONSOLE = admin.AdminSite(name="test")


class EventAdmin(SiteScopedAdmin):
    add_role = None
    change_role = Role.SUPPORT
    list_filter = ("source", "status")
    date_hierarchy = "received_at"
    actions = ("replay", "forget", "anything")

    @admin.action(permissions=["support"])
    def replay(self, request: HttpRequest, queryset: QuerySet[ReceivedEvent]) -> None:
        request.META["acted_on"] = set(queryset)

    @admin.action(permissions=["admin"])
    def forget(self, request: HttpRequest, queryset: QuerySet[ReceivedEvent]) -> None:
        request.META["acted_on"] = set(queryset)

    def anything(self, request: HttpRequest, queryset: QuerySet[ReceivedEvent]) -> None:
        raise AssertionError("An action that names no role must never run.")


class OutcomeAdmin(SiteScopedAdmin):
    site_path = "received_event__site"


class SourceAdmin(SiteScopedAdmin):
    pass


class MembershipAdmin(SiteScopedAdmin):
    change_role = Role.ADMIN
    add_role = SUPERUSER


CONSOLE.register(ReceivedEvent, EventAdmin)
CONSOLE.register(EventOutcome, OutcomeAdmin)
CONSOLE.register(Source, SourceAdmin)
CONSOLE.register(Membership, MembershipAdmin)
EVENTS: Any = CONSOLE.get_model_admin(ReceivedEvent)
OUTCOMES: Any = CONSOLE.get_model_admin(EventOutcome)
SOURCES: Any = CONSOLE.get_model_admin(Source)
MEMBERSHIPS: Any = CONSOLE.get_model_admin(Membership)


@pytest.fixture
def other(db: None) -> Site:
    return SiteFactory.create()


def as_user(user: User) -> Any:
    request = RequestFactory().get("/")
    request.user = user
    return request


def event_on(site: Site) -> ReceivedEvent:
    return received_event(SourceFactory.create(site=site), Status.FAILED)


def test_rows_are_those_of_sites_where_the_role_suffices(
    site: Site, other: Site, member: MakeMember, superuser: User
) -> None:
    mine, foreign = event_on(site), event_on(other)
    assert list(EVENTS.get_queryset(as_user(member(Role.VIEWER)))) == [mine]
    assert set(EVENTS.get_queryset(as_user(superuser))) == {mine, foreign}


def test_row_finds_its_site_through_another(site: Site, other: Site, member: MakeMember) -> None:
    outcomes = [
        EventOutcome.objects.create(
            received_event=event_on(each), position=0, event_type="x", outcome=Outcome.APPLIED
        )
        for each in (site, other)
    ]
    request = as_user(member(Role.OPERATOR))
    assert list(OUTCOMES.get_queryset(request)) == outcomes[:1]
    assert [OUTCOMES.has_change_permission(request, each) for each in outcomes] == [True, False]


@pytest.mark.parametrize(
    ("role", "view", "add", "change", "delete"),
    [
        (Role.VIEWER, True, False, False, False),
        (Role.SUPPORT, True, False, False, False),
        (Role.OPERATOR, True, True, True, False),
        (Role.ADMIN, True, True, True, True),
    ],
)
def test_role_decides_on_each_permission(
    site: Site, other: Site, member: MakeMember,
    role: Role, view: bool, add: bool, change: bool, delete: bool,
) -> None:  # fmt: skip
    request = as_user(member(role))
    mine, foreign = SourceFactory.create(site=site), SourceFactory.create(site=other)
    for obj in (mine, None):
        assert SOURCES.has_view_permission(request, obj) is view
        assert SOURCES.has_change_permission(request, obj) is change
        assert SOURCES.has_delete_permission(request, obj) is delete
    assert SOURCES.has_add_permission(request) is add
    assert SOURCES.get_model_perms(request)["view"] is view
    assert not SOURCES.has_view_permission(request, foreign)
    assert not SOURCES.has_delete_permission(request, foreign)


def test_granted_model_permissions_count_for_nothing(site: Site, other: Site) -> None:
    from django.contrib.auth.models import Permission

    user = User.objects.create(username="staff", is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    request = as_user(user)
    assert not SOURCES.has_module_permission(request)
    assert not SOURCES.has_view_permission(request)
    assert not SuperuserAdmin(User, CONSOLE).has_view_permission(request)


def test_none_means_nobody_and_superuser_means_them(
    site: Site, member: MakeMember, superuser: User
) -> None:
    assert not EVENTS.has_add_permission(as_user(superuser))
    assert MEMBERSHIPS.has_add_permission(as_user(superuser))
    assert not MEMBERSHIPS.has_add_permission(as_user(member(Role.ADMIN)))


def test_scoped_object_hides_strangers_and_refuses_lesser_roles(
    site: Site, other: Site, member: MakeMember
) -> None:
    request = as_user(member(Role.SUPPORT))
    mine, foreign = event_on(site), event_on(other)
    assert EVENTS.scoped_object(request, str(mine.pk), Role.SUPPORT) == mine
    with pytest.raises(PermissionDenied):
        EVENTS.scoped_object(request, str(mine.pk), Role.ADMIN)
    with pytest.raises(Http404):
        EVENTS.scoped_object(request, str(foreign.pk))


def test_action_gets_only_rows_where_its_role_is_held(
    site: Site, other: Site, member: MakeMember
) -> None:
    user = member(Role.SUPPORT)
    Membership.objects.create(site=other, user=user, role=Role.VIEWER)
    mine, viewed = event_on(site), event_on(other)
    request = as_user(user)
    assert set(EVENTS.get_queryset(request)) == {mine, viewed}
    actions = EVENTS.get_actions(request)
    assert set(actions) == {"replay"}
    actions["replay"][0](EVENTS, request, EVENTS.get_queryset(request))
    assert request.META["acted_on"] == {mine}


def test_delete_action_goes_through_delete_model(
    site: Site, member: MakeMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    deleted: list[Source] = []
    monkeypatch.setattr(SOURCES, "delete_model", lambda request, obj: deleted.append(obj))
    source = SourceFactory.create(site=site)
    SOURCES.delete_queryset(as_user(member(Role.ADMIN)), Source.objects.all())
    assert deleted == [source]


def test_deletion_page_lists_the_row_and_not_its_millions(
    site: Site, other: Site, member: MakeMember
) -> None:
    source = event_on(site).source
    request = as_user(member(Role.ADMIN))
    assert SOURCES.get_deleted_objects([source], request) == (
        [str(source)], {"source": 1}, set(), [],
    )  # fmt: skip
    foreign = SourceFactory.create(site=other)
    assert SOURCES.get_deleted_objects([source, foreign], request)[2] == {"source"}


def test_posted_id_of_another_site_is_refused_by_the_form(
    site: Site, other: Site, member: MakeMember
) -> None:
    request = as_user(member(Role.OPERATOR))
    form = SOURCES.get_form(request, fields=["site", "name"])
    assert form({"site": site.pk, "name": "x"}).is_valid()
    assert "site" in form({"site": other.pk, "name": "x"}).errors


def test_site_where_the_member_only_looks_is_no_choice(
    site: Site, other: Site, member: MakeMember
) -> None:
    user = member(Role.OPERATOR)
    Membership.objects.create(site=other, user=user, role=Role.VIEWER)
    field = SOURCES.formfield_for_foreignkey(Source._meta.get_field("site"), as_user(user))
    assert list(field.queryset) == [site]


def test_rows_without_a_site_are_choices_for_superusers_alone(
    site: Site, member: MakeMember, superuser: User
) -> None:
    field = Membership._meta.get_field("user")
    mine = MEMBERSHIPS.formfield_for_foreignkey(field, as_user(member(Role.ADMIN)))
    assert not mine.queryset.exists()
    assert MEMBERSHIPS.formfield_for_foreignkey(field, as_user(superuser)).queryset.exists()


def test_form_cannot_move_a_row_to_a_site_of_lesser_role(
    site: Site, other: Site, member: MakeMember
) -> None:
    source = SourceFactory.create(site=site)
    request = as_user(member(Role.OPERATOR))

    class Loose(forms.ModelForm):  # type: ignore[type-arg]
        class Meta:
            model = Source
            fields = ("site",)

    SOURCES.save_form(request, _validated(Loose({"site": site.pk}, instance=source)), True)
    with pytest.raises(PermissionDenied):
        SOURCES.save_form(request, _validated(Loose({"site": other.pk}, instance=source)), True)


def _validated(form: Any) -> Any:
    assert form.is_valid()
    return form


def test_list_filter_offers_own_rows_only(site: Site, other: Site, member: MakeMember) -> None:
    mine, foreign = event_on(site).source, event_on(other).source
    request = as_user(member(Role.VIEWER))
    (_, filter_class), status = EVENTS.get_list_filter(request)
    assert (filter_class, status) == (ScopedRelatedFilter, "status")
    field = ReceivedEvent._meta.get_field("source")
    built = filter_class(field, request, {}, ReceivedEvent, EVENTS, "source")
    assert [choice[0] for choice in built.lookup_choices] == [mine.pk]
    assert foreign.pk != mine.pk


@pytest.mark.parametrize(
    ("lookup", "allowed"),
    [
        ("status__exact", True),
        ("source__id__exact", True),
        ("site__id__exact", True),
        ("received_at__year", True),
        ("pk__in", True),
        ("id", True),
        ("body__contains", False),
        ("dedupe_key__startswith", False),
        ("site__name__startswith", False),
        ("source__name__startswith", False),
        ("source__site__memberships__user__password__startswith", False),
    ],
)
def test_only_declared_lookups_may_be_typed_into_the_address(
    lookup: str, allowed: bool, site: Site, member: MakeMember
) -> None:
    assert EVENTS.lookup_allowed(lookup, "x", as_user(member(Role.VIEWER))) is allowed


def test_start_up_checks_refuse_raw_ids_and_actions_without_a_role() -> None:
    class Careless(SiteScopedAdmin):
        raw_id_fields = ("source",)
        actions = ("anything",)

        def anything(self, request: HttpRequest, queryset: QuerySet[ReceivedEvent]) -> None:
            raise AssertionError

    found = {message.id for message in Careless(ReceivedEvent, CONSOLE).check()}
    assert {"patchbay.E001", "patchbay.E002"} <= found


def test_roles_are_read_once_per_request(
    site: Site, member: MakeMember, django_assert_num_queries: Any
) -> None:
    request = as_user(member(Role.OPERATOR))
    source = SourceFactory.create(site=site)
    with django_assert_num_queries(1):
        for _ in range(3):
            assert SOURCES.has_change_permission(request, source)
            assert SOURCES.has_view_permission(request)
