from __future__ import annotations

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "webhooks"
    verbose_name = "Webhooks"

    def ready(self) -> None:
        # Imported for what they register: the runners of their jobs.
        from webhooks.causes.connecting import connect_causes
        from webhooks.inbound.sources import deletion as source_deletion  # noqa: F401
        from webhooks.outbound.holding import resuming  # noqa: F401
        from webhooks.outbound.subscriptions import deletion as subscription_deletion  # noqa: F401
        from webhooks.personal_data import register_personal_data
        from webhooks.receivers import connect_receivers

        connect_receivers()
        register_personal_data()
        connect_causes()
