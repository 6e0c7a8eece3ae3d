from __future__ import annotations

from django.urls import path

from onsite.serving.view import ContactsView
from onsite.submissions.view import SubmissionsView

urlpatterns = [
    # Both slash forms: nothing here redirects.
    path("onsite/<uuid:site_id>/submissions", SubmissionsView.as_view(), name="onsite-submissions"),
    path("onsite/<uuid:site_id>/submissions/", SubmissionsView.as_view()),
    path("generic/<uuid:site_id>/contacts", ContactsView.as_view(), name="generic-contacts"),
    path("generic/<uuid:site_id>/contacts/", ContactsView.as_view()),
]
