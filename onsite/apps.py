from __future__ import annotations

from django.apps import AppConfig


class OnsiteConfig(AppConfig):
    name = "onsite"
    verbose_name = "Onsite"

    def ready(self) -> None:
        from onsite.receivers import connect_receivers

        connect_receivers()
