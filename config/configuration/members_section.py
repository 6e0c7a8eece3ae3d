from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import ValidationError

from config.configuration.entry import Entry, entries
from config.configuration.references import References
from config.configuration.section import Applying
from sites.models import Membership, Role, Site, User
from sites.services import (
    account_change_email,
    member_add,
    member_change_role,
    member_remove,
    member_tell_trouble,
)

_KEYS: Final = ("username", "email", "role", "delivery_trouble_mail")


class MembersSection:
    """Who works on the site, by user name. Accounts are made, never deleted."""

    key = "members"

    def export(self, site: Site, references: References) -> list[dict[str, Any]]:
        memberships = site.memberships.select_related("user")
        return [
            {
                "username": membership.user.username,
                "email": membership.user.email,
                "role": membership.role,
                "delivery_trouble_mail": membership.wants_trouble_mail,
            }
            for membership in sorted(memberships, key=lambda each: each.user.username)
        ]

    def apply(self, value: Any, run: Applying) -> None:
        assert run.site is not None
        present = {
            membership.user.username: membership
            for membership in run.site.memberships.select_related("user").order_by("user__username")
        }
        listed = entries(
            self.key, value, known=_KEYS, natural_key="username", problems=run.problems
        )
        for entry in listed:
            membership = present.pop(entry.required_text("username"), None)
            try:
                _apply_member(run, run.site, entry, membership)
            except ValidationError as error:
                run.problems.add_validation(entry.path, error)
        for username, membership in present.items():
            if run.prune:
                member_remove(membership=membership, actor=run.actor)
            else:
                run.unlisted.append(f"member {username}")


def _apply_member(run: Applying, site: Site, entry: Entry, membership: Membership | None) -> None:
    role, email = entry.text("role"), entry.text("email")
    if role not in Role.values:
        entry.problem("role", f"Choose one of: {', '.join(Role.values)}.")
        return
    if membership is None:
        membership = _add(run, site, entry, Role(role), email or "")
    else:
        member_change_role(membership=membership, role=Role(role), actor=run.actor)
    if membership is not None and email is not None:
        account_change_email(user=membership.user, email=email, site=site, actor=run.actor)
    wanted = entry.flag("delivery_trouble_mail")
    if membership is not None and wanted is not None:
        member_tell_trouble(membership=membership, wanted=wanted, actor=run.actor)


def _add(run: Applying, site: Site, entry: Entry, role: Role, email: str) -> Membership | None:
    username = entry.required_text("username")
    is_known = User.objects.filter(username=username).exists()
    # Adding by hand finds a person by address; a file names accounts and must mean the same twice.
    address = email or (username if "@" in username else "")
    namesake = User.objects.filter(email__iexact=address).first() if address else None
    if namesake is not None and not is_known:
        entry.problem("email", f"This address belongs to the account “{namesake.username}”.")
        return None
    added = member_add(site=site, role=role, actor=run.actor, username=username, email=email)
    if added.first_password:
        run.first_passwords[username] = added.first_password
    return added.membership
