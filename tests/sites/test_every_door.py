"""Walks every admin by introspection: a member of one site reaches no row of another.

A new admin is walked without being named here; it fails until it builds on `SiteScopedAdmin`, or
is for superusers and listed below, and until `foreign_rows` can make a row for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db.models import ForeignKey, Model
from django.test import Client
from django.urls import NoReverseMatch, reverse

from sites.models import AuditEntry, Role, Site, User
from sites.scope import site_path_of
from sites.scoped_admin import SiteScopedAdmin
from tests.factories import MembershipFactory, SiteFactory, UserFactory
from tests.sites.foreign_rows import MAKERS

pytestmark = pytest.mark.django_db

SUPERUSERS_ONLY = {"axes.AccessAttempt", "django_q.Failure", "django_q.OrmQ", "django_q.Schedule",
                   "sites.User"}  # fmt: skip
OWN, FOREIGN = "ownmark", "foreignmark"
REFUSED = {302, 403, 404, 405}
# Posted to every page: what confirms a deletion, and what changes a row.
FORMS: tuple[dict[str, Any], ...] = ({}, {"post": "yes"}, {"confirm": "yes", "vouched": "on"})


def registered() -> dict[type[Model], admin.ModelAdmin[Any]]:
    return dict(admin.site._registry)


def scoped_models() -> list[type[Model]]:
    return [model for model, own in registered().items() if isinstance(own, SiteScopedAdmin)]


by_model = pytest.mark.parametrize("model", scoped_models(), ids=lambda model: model._meta.label)


@pytest.fixture
def foreign_site(db: None) -> Site:
    return SiteFactory.create(name=f"{FOREIGN} brand", slug=FOREIGN, tenant_name=FOREIGN)


@pytest.fixture
def own_site(db: None) -> Site:
    return SiteFactory.create(name=f"{OWN} brand", slug=OWN)


@pytest.fixture
def client(client: Client, own_site: Site) -> Client:
    """Logged in with the greatest role there is, on the own site only."""
    user = UserFactory.create(username="insider")
    MembershipFactory.create(site=own_site, user=user, role=Role.ADMIN)
    client.force_login(user)
    return client


def text_of(response: Any) -> str:
    raw = b"".join(response) if response.streaming else response.content
    return str(raw.decode(errors="replace"))


def pages_of(model: type[Model], pk: Any) -> Iterator[str]:
    """Yield the address of every page of a model's admin, with `pk` wherever a key is asked for."""
    for pattern in registered()[model].get_urls():
        if not pattern.name:
            continue
        arguments = dict.fromkeys(pattern.pattern.converters, pk)
        try:
            yield reverse(f"admin:{pattern.name}", kwargs=arguments)
        except NoReverseMatch:
            # The page takes a number and this model's keys are none: any number will do.
            yield reverse(
                f"admin:{pattern.name}",
                kwargs={
                    name: 1 if type(converter).__name__ == "IntConverter" else pk
                    for name, converter in pattern.pattern.converters.items()
                },
            )


def rows_of_site(site: Site) -> dict[str, list[dict[str, Any]]]:
    """Return all rows that belong to the site, to see that nothing touched them."""
    rows = {}
    for model in apps.get_models():
        path = site_path_of(model, admin.site)
        if path is not None and model is not AuditEntry:
            found = model._base_manager.filter(**{path: site.pk}).order_by("pk").values()
            rows[model._meta.label] = list(found)
    return rows


def test_every_admin_is_scoped_or_for_superusers() -> None:
    others = {
        model._meta.label
        for model, own in registered().items()
        if not isinstance(own, SiteScopedAdmin)
    }
    assert others <= SUPERUSERS_ONLY, "Build these on SiteScopedAdmin."
    unknown = [model._meta.label for model in scoped_models() if model not in MAKERS]
    assert unknown == [], "Say in foreign_rows how to make one."


@by_model
def test_own_row_is_reached(model: type[Model], client: Client, own_site: Site) -> None:
    """Without this the walk could pass because nobody sees anything."""
    row = MAKERS[model](own_site, OWN)
    meta = model._meta
    changelist = client.get(reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist"))
    assert changelist.status_code == 200
    assert str(row.pk) in text_of(changelist) or OWN in text_of(changelist)
    change = client.get(reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk]))
    assert change.status_code == 200


@by_model
def test_pages_hide_the_foreign_row(
    model: type[Model], client: Client, own_site: Site, foreign_site: Site
) -> None:
    MAKERS[model](own_site, OWN)
    foreign = MAKERS[model](foreign_site, FOREIGN)
    for url in pages_of(model, foreign.pk):
        response = client.get(url, follow=True)
        assert FOREIGN not in text_of(response), url
        assert response.status_code in REFUSED | {200}, url


