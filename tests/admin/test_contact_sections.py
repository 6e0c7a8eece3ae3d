"""What apps above add to the page of a contact."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest
from django.template import engines
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from contacts.admin import contact_sections
from contacts.admin.contact_sections import (
    ContactSection,
    contact_section_add,
)
from contacts.models import Contact
from sites.models import Site, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def contact(site: Site) -> Contact:
    now = timezone.now()
    return Contact.objects.create(
        site=site, email="jane@example.com", created_at=now, updated_at=now
    )


@pytest.fixture(autouse=True)
def no_other_sections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contact_sections, "_sections", {})
    body = engines["django"].from_string("<p>{{ words }} {{ contact.email }}</p>")
    monkeypatch.setattr(
        contact_sections,
        "render_to_string",
        lambda template, context, request: body.render(context, request),
    )


def says(words: str) -> Any:
    def context(request: HttpRequest, contact: Contact) -> dict[str, Any] | None:
        return {"words": words} if words else None

    return context


def test_sections_stand_in_order_of_their_positions(
    client: Client, superuser: User, contact: Contact
) -> None:
    contact_section_add(ContactSection("late", "Segments", "x.html", says("In <none>"), 20))
    contact_section_add(
        ContactSection("early", "Points", "x.html", says("120"), 10, styles=("a.css",))
    )
    contact_section_add(ContactSection("hidden", "Workflows", "x.html", says(""), 15))
    client.force_login(superuser)

    page = client.get(reverse("admin:contacts_contact_change", args=[contact.pk])).content.decode()

    early, late = page.index('id="section-early"'), page.index('id="section-late"')
    assert early < late < page.index('id="timeline"')
    assert "<p>120 jane@example.com</p>" in page
    assert "In &lt;none&gt;" in page
    assert "Workflows" not in page[early:]
    assert "a.css" in page


def test_two_sections_cannot_have_one_key() -> None:
    contact_section_add(ContactSection("points", "Points", "x.html", says("1"), 1))
    with pytest.raises(ValueError, match="points"):
        contact_section_add(ContactSection("points", "Loyalty", "x.html", says("1"), 2))
