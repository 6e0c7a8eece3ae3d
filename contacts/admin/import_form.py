from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet

from contacts.models import ContactImport
from contacts.transfer.encodings import UTF_8, WINDOWS_1252
from contacts.transfer.importing import LARGEST_FILE, Upload, too_large
from sites.models import Site
from sites.site_choice import offer_sites


class ImportForm(forms.Form):
    """A file, and how its rows are meant."""

    site = forms.ModelChoiceField(queryset=Site.objects.none())
    file = forms.FileField(
        label="CSV file",
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
        help_text="The first line names the columns. Comma, semicolon or tab between the cells is "
        f"found by itself. At most {LARGEST_FILE // 1024 // 1024} MB.",
    )
    encoding = forms.ChoiceField(
        choices=[
            (UTF_8, "UTF-8, or what the file itself begins with"),
            (WINDOWS_1252, "Windows-1252 (Excel's plain CSV)"),
        ],
        help_text="Choose the second when a line is refused as not being UTF-8.",
    )
    named_by = forms.ChoiceField(
        required=False,
        label="Rows name their contact by",
        choices=[
            ("", "E-mail, or external id where the file has no e-mail"),
            *ContactImport.NamedBy.choices,
        ],
        help_text="This decides whom a row is about; its other columns are values to write.",
    )
    adds_contacts = forms.BooleanField(
        required=False,
        initial=True,
        label="Add people who are no contacts yet",
        help_text="Without it, rows about them are skipped.",
    )
    clears_empty = forms.BooleanField(
        required=False,
        label="Empty cells clear the value",
        help_text="Without it, an empty cell leaves the value as it is. Preferences and the e-mail "
        "status are never cleared.",
    )

    as_of = forms.DateField(
        required=False,
        label="The file is from",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="Only for an older file: the day it was made. What became known since the "
        "beginning of that day, such as an opt-out, stays. Empty: the file counts as of now.",
    )

    def __init__(
        self, data: Any = None, files: Any = None, *, sites: QuerySet[Site], chosen: str = ""
    ) -> None:
        super().__init__(data, files)
        offer_sites(self, sites, chosen)

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST_FILE:
            raise forms.ValidationError(too_large())
        return file

    def upload(self) -> Upload:
        given, file = self.cleaned_data, self.cleaned_data["file"]
        return Upload(
            name=file.name,
            size=file.size,
            chunks=file.chunks(),
            encoding=given["encoding"],
            named_by=given["named_by"],
            adds_contacts=given["adds_contacts"],
            clears_empty=given["clears_empty"],
            as_of=given["as_of"],
        )
