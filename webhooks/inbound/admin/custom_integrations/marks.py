"""How integrations and contexts look in lists: a coloured mark with an icon, and a chip."""

from __future__ import annotations

from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from integrations.models import CustomIntegration
from webhooks.inbound.models import Context


def integration_mark(integration: CustomIntegration) -> SafeString:
    """Return the integration's icon on its colour; the name beside it says what it is."""
    return mark(integration.colour, integration.icon)


def mark(colour: str, icon: str) -> SafeString:
    return format_html(
        '<span class="integration-mark mark-{}" aria-hidden="true">'
        '<svg viewBox="0 0 24 24"><use href="{}#{}"></use></svg></span>',
        colour,
        static("patchbay/integration_icons.svg"),
        icon,
    )


def context_chip(context: str) -> SafeString:
    """Return the connection type as a chip without a sign: it is a kind, not a state."""
    return format_html('<span class="chip chip-plain">{}</span>', Context(context).label)
