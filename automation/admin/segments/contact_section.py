"""In which segments a person is, on their page, and which they entered or left last."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest

from automation.models import Segment, SegmentMember, SegmentMove
from contacts.admin.contact_sections import ContactSection
from contacts.models import Contact

_MOST_SEGMENTS: Final = 20
_RECENT_MOVES: Final = 5


def contact_segments(request: HttpRequest, contact: Contact) -> dict[str, Any] | None:
    """Return what the section shows; None on a site without segments, and for erased people."""
    if contact.deleted_at or not Segment.objects.filter(site_id=contact.site_id).exists():
        return None
    members = SegmentMember.objects.filter(contact=contact).select_related("segment")
    found = list(members.order_by("segment__name")[: _MOST_SEGMENTS + 1])
    moves = SegmentMove.objects.filter(contact=contact).select_related("segment").order_by("-id")
    return {
        "members": found[:_MOST_SEGMENTS],
        "is_more": len(found) > _MOST_SEGMENTS,
        "moves": list(moves[:_RECENT_MOVES]),
    }


SECTION: Final = ContactSection(
    key="segments",
    title="Segments",
    template="admin/segments/contact_section.html",
    context=contact_segments,
    position=50,
)
