from __future__ import annotations

from django.apps import AppConfig


class OnsiteConfig(AppConfig):
    name = "onsite"
    verbose_name = "Onsite"

    def ready(self) -> None:
        # Imported for what it registers: the runner of its job.
        from onsite.personal_data import register_personal_data
        from onsite.receivers import connect_receivers
        from onsite.resending import job  # noqa: F401

        connect_receivers()
        register_personal_data()
