from __future__ import annotations

from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "contacts"
    verbose_name = "Contacts"

    def ready(self) -> None:
        # Imported for what they register: the runners of their jobs.
        from contacts.consents import proof_export  # noqa: F401
        from contacts.subject_rights.registering import register_subject_rights
        from contacts.transfer import exporting, import_jobs  # noqa: F401

        register_subject_rights()