@by_model
def test_posts_leave_the_foreign_row_alone(
    model: type[Model], client: Client, own_site: Site, foreign_site: Site
) -> None:
    MAKERS[model](own_site, OWN)
    foreign = MAKERS[model](foreign_site, FOREIGN)
    before = rows_of_site(foreign_site)
    relations = {field.name: getattr(foreign, field.attname) or "" for field in relations_of(model)}
    plain = {
        field.name: "taken"
        for field in model._meta.fields
        if field.editable and not field.is_relation
    }
    for url in pages_of(model, foreign.pk):
        for form in (*FORMS, relations | plain | {"username": "x", "role": "admin", "name": "x"}):
            response = client.post(url, form)
            assert FOREIGN not in text_of(response), url
            assert rows_of_site(foreign_site) == before, url


@by_model
def test_actions_leave_the_foreign_row_alone(
    model: type[Model], client: Client, own_site: Site, foreign_site: Site
) -> None:
    foreign = MAKERS[model](foreign_site, FOREIGN)
    before = rows_of_site(foreign_site)
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    for action in registered()[model]._get_base_actions():  # type: ignore[attr-defined]
        for across in ("0", "1"):
            for extra in FORMS:
                form = {"action": action[1], "_selected_action": [foreign.pk],
                        "select_across": across, **extra}  # fmt: skip
                response = client.post(url, form, follow=True)
                assert FOREIGN not in text_of(response), action[1]
                assert rows_of_site(foreign_site) == before, action[1]


@by_model
def test_filters_and_searches_find_no_foreign_row(
    model: type[Model], client: Client, own_site: Site, foreign_site: Site
) -> None:
    foreign = MAKERS[model](foreign_site, FOREIGN)
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    queries: list[dict[str, Any]] = [{"q": str(foreign.pk)}]
    for field in relations_of(model):
        value = getattr(foreign, field.attname) or 0
        queries += [{f"{field.name}__id__exact": value}, {field.name: value}]
    for query in queries:
        assert FOREIGN not in text_of(client.get(url, query)), query


@by_model
def test_filters_and_searches_take_what_no_column_holds(
    model: type[Model], client: Client, own_site: Site
) -> None:
    row = MAKERS[model](own_site, OWN)
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    specs = client.get(url).context["cl"].filter_specs or ()
    names = {name for spec in specs for name in spec.expected_parameters() if name}
    for name in sorted({"q", *names}):
        for value in ("\x00", "9" * 5_000, "²", "9999-12-31T23:59:59-14:00"):
            page = client.get(url, {name: value})
            # Where Django's own filters meet such a value, they lead back to the whole list.
            assert page.status_code in (200, 302), (name, value[:20], row.pk)


def test_autocompletes_offer_no_foreign_row(
    client: Client, own_site: Site, foreign_site: Site
) -> None:
    for make in MAKERS.values():
        make(own_site, OWN)
        make(foreign_site, FOREIGN)
    asked = 0
    for model in apps.get_models():
        for field in relations_of(model):
            response = client.get(
                reverse("admin:autocomplete"),
                {"app_label": model._meta.app_label, "model_name": str(model._meta.model_name),
                 "field_name": field.name},
            )  # fmt: skip
            # 404: jobs are not searched, so that nobody is offered one.
            assert response.status_code in (200, 403, 404), field
            assert FOREIGN not in text_of(response), field
            asked += OWN in text_of(response)
    assert asked, "No autocomplete answered at all, so nothing was tested."


def test_front_page_shows_no_foreign_row(
    client: Client, own_site: Site, foreign_site: Site
) -> None:
    for make in MAKERS.values():
        make(foreign_site, FOREIGN)
    for label in {model._meta.app_label for model in registered()}:
        response = client.get(reverse("admin:app_list", args=[label]))
        assert response.headers["Location"] == reverse("admin:index")
    assert FOREIGN not in text_of(client.get(reverse("admin:index")))


@by_model
def test_strangers_get_no_page_at_all(model: type[Model], foreign_site: Site) -> None:
    foreign = MAKERS[model](foreign_site, FOREIGN)
    stranger = Client()
    stranger.force_login(UserFactory.create(is_staff=True))
    for url in pages_of(model, foreign.pk):
        for visitor in (Client(), stranger):
            for response in (visitor.get(url), visitor.post(url)):
                assert response.status_code in REFUSED, url
                assert FOREIGN not in text_of(response), url


@pytest.mark.parametrize("label", sorted(SUPERUSERS_ONLY))
def test_admins_of_the_installation_are_for_superusers(
    label: str, client: Client, superuser: User
) -> None:
    model = apps.get_model(label)
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    assert client.get(url).status_code == 403
    assert client.post(url, {"action": "delete_selected"}).status_code == 403
    client.force_login(superuser)
    assert client.get(url).status_code == 200


def relations_of(model: type[Model]) -> list[ForeignKey[Any, Any]]:
    return [field for field in model._meta.fields if isinstance(field, ForeignKey)]
