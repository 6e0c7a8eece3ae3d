from __future__ import annotations

from django.apps import AppConfig


class AutomationConfig(AppConfig):
    name = "automation"
    verbose_name = "Automation"

    def ready(self) -> None:
        from automation.personal_data import register_personal_data

        # Imported for what they register: the runners of their jobs, and what exports hold.
        from automation.segments import exporting, giving, recomputing  # noqa: F401
        from automation.segments.upkeep import connect_segments
        from automation.workflows import schedule  # noqa: F401
        from automation.workflows.receivers import connect_receivers

        connect_segments()
        connect_receivers()
        register_personal_data()
