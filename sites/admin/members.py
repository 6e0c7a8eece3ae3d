"""The members of a site: added, given a role and removed on the site's own page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse

from sites.audit import Actor
from sites.models import Membership, Role, Site
from sites.services import (
    member_add,
    member_change_role,
    member_remove,
    member_tell_trouble,
)


def role_name(role: Role) -> str:
    """Return the word before the colon of a role's label."""
    return str(role.label).partition(":")[0]


class AddMemberForm(forms.Form):
    username = forms.CharField(max_length=150, label="User name or e-mail")
    email = forms.EmailField(
        required=False,
        label="E-mail",
        help_text="For a new account whose user name is not an address.",
    )
    role = forms.ChoiceField(
        choices=[(role.value, role_name(role)) for role in Role], initial=Role.VIEWER
    )


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Role.choices)


def members_context(site: Site) -> dict[str, Any]:
    memberships = site.memberships.select_related("user").order_by("user__username")
    return {
        "memberships": memberships,
        "roles": [(role.value, role_name(role)) for role in Role],
        "role_sentences": [str(role.label) for role in Role],
        "add_member_form": AddMemberForm(prefix="member"),
        "is_mail_on": settings.EMAIL_IS_ON,
    }


def add_member(request: HttpRequest, site: Site, admin_site: AdminSite) -> HttpResponse:
    """Add a member; a made account's password is in this one answer and nowhere else."""
    form = AddMemberForm(request.POST, prefix="member")
    if not form.is_valid():
        return _refused(request, site, ValidationError(form.errors.as_data()))
    given = form.cleaned_data
    try:
        added = member_add(
            site=site,
            role=Role(given["role"]),
            actor=Actor.from_request(request),
            username=given["username"],
            email=given["email"],
        )
    except ValidationError as error:
        return _refused(request, site, error)
    if not added.first_password:
        messages.success(request, f"{added.membership.user} is now a member of {site}.")
        return _back(site)
    context = admin_site.each_context(request) | {
        "title": "Account created",
        "site": site,
        "membership": added.membership,
        "first_password": added.first_password,
        "login_url": request.build_absolute_uri(reverse("admin:login")),
    }
    return TemplateResponse(request, "admin/sites/member_created.html", context)


def change_role(request: HttpRequest, site: Site, membership_id: int) -> HttpResponse:
    membership = get_object_or_404(Membership, pk=membership_id, site=site)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _refused(request, site, ValidationError(form.errors.as_data()))
    role = Role(form.cleaned_data["role"])
    try:
        member_change_role(membership=membership, role=role, actor=Actor.from_request(request))
    except ValidationError as error:
        return _refused(request, site, error)
    messages.success(request, f"{membership.user} is now {role.value} on {site}.")
    return _back(site)


def tell_trouble(request: HttpRequest, site: Site, membership_id: int) -> HttpResponse:
    membership = get_object_or_404(Membership, pk=membership_id, site=site)
    wanted = request.POST.get("wanted") == "on"
    try:
        member_tell_trouble(membership=membership, wanted=wanted, actor=Actor.from_request(request))
    except ValidationError as error:
        return _refused(request, site, error)
    told = "is told" if wanted else "is not told any more"
    messages.success(request, f"{membership.user} {told} about delivery trouble on {site}.")
    return _back(site)


def remove_member(request: HttpRequest, site: Site, membership_id: int) -> HttpResponse:
    membership = get_object_or_404(Membership, pk=membership_id, site=site)
    try:
        member_remove(membership=membership, actor=Actor.from_request(request))
    except ValidationError as error:
        return _refused(request, site, error)
    messages.success(request, f"{membership.user} is no longer a member of {site}.")
    return _back(site)


def _refused(request: HttpRequest, site: Site, error: ValidationError) -> HttpResponse:
    for sentence in error.messages:
        messages.error(request, sentence)
    return _back(site)


def _back(site: Site) -> HttpResponse:
    # Somebody who removed themselves has no page to come back to.
    return HttpResponseRedirect(reverse("admin:sites_site_change", args=[site.pk]) + "#members")
