"""What goes into a page or an app that sends events: the script's tag, and the address.

The views behind both addresses are named, being in an app above.
"""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.urls import reverse
from django.utils.html import escape

from sites.models import PublishableKey, Site

KEY_PARAMETER: Final = "key"


def script_tag(key: PublishableKey) -> str:
    """Return the tag as text to be copied: a page that shows it has to escape it."""
    url = settings.PUBLIC_URL + reverse("sdk-script")
    return (
        f'<script src="{escape(url)}" data-site="{key.site.public_id}" '
        f'data-key="{escape(key.key)}" data-do-not-track="respect" defer></script>'
    )


def events_url(site: Site, key: str) -> str:
    """Return the address to which the script, or an app by itself, sends events."""
    path = reverse("app-events", kwargs={"site_id": site.public_id})
    return f"{settings.PUBLIC_URL}{path}?{KEY_PARAMETER}={key}"


def example_origin(key: PublishableKey) -> str:
    """Return an origin that the key lets in; empty when it is for apps alone."""
    plain = (origin for origin in key.allowed_origins if "*" not in origin)
    wide = (origin.replace("*", "www") for origin in key.allowed_origins)
    return next(plain, "") or next(wide, "")


def key_to_show(site: Site) -> PublishableKey | None:
    """Return the site's newest live key, of those that pages can use if there is one."""
    live = site.publishable_keys.filter(revoked_at=None).select_related("site")
    return max(live, key=lambda key: (bool(key.allowed_origins), key.pk), default=None)
