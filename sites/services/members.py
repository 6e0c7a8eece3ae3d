from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction

from common.identifiers import random_token
from sites.audit import Actor, audit_record
from sites.models import Membership, Role, Site, User

LAST_ADMIN = (
    "This is the site's last admin, and without one nobody could change its members or secrets. "
    "Make somebody else an admin first."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedMember:
    """A new member; `first_password` is set when an account was made, and shown this once."""

    membership: Membership
    first_password: str = ""


@transaction.atomic
def member_add(
    *, site: Site, role: Role, actor: Actor, username: str, email: str = ""
) -> AddedMember:
    """Give a person a role on the site, making an account when nobody has that name or e-mail.

    `username` may be the e-mail address of an existing account. Raises ValidationError by field.
    """
    _lock(site)
    user = _find_user(username.strip(), email.strip())
    first_password = ""
    if user is None:
        user, first_password = _create_user(username.strip(), email.strip(), site, actor)
    if Membership.objects.filter(site=site, user=user).exists():
        raise ValidationError({"username": f"{user} is already a member of {site}."})
    membership = Membership.objects.create(site=site, user=user, role=role)
    audit_record(
        actor=actor,
        action="member.added",
        site=site,
        target=membership,
        changes={"user": ("", user.username), "role": ("", role.value)},
    )
    return AddedMember(membership=membership, first_password=first_password)


@transaction.atomic
def member_change_role(*, membership: Membership, role: Role, actor: Actor) -> Membership:
    """Give a member another role. Raises ValidationError when the site loses its last admin."""
    _lock(membership.site)
    stored = Membership.objects.get(pk=membership.pk)
    if stored.role != role:
        _keep_an_admin(stored, actor, still_admin=role is Role.ADMIN)
        Membership.objects.filter(pk=stored.pk).update(role=role)
        audit_record(
            actor=actor,
            action="member.role_changed",
            site=stored.site,
            target=stored,
            changes={"role": (stored.role, role.value)},
        )
    membership.role = role
    return membership


@transaction.atomic
def member_tell_trouble(*, membership: Membership, wanted: bool, actor: Actor) -> Membership:
    """Choose whether a member is told about delivery trouble by e-mail.

    Raises ValidationError when there is no address to write to.
    """
    stored = Membership.objects.select_for_update(of=("self",)).get(pk=membership.pk)
    if stored.wants_trouble_mail != wanted:
        if wanted and not stored.user.email:
            raise ValidationError(
                f"{stored.user} has no e-mail address. Add one to the account first."
            )
        Membership.objects.filter(pk=stored.pk).update(wants_trouble_mail=wanted)
        audit_record(
            actor=actor,
            action="member.notices_changed",
            site=stored.site,
            target=stored,
            changes={"wants_trouble_mail": (stored.wants_trouble_mail, wanted)},
        )
    membership.wants_trouble_mail = wanted
    return membership


@transaction.atomic
def member_remove(*, membership: Membership, actor: Actor) -> None:
    """Take a member off the site; the account stays. Raises ValidationError for the last admin."""
    _lock(membership.site)
    stored = Membership.objects.get(pk=membership.pk)
    _keep_an_admin(stored, actor, still_admin=False)
    audit_record(
        actor=actor,
        action="member.removed",
        site=stored.site,
        target=stored,
        changes={"user": (stored.user.username, ""), "role": (stored.role, "")},
    )
    stored.delete()


@transaction.atomic
def account_change_email(*, user: User, email: str, site: Site, actor: Actor) -> User:
    """Give an account another e-mail address, on behalf of a site it is a member of."""
    stored = User.objects.select_for_update().get(pk=user.pk)
    if stored.email != email:
        audit_record(
            actor=actor,
            action="user.updated",
            site=site,
            target=stored,
            changes={"email": (stored.email, email)},
        )
        stored.email = email
        stored.full_clean()
        stored.save(update_fields=["email"])
    return stored


def _lock(site: Site) -> None:
    # Two admins who remove each other at the same moment must not both find the other one there.
    Site.objects.select_for_update().only("pk").get(pk=site.pk)


def _keep_an_admin(membership: Membership, actor: Actor, *, still_admin: bool) -> None:
    """Refuse to leave a site without admin; superusers and commands may, as they can add one."""
    if still_admin or membership.role != Role.ADMIN or not membership.user.is_active:
        return
    if actor.user is None or actor.user.is_superuser:
        return
    others = Membership.objects.filter(
        site=membership.site_id, role=Role.ADMIN, user__is_active=True
    ).exclude(pk=membership.pk)
    if not others.exists():
        raise ValidationError(LAST_ADMIN)


def _find_user(username: str, email: str) -> User | None:
    found = User.objects.filter(username=username).first()
    if found is not None:
        return found
    address = email or (username if "@" in username else "")
    by_email = list(User.objects.filter(email__iexact=address)[:2]) if address else []
    if len(by_email) > 1:
        raise ValidationError({"email": f"Several accounts use {address}. Give the user name."})
    return by_email[0] if by_email else None


def _create_user(username: str, email: str, site: Site, actor: Actor) -> tuple[User, str]:
    password = random_token("", 20)
    user = User(username=username, email=email or (username if "@" in username else ""))
    user.is_staff = True
    user.set_password(password)
    user.must_change_password = True
    user.full_clean()
    user.save()
    audit_record(
        actor=actor,
        action="user.created",
        site=site,
        target=user,
        changes={"username": ("", user.username), "email": ("", user.email)},
    )
    return user, password
