"""What goes into a page or an app that sends events: the script's tag, and the address."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString

from sites.models import PublishableKey

SCRIPT_PATH: Final = "/sdk/patchbay.js"


def script_tag(key: PublishableKey) -> SafeString:
    """Return the tag, escaped for the page it goes into."""
    return format_html(
        '<script src="{}{}" data-site="{}" data-key="{}" data-do-not-track="respect" defer>'
        "</script>",
        settings.PUBLIC_URL,
        SCRIPT_PATH,
        key.site.public_id,
        key.key,
    )


def events_url(key: PublishableKey) -> str:
    """Return the address to which the script, or an app by itself, sends events."""
    return f"{settings.PUBLIC_URL}/app/{key.site.public_id}/events?key={key.key}"
