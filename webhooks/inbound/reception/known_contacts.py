from __future__ import annotations

from django.db import close_old_connections

from contacts.models import Contact


def is_known(site_id: int, email: str) -> bool:
    """Say whether a contact of the site has this normalised address: one look-up by index.

    Requests of reception pass by Django's handler, which would look after the connection.
    """
    close_old_connections()
    try:
        return Contact.objects.filter(site_id=site_id, email=email).exists()
    finally:
        close_old_connections()
