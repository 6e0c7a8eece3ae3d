from contacts.admin.consents import ConsentDefinitionAdmin
from contacts.admin.contact_fields import ContactFieldAdmin
from contacts.admin.contacts import ContactAdmin
from contacts.admin.erasures import SubjectErasureAdmin
from contacts.admin.imports import ContactImportAdmin

__all__ = [
    "ConsentDefinitionAdmin",
    "ContactAdmin",
    "ContactFieldAdmin",
    "ContactImportAdmin",
    "SubjectErasureAdmin",
]
