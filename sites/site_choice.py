"""The choice of a site in a form that makes something new."""

from __future__ import annotations

from django import forms
from django.db.models import QuerySet

from sites.models import Site


def offer_sites(form: forms.BaseForm, sites: QuerySet[Site], chosen: object = "") -> None:
    """Let the field `site` offer these; of several none is chosen for the user."""
    field = form.fields["site"]
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = sites
    field.empty_label = "Choose a site" if len(sites) > 1 else None
    form.initial["site"] = chosen
