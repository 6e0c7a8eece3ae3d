from contacts.admin.contacts import ContactAdmin

__all__ = ["ContactAdmin"]
