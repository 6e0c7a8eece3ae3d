from contacts.admin.contact_fields import ContactFieldAdmin
from contacts.admin.contacts import ContactAdmin

__all__ = ["ContactAdmin", "ContactFieldAdmin"]
