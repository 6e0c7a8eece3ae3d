from __future__ import annotations

from django.contrib.admin import AdminSite


class PatchbayAdminSite(AdminSite):
    """The Onsite manager: Django's admin under Patchbay's name, order and theme."""

    site_header = "Patchbay"
    site_title = "Patchbay"
    index_title = "Overview"
