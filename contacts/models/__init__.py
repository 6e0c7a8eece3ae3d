from contacts.models.activity import Activity
from contacts.models.contact import Contact, ContactSourceId
from contacts.models.contact_field import ContactField
from contacts.models.permission import Consent, EmailListStatus, Preference
from contacts.models.revision import ContactMerge, ContactRevision
from contacts.models.transfer import ContactFile, ContactFilePart, ContactImport

__all__ = [
    "Activity",
    "Consent",
    "Contact",
    "ContactField",
    "ContactFile",
    "ContactFilePart",
    "ContactImport",
    "ContactMerge",
    "ContactRevision",
    "ContactSourceId",
    "EmailListStatus",
    "Preference",
]
