from __future__ import annotations

from django.urls import path

from contacts.api.consent_views import ConsentsView, ContactConsentsView
from contacts.api.contact_field_views import ContactFieldsView, ContactFieldView
from contacts.api.contact_view import ContactView
from contacts.api.naming import EMAIL, EXTERNAL_ID
from contacts.api.preference_view import PreferenceView

_by_email = ContactView.as_view(named_by=EMAIL)
_preference = "api/v2/contacts/<uuid:contact_id>/preferences/<str:preference>"

_consents_by_email = ContactConsentsView.as_view(named_by=EMAIL)
_consents_by_id = ContactConsentsView.as_view(named_by=EXTERNAL_ID)

urlpatterns = [
    path("api/v3/consents", ConsentsView.as_view(), name="consents"),
    path("api/v3/consents/", ConsentsView.as_view()),
    # In front of the contacts: their names may hold slashes.
    path("contacts/email/<path:name>/consents", _consents_by_email, name="consents-by-email"),
    path("contacts/email/<path:name>/consents/", _consents_by_email),
    path(
        "contacts/external-id/<path:name>/consents",
        _consents_by_id,
        name="consents-by-external-id",
    ),
    path("contacts/external-id/<path:name>/consents/", _consents_by_id),
    # `path` takes names with a slash inside, and the form of the address with one at the end.
    path("contacts/email/<path:name>", _by_email, name="contact-by-email"),
    path(
        "contacts/external-id/<path:name>",
        ContactView.as_view(named_by=EXTERNAL_ID),
        name="contact-by-external-id",
    ),
    # The older form of the address by e-mail.
    path("contacts/<path:name>", _by_email, name="contact"),
    path("contact-fields", ContactFieldsView.as_view(), name="contact-fields"),
    path("contact-fields/", ContactFieldsView.as_view()),
    path("contact-fields/<str:field_id>", ContactFieldView.as_view(), name="contact-field"),
    path("contact-fields/<str:field_id>/", ContactFieldView.as_view()),
    path(_preference, PreferenceView.as_view(), name="contact-preference"),
    path(f"{_preference}/", PreferenceView.as_view()),
]
