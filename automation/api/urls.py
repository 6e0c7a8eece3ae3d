from __future__ import annotations

from django.urls import URLPattern, path
from rest_framework.views import APIView

from automation.api.segment_views import MembersView, SegmentsView, SegmentView

_VIEWS: dict[str, tuple[type[APIView], str]] = {
    "segments": (SegmentsView, "segments"),
    "segments/<uuid:segment_id>": (SegmentView, "segment"),
    "segments/<uuid:segment_id>/members": (MembersView, "segment-members"),
}


def _both_forms(address: str, view: type[APIView], name: str) -> list[URLPattern]:
    """Return the address without and with a slash at its end."""
    answer = view.as_view()
    whole = f"api/v1/{address}"
    return [path(whole, answer, name=f"automation-{name}"), path(f"{whole}/", answer)]


urlpatterns = [each for address, view in _VIEWS.items() for each in _both_forms(address, *view)]
