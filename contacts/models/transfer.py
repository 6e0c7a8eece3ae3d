from __future__ import annotations

from django.conf import settings
from django.db import models

from common.encrypted_fields import EncryptedTextField
from common.identifiers import new_row_id
from sites.models import Job, Site


class ContactFile(models.Model):
    """A CSV file with contacts: uploaded, exported, or the rows of an import that failed.

    Kept in the database, as the process that reads it may run on another machine, encrypted, and
    only for the days of retention. It is its owner's: nobody else downloads it.
    """

    class Kind(models.TextChoices):
        UPLOAD = "upload", "Uploaded"
        FAILED_ROWS = "failed_rows", "Rows that failed"
        EXPORT = "export", "Export"

    id = models.UUIDField(primary_key=True, default=new_row_id, editable=False)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+"
    )
    kind = models.CharField(max_length=12, choices=Kind)
    name = models.CharField(max_length=200)
    # What writes an export.
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=("upload", "failed_rows", "export")),
                name="contact_file_kind",
            ),
        ]
        indexes = [models.Index(fields=("owner", "kind", "-id"), name="contact_file_by_owner")]

    def __str__(self) -> str:
        return self.name


class ContactFilePart(models.Model):
    """Some of a file's text; parts in the order of their numbers are the file."""

    file = models.ForeignKey(
        ContactFile, on_delete=models.CASCADE, related_name="parts", db_index=False
    )
    number = models.PositiveIntegerField()
    content = EncryptedTextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("file", "number"), name="contact_file_part_once"),
        ]

    def __str__(self) -> str:
        return f"{self.file} part {self.number}"


class ContactImport(models.Model):
    """A file on its way into the contacts: uploaded, checked by one job, applied by another.

    `columns` are the columns of the file in order: the id of a contact's column, or "" for one that
    is left out. `first_problems` are `[line, sentence]` of the rows that the check refuses first.
    `started_at` is the time of its facts, however late a slice of the job runs, unless the file is
    older: then it says how things were when the day `as_of` began.
    """

    class NamedBy(models.TextChoices):
        EMAIL = "email", "E-mail"
        EXTERNAL_ID = "external_id", "External id"

    id = models.UUIDField(primary_key=True, default=new_row_id, editable=False)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+", db_index=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    file = models.OneToOneField(ContactFile, on_delete=models.CASCADE, related_name="+")
    file_name = models.CharField(max_length=200)
    size = models.PositiveIntegerField()
    delimiter = models.CharField(max_length=1)
    # Characters of the file in front of its first row, and the lines that they take.
    rows_begin_at = models.PositiveIntegerField()
    rows_begin_on_line = models.PositiveIntegerField()
    header = models.JSONField()
    columns = models.JSONField()
    named_by = models.CharField(max_length=12, choices=NamedBy)
    adds_contacts = models.BooleanField(default=True)
    clears_empty = models.BooleanField(default=False)
    as_of = models.DateField(null=True)
    check_job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    first_problems = models.JSONField(default=list)
    started_at = models.DateTimeField(null=True)
    import_job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    failed_rows = models.OneToOneField(
        ContactFile, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        indexes = [models.Index(fields=("site", "-id"), name="contact_import_by_site")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(named_by__in=("email", "external_id")),
                name="contact_import_named_by",
            ),
        ]

    def __str__(self) -> str:
        return f"Import of {self.file_name}"
